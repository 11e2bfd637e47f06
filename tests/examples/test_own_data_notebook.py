"""The notebook on own data is run cell by cell, and finds the law that it says it should."""

import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "own_data.ipynb"


def test_the_notebook_goes_from_a_table_to_its_law(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    room = {}
    for cell in cells:
        exec(compile("".join(cell["source"]), cell["id"], "exec"), room)
    result = room["result"]
    assert result.finding.states.left_sides == ("d2Position/dt2",)
    assert sorted(abs(value) for value in result.params.values()) == pytest.approx([0.35, 6.2], rel=0.03)
    assert result.record.units == {"Position": "m", "Velocity": "m/s"}
    assert len(room["elsewhere"]) == 9
    assert room["left"]["Position"].std() == pytest.approx(0.002, rel=0.2)
    assert (tmp_path / "report" / "report.md").is_file()
    assert "R2 of the last 2 s" in capsys.readouterr().out
    assert room["model"].score(room["X"][120:], room["t"][120:]) > 0.95
