"""The benchmark tables that come with the package."""

import orjson

from gedanken.bench.predict import run
from gedanken.serve.web.published import FOLDER, read_tables


def test_every_number_has_its_interval_and_its_command(reader):
    tables = reader.get("/api/results")["tables"]
    assert {table["name"] for table in tables} == {path.stem for path in FOLDER.glob("*.json")}
    assert tables == read_tables()
    for table in tables:
        assert table["command"].startswith("gedanken bench ")
        for row in table["rows"]:
            for measure in row["measures"].values():
                if row["printed"]:
                    assert (measure["low"], measure["n"]) == (None, None)
                    assert row["source"]
                else:
                    assert measure["low"] <= measure["value"] <= measure["high"]
                    assert measure["n"] == sum(subject["n"] for subject in row["subjects"])
            for subject in row["subjects"]:
                assert subject["measures"].keys() <= table["measures"].keys()
    [odebench] = [table for table in tables if table["name"] == "discover-odebench"]
    assert any(row["printed"] for row in odebench["rows"])


def test_a_table_of_predict_has_skill_first_and_errors_near_and_far(tmp_path):
    result = run("heldout6", ["free"], scenes=1, scenarios=["pong"], horizons=(1, 5, 20))
    kept = {"task": "predict", "title": "Six", "about": "", "command": "gedanken bench predict", "date": "2026-11-28"}
    kept |= {"version": "0.2.0", "machine": "", "printed_in": "", "results": [result]}
    (tmp_path / "six.json").write_bytes(orjson.dumps(kept))
    [table] = read_tables(tmp_path)
    assert list(table["measures"]) == [
        "skill_1",
        *("velocity_1", "position_1", "velocity_5", "position_5", "velocity_20", "position_20"),
    ]
    rows = {row["player"]: row for row in table["rows"]}
    assert rows.keys() >= {"hold", "linear", "free", "each_alone"}
    assert "geometry" in rows["free"]["source"]
    assert rows["linear"]["source"] == ""
    [line] = [
        each for each in result["rows"] if (each["player"], each["scenario"], each["horizon"]) == ("free", "all", 20)
    ]
    measure = rows["free"]["measures"]["velocity_20"]
    assert (measure["value"], measure["unit"], measure["n"]) == (line["velocity_rmse"], "px/s", line["n"])
    skill = rows["free"]["measures"]["skill_1"]
    assert skill["unit"] == "%"
    assert skill["low"] <= skill["value"] <= skill["high"] <= 100
