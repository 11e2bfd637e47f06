"""The benchmark tables that come with the package."""

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
    [odebench] = [table for table in tables if table["name"] == "discover-odebench"]
    assert any(row["printed"] for row in odebench["rows"])
