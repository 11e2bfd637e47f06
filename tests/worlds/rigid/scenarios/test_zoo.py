from pathlib import Path

import pytest

from gedanken import zoo
from gedanken.errors import UserError
from gedanken.worlds.rigid import scenarios

OWN = """
\"\"\"Two balls.\"\"\"
from gedanken.worlds.rigid import Body, Circle, Scene


def build(rng, level):
    return Scene([Body(Circle(9), x=100 + 50 * k, y=rng.uniform(100, 500)) for k in range({count})])
"""


def test_a_scenario_of_ones_own_is_posed_by_its_path(tmp_path):
    file = tmp_path / "balls.py"
    file.write_text(OWN.format(count=3))
    scene = scenarios.pose(str(file), 1, index=4)
    assert (scene.name, scene.category, scene.level) == ("balls", "own", 1)
    assert scene == scenarios.pose(str(file), 1, index=4)
    assert scene != scenarios.pose(str(file), 1, index=5)
    assert scene != scenarios.pose(str(file), 1, split="test", index=4)


def test_a_scenario_of_ones_own_may_have_any_number_of_bodies(tmp_path):
    file = tmp_path / "balls.py"
    file.write_text(OWN.format(count=12))
    assert len(scenarios.pose(str(file), 1, index=1).bodies) == 12


@pytest.mark.parametrize(
    "text, level, sentence",
    [
        (OWN.format(count=3), 6, "levels are 1 to 5, not 6"),
        ("def build(rng, level):\n    return 3\n", 1, "gives a int, not a Scene"),
        ("", 1, "has no function build"),
        ("import nothing_of_that_name", 1, "does not import"),
    ],
)
def test_a_bad_scenario_is_the_users_fault(tmp_path, text, level, sentence):
    file = tmp_path / "own.py"
    file.write_text(text)
    with pytest.raises(UserError, match=sentence):
        scenarios.pose(str(file), level)


def test_an_unknown_scenario_is_the_users_fault():
    with pytest.raises(UserError, match="there is no scenario called 'no_such_thing'"):
        scenarios.pose("no_such_thing")


def test_held_out_is_what_the_file_says(tmp_path):
    file = tmp_path / "balls.py"
    file.write_text(OWN.format(count=3))
    assert not scenarios.held_out(str(file))
    file.write_text(OWN.format(count=3) + "\n\nHELD_OUT = True\n")
    assert scenarios.held_out(str(file))
    with pytest.raises(UserError, match="did you mean"):
        scenarios.held_out("tawer")


def test_the_tuple_of_held_out_scenarios_is_derived_from_the_files():
    said = [
        name
        for name in scenarios.names()
        if "HELD_OUT = True" in Path(zoo.load(scenarios.PACKAGE, name).__file__).read_text()
    ]
    assert tuple(said) == scenarios.HELD_OUT
    # The split between training and unseen scenarios decides published figures: a change is a new version of them.
    assert {"newtons_cradle", "pong", "ramp_roll"} <= set(said)
    with pytest.raises(AttributeError, match="no attribute 'HELD'"):
        scenarios.HELD  # noqa: B018
