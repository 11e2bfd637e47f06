"""Benchmark tables that come with the package: `published/*.json`, each the output of a `gedanken bench ... --json`.

A file holds `task`, `title`, `about`, `command`, `machine`, `version`, `date`, `printed_in` (where the rows of others
stand) and `results`, the objects that the command printed: of `discover` one for each player, of `predict` one for all.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

ERRORS = {
    "velocity": "Velocity error, root mean square over bodies, px/s",
    "position": "Position error, root mean square over bodies, px",
}
UNITS = {"velocity": "px/s", "position": "px"}

FOLDER = Path(__file__).parent / "published"

# What is shown of results, in the order of columns: keys of the results, and what each means.
RATES = {
    "solved": "Share of problems whose clean record is reproduced from its start, %.",
    "generalises": "Share whose motion from a start that was not shown is reproduced, too, %.",
    "form": "Share with exactly the true terms, %.",
    "form_or_equivalent": "Share with the true terms, or with others that no data could tell from them, %.",
}


def read_tables(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The tables as `models.results.ResultTable`, by the names of their files."""
    return [_read(path) for path in sorted(folder.glob("*.json"))]


def _read(path: Path) -> dict[str, Any]:
    kept = orjson.loads(path.read_bytes())
    measures, rows = _READERS[kept["task"]](kept)
    about = {name: kept[name] for name in ("task", "title", "about", "command", "date", "version", "machine")}
    return {"name": path.stem, **about, "measures": measures, "rows": rows}


def _read_discover(kept: Mapping[str, Any]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    results = kept["results"]
    rows = [_row(result) for result in results]
    for result in results:
        rows += [_printed_row(row, kept["printed_in"]) for row in result.get("as_printed_not_rerun", ())]
    return {name: RATES[name] for name in RATES if any(name in row["measures"] for row in rows)}, rows


def _read_predict(kept: Mapping[str, Any]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    [result] = kept["results"]
    ahead = result["horizons"]
    nearest = ahead[0]
    measures = {f"skill_{nearest}": f"Skill over the best extrapolation, {_ahead(nearest)}, %."}
    for horizon in dict.fromkeys((nearest, ahead[len(ahead) // 2], ahead[-1])):
        for name, what in ERRORS.items():
            measures[f"{name}_{horizon}"] = f"{what}, {_ahead(horizon)}."
    given = result.get("given", {})
    rows = []
    for player in result["players"]:
        lines = {(line["scenario"], line["horizon"]): line for line in result["rows"] if line["player"] == player}
        scenarios = sorted({scenario for scenario, _ in lines} - {"all"})
        rows.append(
            {
                "player": player,
                "printed": False,
                "source": f"Given: {given[player]}." if player in given else "",
                "measures": {name: _of_line(lines, "all", name) for name in measures},
                "subjects": [
                    {
                        "subject": scenario,
                        "n": lines[scenario, nearest]["n"],
                        "measures": {name: _of_line(lines, scenario, name)["value"] for name in measures},
                    }
                    for scenario in scenarios
                ],
            }
        )
    return measures, rows


def _ahead(horizon: int) -> str:
    return f"{horizon} frame{'s' if horizon > 1 else ''} ahead"


def _of_line(lines: Mapping[tuple[str, int], Mapping[str, Any]], scenario: str, measure: str) -> dict[str, Any]:
    """A measure of one scenario, or of all: its name is that of a column and a horizon."""
    name, _, horizon = measure.rpartition("_")
    line = lines[scenario, int(horizon)]
    column, factor, unit = ("skill", 100.0, "%") if name == "skill" else (f"{name}_rmse", 1.0, UNITS[name])
    low, high = line[f"{column}_ci"]
    return {"value": factor * line[column], "low": factor * low, "high": factor * high, "n": line["n"], "unit": unit}


def _row(result: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "player": result["player"],
        "printed": False,
        "source": "",
        "measures": {name: _measure(result[name], result["n"]) for name in RATES if name in result},
        "subjects": [
            {"subject": subject, "n": row["n"], "measures": {name: row[name] for name in RATES if name in row}}
            for subject, row in result["subjects"].items()
        ],
    }


def _measure(rate: Mapping[str, Any], n: int) -> dict[str, Any]:
    low, high = rate["ci"]
    return {"value": rate["rate"], "low": low, "high": high, "n": n, "unit": "%"}


def _printed_row(row: Mapping[str, Any], source: str) -> dict[str, Any]:
    """A row as its authors printed it: without an interval, since they gave none."""
    shown = {
        name: {"value": row[name], "low": None, "high": None, "n": None, "unit": "%"} for name in RATES if name in row
    }
    return {
        "player": row["player"],
        "printed": True,
        "source": source,
        "measures": shown,
        "subjects": [],
    }


_READERS: dict[str, Callable[[Mapping[str, Any]], tuple[dict[str, str], list[dict[str, Any]]]]] = {
    "discover": _read_discover,
    "predict": _read_predict,
}
