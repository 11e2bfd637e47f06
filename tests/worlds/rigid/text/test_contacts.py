"""The format of contacts: recorded impulses, said in text, give the recorded frame; what is missing is said."""

import numpy as np
import pytest

from gedanken.worlds.rigid import Body, Box, Circle, Pin, Scene, Segment, Slide, Solver, Spring, scenarios
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.simulate import record
from gedanken.worlds.rigid.engine.tracing import trace
from gedanken.worlds.rigid.text import Prompt, contacts
from gedanken.worlds.rigid.text._ledger import Ledger, listing
from gedanken.worlds.rigid.text._quantities import word

FRAMES = 40


def say_recorded(prompt, steps):
    """The answer of the solver's own impulses, or None where the printed frame has other contacts than the solver."""
    said = []
    with Ledger(prompt.header.scene, prompt.header.labels) as ledger:
        found = ledger.open(prompt.states)
        for step in steps:
            known = {tuple(row[:4]): impulse for row, impulse in zip(step.rows, step.impulses, strict=True)}
            keys = [tuple(row[:4]) for row in found.rows]
            if set(keys) != {key for key, row in zip(known, step.rows, strict=True) if not c.slack(row[None])[0]}:
                return None
            impulses = np.array([known[key] for key in keys]).reshape(-1, 3)
            said.append((found.rows, impulses))
            found = ledger.next(np.round(impulses, 4))
    return contacts.write_answer(prompt.next, said)


@pytest.mark.parametrize("subject", scenarios.names())
def test_recorded_impulses_said_in_text_give_the_recorded_frame(subject):
    scene = scenarios.pose(subject, 3, split="test", index=1)
    states = record(scene, FRAMES).states
    header = contacts.Header.of(scene)
    said = other = 0
    for number, steps in enumerate(trace(scene, FRAMES), 1):
        if number % 8:
            continue
        prompt = Prompt(header, states[number - 1 : number], number - 1)
        answer = say_recorded(prompt, steps)
        if answer is None:
            other += 1
            continue
        reading = contacts.parse_frame(answer, prompt)
        assert not reading.complaints
        # The printed angles turn a normal by 1e-4 at most, and with it an impulse of some hundred px/s. (From numbers
        # that are not rounded the frame is right to its last digit: see the tests of `tracing`.)
        off = np.abs(reading.state - states[number])
        assert off.max() < 0.05
        assert off[:, [0, 1, 4]].max() < 1e-3
        said += 1
    assert said >= 1
    assert other <= 2 or subject == "bowling"  # whose lane ends where the balls just touch


@pytest.mark.parametrize("solver", [Solver(dt=1 / 100), Solver(substeps=2, dt=1 / 40)], ids=["shorter", "longer"])
def test_a_step_is_as_long_as_the_scene_says(solver):
    """Fall, springs, the closing of a joint's gap and pushes all take the scene's own step."""
    bodies = [Body(Circle(10), x=300, y=59, mass=2), Body(Circle(10), x=400, y=300, vx=150), Body(Circle(10), x=560)]
    joints = [Pin(-1, 1, (430, 380)), Spring(1, 2, rest_length=200, stiffness=90, damping=3)]
    scene = Scene(bodies, [Segment(0, 40, 800, 40, radius=10)], joints, solver=solver)
    states = record(scene, 6).states
    header = contacts.Header.of(scene)
    for number, steps in enumerate(trace(scene, 6), 1):
        prompt = Prompt(header, states[number - 1 : number], number - 1)
        reading = contacts.parse_frame(say_recorded(prompt, steps), prompt)
        assert np.abs(reading.state - states[number]).max() < 0.01
    found = listing(Prompt(header, states[4:6], 4))
    assert found.last[0, 0] == pytest.approx(981 * solver.dt / solver.substeps, rel=0.02)


def test_of_several_frames_the_one_that_is_numbered_as_asked_counts():
    prompt, after = two_boxes()
    target = contacts.write_target(prompt, after)
    earlier = target.replace("Frame 8", "Frame 7").replace("\nr4 ", "\nr4 9")
    for answer in (earlier + target, "As asked:\n" + target + earlier):
        reading = contacts.parse_frame(answer, prompt)
        assert not reading.complaints
        assert reading.number == 8
        np.testing.assert_array_equal(reading.state, after)


def two_boxes():
    """A box on the floor, one on top of it, one on a slack rope, and a ball on a rod."""
    bodies = [Body(Box(40, 20), x=200, y=60), Body(Box(30, 20), x=200, y=80)]
    bodies += [Body(Circle(10), x=400, y=300), Body(Circle(10), x=500, y=300)]
    joints = [Slide(-1, 2, (400, 350), maximum=80), Pin(-1, 3, (500, 400))]
    scene = Scene(bodies, [Segment(0, 40, 800, 40, radius=10)], joints)
    states = record(scene, 8).states
    return Prompt(contacts.Header.of(scene), states[6:8], 6), states[8]


def test_a_line_for_each_contact_and_taut_joint():
    prompt, _ = two_boxes()
    text = contacts.write_prompt(prompt)
    lines = text[text.index("Step to frame 8") :].splitlines()
    assert lines[0] == "Step to frame 8: 5 rows, 10 iterations"
    kinds = [line.split()[1:4] for line in lines[1:-1]]
    assert kinds == [["contact", "b0", "b1"]] * 2 + [["contact", "b0", "w"]] * 2 + [["rod", "b3", "w"]]
    assert lines[-1] == "Predict frame 8:"


def test_bodies_at_rows_without_an_impulse_are_not_answered():
    prompt, after = two_boxes()
    target = contacts.write_target(prompt, after).splitlines()
    without = [line for line in target if not line.startswith("r1 ")]
    reading = contacts.parse_frame("\n".join(without), prompt)
    assert reading.answered.tolist() == [False, False, True, True]
    assert list(reading.complaints) == ["row 1 have no impulse"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda t: t.replace("Frame 8", "Frame 9"), "called frame 9"),
        (lambda t: t.replace("r4 ", "r77 "), "row 4 have no impulse"),
        (lambda t: t.replace("\nr4", "\nr3 1.0 1.0\nr4"), "row 3 is answered twice"),
        (lambda t: t.replace("\nr4 ", "\nr4 5.0 "), "row 4 has 2 numbers instead of 1"),
        (lambda t: t.replace("end\n", ""), "`end` is missing"),
        (lambda t: t.replace("\nr4", "\nstep 2\nr4"), "there is no step 2"),
        (lambda t: t.replace("\nr4", "\nthe rod pulls\nr4"), "cannot read"),
        (lambda t: "The boxes stay.", "no line `Frame 8 impulses`"),
    ],
)
def test_what_is_wrong_is_said(change, complaint):
    prompt, after = two_boxes()
    reading = contacts.parse_frame(change(contacts.write_target(prompt, after)), prompt)
    assert any(complaint in line for line in reading.complaints), reading.complaints


def test_a_push_may_be_left_out():
    prompt, after = two_boxes()
    target = contacts.write_target(prompt, after)
    short = "\n".join(
        " ".join(line.split()[:3]) if line.startswith("r") and len(line.split()) == 4 else line
        for line in target.splitlines()
    )
    assert short != target
    reading = contacts.parse_frame(short, prompt)
    assert not reading.complaints
    np.testing.assert_allclose(reading.state[:, 2:4], after[:, 2:4], atol=1e-3)


def test_the_last_impulses_are_those_that_explain_the_last_change():
    scene = Scene([Body(Circle(10), x=300, y=60, mass=2)], [Segment(0, 40, 800, 40, radius=10)])
    states = record(scene, 30).states
    found = listing(Prompt(contacts.Header.of(scene), states[28:30], 28))
    np.testing.assert_allclose(found.last[0, 0], 981 / 60, atol=1e-3)
    alone = listing(Prompt(contacts.Header.of(scene), states[29:30], 29))
    assert alone.last[0, 0] == 0.0


def test_other_texts_are_not_taken_for_it():
    prompt, _ = two_boxes()
    text = contacts.write_prompt(prompt)
    read = contacts.parse_prompt(text.replace(contacts.MARK + "\n", ""))
    assert isinstance(read, list)
    assert contacts.MARK in read[0]
    assert isinstance(contacts.parse_prompt(text.replace("Body 0", "Bodies")), list)


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.0, "0"),
        (0.0009, "0"),
        (-0.0123456, "-0.0123"),
        (9.999, "10"),
        (314.159, "314"),
        (-20.1, "-20.1"),
        (1e9, "99900"),
    ],
)
def test_numbers_have_three_significant_digits(number, written):
    assert word(number) == written


def test_a_scene_that_cannot_be_stepped_is_answered_all_the_same():
    """A model's own frame may be beyond all bounds: what is there is listed or not, but nothing fails."""
    scene = Scene([Body(Circle(10), x=100 + 15 * k, y=300) for k in range(3)], joints=[Pin(0, 1)])
    states = record(scene, 2).states
    for wild in (np.nan, 1e9, -99_999.0):
        states[-1, 1, :4] = wild
        prompt = Prompt(contacts.Header.of(scene), states, 0)
        reading = contacts.parse_frame("Frame 3 impulses\nr0 1.0 1.0\nend", prompt)
        assert not np.isinf(reading.state).any()


def test_raw_positions_are_read_without_pushes():
    scene = scenarios.pose("tower", 1, split="test")
    states = record(scene, 30, "raw").states
    prompt = Prompt(contacts.Header.of(scene, "raw"), states[28:30], 28)
    reading = contacts.parse_frame(contacts.write_target(prompt, states[30]), prompt)
    np.testing.assert_array_equal(reading.state, states[30])
