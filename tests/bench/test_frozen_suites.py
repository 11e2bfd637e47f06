"""A published suite is what its file says, whatever the zoo holds."""

import pytest

from gedanken import zoo
from gedanken.bench import suite
from gedanken.bench.discover import suite as discover_suites
from gedanken.bench.predict import suite as predict_suites
from gedanken.errors import UserError
from gedanken.worlds.ode import lsr, odebench, system
from gedanken.worlds.rigid import scenarios

DISCOVER, PREDICT = suite.names("discover"), suite.names("predict")


def subjects() -> dict[str, tuple[str, ...]]:
    listed = {f"discover/{name}": discover_suites.load(name).subjects for name in DISCOVER}
    return listed | {f"predict/{name}": predict_suites.load(name).scenarios for name in PREDICT}


def test_the_published_suites_are_these():
    assert {name: len(names) for name, names in subjects().items()} == {
        "discover/altered": 6, "discover/catalogue": 59, "discover/lsr": 52, "discover/odebench": 63,
        "discover/seed8": 8,
        "predict/exact": 44, "predict/heldout6": 6, "predict/levels": 6, "predict/seen": 38, "predict/simple": 2,
    }  # fmt: skip


def test_a_suite_does_not_depend_on_the_zoo(monkeypatch):
    before = subjects()
    real = zoo.names
    monkeypatch.setattr(zoo, "names", lambda package: {**real(package), "a_new_entry": f"{package}.a_new_entry"})
    monkeypatch.setattr(odebench, "load", lambda: ())
    monkeypatch.setattr(lsr, "load", lambda: ())
    assert "a_new_entry" in scenarios.names()
    assert "a_new_entry" in system.names()
    assert subjects() == before


def test_every_listed_name_exists_once():
    for name, listed in subjects().items():
        known = scenarios.names() if name.startswith("predict") else system.names()
        if name in ("discover/odebench", "discover/lsr"):
            facts = odebench if name.endswith("odebench") else lsr
            known = [entry.name for entry in facts.load()]
        assert len(set(listed)) == len(listed), name
        assert set(listed) <= set(known), name


def test_the_suite_of_seen_scenarios_holds_none_that_is_held_out():
    assert not set(predict_suites.load("seen").scenarios) & set(scenarios.HELD_OUT)


OWN = 'name = "own"\nversion = 1\nabout = "one"\nlevels = [1]\nscenes = 1\nhorizons = [1]\ncontext = 2\n'


def test_a_suite_lists_its_subjects_one_by_one(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(OWN + 'scenarios = "all"\n')
    with pytest.raises(UserError, match="must list its scenarios one by one"):
        predict_suites.load(str(file))
    file.write_text(OWN + 'scenarios = ["tower"]\n')
    assert predict_suites.list_items(predict_suites.load(str(file))) == [predict_suites.Item("tower", 1, 0)]


def test_what_may_be_chosen_is_named_from_the_files():
    for call, names in ((discover_suites.load, DISCOVER), (predict_suites.load, PREDICT)):
        with pytest.raises(UserError, match=f"there are {', '.join(names)}, or the path of a .toml file"):
            call("nothing")
