"""Columns that are read but not modelled: as named, and as guessed."""

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.own_data.read.inputs import InputColumns
from gedanken.own_data.read.tables import read_trajectories


def write(path, columns):
    rows = zip(*columns.values(), strict=True)
    cells = (",".join("" if value is None else str(value) for value in row) for row in rows)
    path.write_text(",".join(columns) + "\n" + "\n".join(cells) + "\n")
    return path


@pytest.fixture
def motor(tmp_path):
    t = np.arange(40) / 10
    return write(tmp_path / "motor.csv", {"t": t, "angle": np.sin(t), "torque (N m)": np.where(t < 2, 1.0, -1.0)})


@pytest.fixture
def springs(tmp_path):
    t = np.tile(np.arange(20) / 10, 3)
    mass = np.repeat([1.0, 2.0, 4.0], 20)
    return write(
        tmp_path / "springs.csv", {"run": np.repeat([1, 2, 3], 20), "t": t, "x": np.cos(t / mass), "mass": mass}
    )


def test_a_named_input_is_no_state(motor):
    found = read_trajectories(motor, inputs=InputColumns(line=("torque",)))
    assert found.states.columns == ("angle",)
    assert [(each.name, each.between) for each in found.states.inputs] == [("torque", "line")]
    assert found.units["torque"] == "N m"
    (trial,) = found.trajectories
    assert trial.values.shape == (40, 1)
    assert trial.drive.at(np.array([1.0, 1.95, 3.0])).ravel().tolist() == pytest.approx([1.0, 0.0, -1.0])


def test_an_input_that_holds(motor):
    (trial,) = read_trajectories(motor, inputs=InputColumns(hold=("torque",))).trajectories
    assert trial.drive.at(np.array([1.95])).item() == 1.0


def test_order_two_gives_no_velocity_to_inputs(motor):
    found = read_trajectories(motor, order=2, inputs=InputColumns(line=("torque",)))
    assert found.states.columns == ("angle", "vangle")
    assert found.states.input_names == ("torque",)


def test_an_obvious_input_is_guessed_with_a_note(motor):
    found = read_trajectories(motor, inputs=InputColumns(guess=True))
    assert [(each.name, each.between) for each in found.states.inputs] == [("torque", "hold")]
    assert any("torque" in note and "input" in note for note in found.notes)
    named = read_trajectories(motor, state=["angle", "torque"], inputs=InputColumns(guess=True))
    assert named.states.inputs == ()
    assert named.states.columns == ("angle", "torque")


def test_a_constant_of_each_trial_is_a_parameter(springs):
    guessed = read_trajectories(springs, inputs=InputColumns(guess=True))
    named = read_trajectories(springs, inputs=InputColumns(parameters=("mass",)))
    for found in (guessed, named):
        assert [(each.name, each.between) for each in found.states.inputs] == [("mass", "trial")]
        assert [trial.drive.values[0, 0] for trial in found.trajectories] == [1.0, 2.0, 4.0]
    assert any("mass" in note and "parameter" in note for note in guessed.notes)


def test_a_parameter_that_changes_within_a_trial_is_refused(motor):
    with pytest.raises(UserError, match=r"changes from -1 to 1 within one trial.*--input"):
        read_trajectories(motor, inputs=InputColumns(parameters=("torque",)))


def test_missing_readings_are_bridged_and_said(tmp_path):
    t = np.arange(10.0)
    dose = [0.0, None, 2.0, 3.0, None, None, 6.0, 7.0, 8.0, 9.0]
    path = write(tmp_path / "gaps.csv", {"t": t, "y": t**2, "dose": dose})
    line = read_trajectories(path, inputs=InputColumns(line=("dose",)))
    assert line.trajectories[0].drive.values.ravel().tolist() == pytest.approx(list(range(10)))
    assert any("3 missing readings of the input dose are bridged" in note for note in line.notes)
    held = read_trajectories(path, inputs=InputColumns(hold=("dose",)))
    assert held.trajectories[0].drive.values.ravel().tolist() == [0, 0, 2, 3, 3, 3, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("inputs", "state", "sentence"),
    [
        (InputColumns(line=("force",)), None, "no column 'force'"),
        (InputColumns(line=("t",)), None, "named twice"),
        (InputColumns(line=("angle",)), ["angle"], "named twice"),
        (InputColumns(line=("angle", "torque")), None, "every column"),
    ],
)
def test_what_cannot_be_an_input(motor, inputs, state, sentence):
    with pytest.raises(UserError, match=sentence):
        read_trajectories(motor, state=state, inputs=inputs)
