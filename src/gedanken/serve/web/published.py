"""Benchmark tables that come with the package: `published/*.json`, each the output of a `gedanken bench ... --json`.

A file holds `title`, `about`, `command`, `machine`, `version`, `printed_in` (where the rows of others stand) and
`results`, the objects that the command printed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

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
    results = kept["results"]
    rows = [_row(result) for result in results]
    for result in results:
        rows += [_printed_row(row, kept["printed_in"]) for row in result.get("as_printed_not_rerun", ())]
    return {
        "name": path.stem,
        "task": "discover",
        **{name: kept[name] for name in ("title", "about", "command", "machine", "version")},
        "date": max(result["date"] for result in results),
        "measures": {name: RATES[name] for name in RATES if any(name in row["measures"] for row in rows)},
        "rows": rows,
    }


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
