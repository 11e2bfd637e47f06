"""The format in which the answer names the contacts: taken at its word, and never able to make momentum."""

import numpy as np
import pytest

from gedanken.worlds.rigid import Body, Box, Circle, Motor, Pin, Pivot, Scene, Segment, Solver, Spring, scenarios
from gedanken.worlds.rigid.engine.couplings import Physics
from gedanken.worlds.rigid.engine.simulate import record
from gedanken.worlds.rigid.text import Prompt, contacts, own_contacts


def posed(scene, number, labels="pushed"):
    states = record(scene, number, labels).states
    return Prompt(own_contacts.Header.of(scene, labels), states[number - 2 : number], number - 2), states[number]


def boxes(solver=None):
    """A box on the floor, one on top of it, a ball on a rod, and one that nothing touches."""
    bodies = [Body(Box(40, 20), x=200, y=60), Body(Box(30, 20), x=200, y=80)]
    bodies += [Body(Circle(10), x=500, y=300), Body(Circle(10), x=600, y=500, vx=30)]
    floor = [Segment(0, 40, 800, 40, radius=10)]
    return Scene(bodies, floor, [Pin(-1, 2, (500, 400))], solver=solver or Solver())


def test_the_prompt_says_nothing_of_contacts():
    prompt, _ = posed(boxes(), 8)
    text = own_contacts.write_prompt(prompt)
    assert "Step to frame" not in text
    assert text.replace(own_contacts.MARK + "\n", "").endswith("Predict frame 8:\n")
    given = contacts.write_prompt(Prompt(contacts.Header.of(prompt.header.scene), prompt.states, prompt.first))
    assert "Step to frame 8: 5 rows" in given


def test_the_right_answer_names_what_touches_and_where():
    prompt, after = posed(boxes(), 8)
    target = own_contacts.write_target(prompt, after)
    lines = [line.split() for line in target.split("rest")[0].splitlines()[1:]]
    assert sorted({tuple(line[:2]) for line in lines}) == [("b0", "b1"), ("b0", "w"), ("b2", "w")]
    floor = [line for line in lines if line[:2] == ["b0", "w"]]
    assert all(line[2] == "at" and float(line[3].split(",")[1]) == pytest.approx(50, abs=1) for line in floor)
    # The floor carries both boxes: its impulses on the lower one are as large as the weight of both.
    m0, m1 = (body.mass for body in prompt.header.scene.bodies[:2])
    lifted = sum(float(line[5].split(",")[1]) for line in floor)
    assert lifted == pytest.approx(981 / 60 * (m0 + m1) / m0, rel=1e-3)
    np.testing.assert_array_equal(own_contacts.parse_frame(target, prompt).state, after)


@pytest.mark.parametrize("solver", [Solver(dt=1 / 100), Solver(substeps=2, dt=1 / 40)], ids=["shorter", "longer"])
def test_a_step_is_as_long_as_the_scene_says(solver):
    prompt, after = posed(boxes(solver), 8)
    target = own_contacts.write_target(prompt, after)
    assert ("step 2" in target) == (solver.substeps == 2)
    np.testing.assert_array_equal(own_contacts.parse_frame(target, prompt).state, after)
    without = own_contacts.parse_frame(target.split("rest")[0] + "end\n", prompt)
    assert np.abs(without.state - after)[:, 2:4].max() < 0.01


@pytest.mark.parametrize("subject", scenarios.names())
def test_contacts_alone_lead_to_the_frame(subject):
    """Without what follows `rest` the velocities are as right as those of the impulses that they are made of."""
    scene = scenarios.pose(subject, 2, split="test", index=2)
    prompt, after = posed(scene, 30)
    target = own_contacts.write_target(prompt, after)
    whole = own_contacts.parse_frame(target, prompt)
    assert not whole.complaints
    np.testing.assert_array_equal(whole.state, after)
    free = own_contacts.parse_frame("Frame 30 contacts\nend", prompt).state
    said = own_contacts.parse_frame(target.split("rest")[0].removesuffix("end\n") + "end\n", prompt).state
    reached = contacts.fit(prompt, after)[1]
    off, fitted, missed = (np.sqrt(np.mean((state - after)[:, 2:4] ** 2)) for state in (said, reached, free))
    assert off < fitted + 0.01
    assert fitted < 0.7 * missed or missed < 0.01


def test_every_step_may_have_as_many_contacts():
    """As many lines as are booked for one step stand in each of eight."""
    prompt, _ = posed(boxes(Solver(substeps=8)), 8)
    lines = "".join(f"b3 w at {k},0 dv 0,0.01\n" for k in range(own_contacts.MOST_A_BODY))
    answer = "Frame 8 contacts\n" + lines + "".join(f"step {step}\n{lines}" for step in range(2, 9)) + "end"
    reading = own_contacts.parse_frame(answer, prompt)
    assert not reading.complaints
    free = own_contacts.parse_frame("Frame 8 contacts\nend", prompt).state
    assert (reading.state - free)[3, 3] == pytest.approx(8 * own_contacts.MOST_A_BODY * 0.01, abs=1e-3)


def test_an_answer_conserves_momentum_whatever_it_says():
    bodies = [Body(Circle(10), x=100, y=100, mass=1, vx=30), Body(Box(20, 30), x=160, y=90, mass=3, spin=2)]
    scene = Scene([*bodies, Body(Circle(8), x=300, y=300, mass=2)], joints=[Motor(0, 1, 3.0)], gravity=(0, 0))
    prompt, _ = posed(scene, 4)
    physics = Physics.of(scene)
    flown, _ = physics.fly(prompt.states[-1])
    rng = np.random.default_rng(8)
    mass, inertia = np.array([body.mass for body in scene.bodies]), np.array([body.moment for body in scene.bodies])

    def momenta(state):
        p = mass[:, None] * state[:, 2:4]
        spin = inertia * state[:, 5] + flown[:, 0] * p[:, 1] - flown[:, 1] * p[:, 0]
        return np.array([*p.sum(0), spin.sum()])

    for _ in range(20):
        a, b = rng.permutation(3)[:2]
        x, y, dx, dy = rng.uniform(-300, 300, 4)
        answer = f"Frame 4 contacts\nb{a} b{b} at {x:.2f},{y:.2f} dv {dx:.4f},{dy:.4f}\nb{b} b{a} dw {dx:.4f}\nend"
        reading = own_contacts.parse_frame(answer, prompt)
        assert not reading.complaints
        assert np.abs(reading.state[a, 2:4] - flown[a, 2:4] - (dx, dy)).max() < 1e-3
        # The last decimal of each velocity is what is left.
        np.testing.assert_allclose(momenta(reading.state), momenta(flown), atol=0.3)


def test_a_contact_that_is_not_there_is_taken_at_its_word():
    prompt, _ = posed(boxes(), 8)
    free = own_contacts.parse_frame("Frame 8 contacts\nend", prompt).state
    at = f"{free[3, 0]},{free[3, 1]}"
    said = own_contacts.parse_frame(f"Frame 8 contacts\nb3 w at {at} dv 7,-2 push 0.5,0\nend", prompt).state
    np.testing.assert_allclose((said - free)[3], [0.5, 0, 7, -2, 0, 0], atol=1e-3)
    np.testing.assert_array_equal(said[:3], free[:3])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda t: t.replace("Frame 8", "Frame 9"), "called frame 9"),
        (lambda t: t.replace("b2 w", "b7 w"), "there is no body 7"),
        (lambda t: t.replace("b2 w", "b2 b9"), "there is no body 9"),
        (lambda t: t.replace("b2 w", "b2 b2"), "cannot touch itself"),
        (lambda t: t.replace("end", "b1 w at 1,2 dv 3,4\nb1 w at 1,2 dv 3,4\nend"), "acts twice at one place"),
        (lambda t: t.replace("end\n", ""), "`end` is missing"),
        (lambda t: t.replace("end", "step 2\nend"), "there is no step 2"),
        (lambda t: t.replace("end", "the rod pulls\nend"), "cannot read"),
        (lambda t: "The boxes stay.", "no line `Frame 8 contacts`"),
    ],
)
def test_what_is_wrong_is_said(change, complaint):
    prompt, after = posed(boxes(), 8)
    target = own_contacts.write_target(prompt, after).split("rest")[0].removesuffix("end\n") + "end\n"
    reading = own_contacts.parse_frame(change(target), prompt)
    assert any(complaint in line for line in reading.complaints), reading.complaints


def test_what_nothing_moves_cannot_be_named_first():
    scene = Scene([Body(Circle(10), x=100, y=300), Body(Box(40, 10), x=100, y=285, kinematic=True, vx=9)])
    prompt, after = posed(scene, 4)
    target = own_contacts.write_target(prompt, after)
    assert "b0 w at" in target
    reading = own_contacts.parse_frame("Frame 4 contacts\nb1 b0 at 100,290 dv 0,5\nend", prompt)
    assert "the body that is moved comes first" in reading.complaints[0]


def test_raw_positions_are_read_without_pushes():
    prompt, after = posed(scenarios.pose("tower", 1, split="test"), 30, "raw")
    target = own_contacts.write_target(prompt, after)
    assert " push " not in target
    np.testing.assert_array_equal(own_contacts.parse_frame(target, prompt).state, after)


def test_a_scene_beyond_all_bounds_is_answered_all_the_same():
    prompt, _ = posed(boxes(), 8)
    for wild in (np.nan, 1e9, -99_999.0):
        prompt.states[-1, 1, :4] = wild
        answer = "Frame 8 contacts\nb1 b0 at 999999999999,1 dv 999999999999,1e9 push 1e9,1\nb0 b1 dw 1e9\nend"
        assert not np.isinf(own_contacts.parse_frame(answer, prompt).state).any()


def test_other_texts_are_not_taken_for_it():
    prompt, _ = posed(boxes(), 8)
    text = own_contacts.write_prompt(prompt)
    assert isinstance(own_contacts.parse_prompt(text), Prompt)
    for other in (text.replace(own_contacts.MARK + "\n", ""), text.replace(own_contacts.MARK, contacts.MARK)):
        read = own_contacts.parse_prompt(other)
        assert isinstance(read, list)
        assert own_contacts.MARK in read[0]


@pytest.mark.parametrize("angle", [0.0, 1.5, -7.1551])
def test_a_blow_that_no_line_can_say_is_left_to_the_rest(angle):
    """A stiff spring holds a crumb far outside it: what moves it as wanted would turn it beyond all digits."""
    crumb = Body(Circle(0.5), mass=0.002, angle=angle, spin=-2.0, friction=0.0, elasticity=0.0)
    spring = Spring(1, 0, (0, 0), (741.25, 0), rest_length=0.0, stiffness=13506.0)
    scene = Scene([crumb, Body(Circle(1), x=-545.5, mass=967.825, friction=0.0, elasticity=0.0)], joints=[spring])
    states = np.array([[[0, 0, 0, 0, angle, -2.0], [-545.5, 0, 0, 0, 0, 0]]], float)
    after = np.array([[0.1012, 2.0403, 0.1674, -0.6712, -0.3782, -1.0911], [0.1971, -0.5818, -1.3635, -1.4292, 0.5, 1]])
    prompt = Prompt(own_contacts.Header.of(scene), states, 4)
    reading = own_contacts.parse_frame(own_contacts.write_target(prompt, after), prompt)
    assert list(reading.complaints) == []
    np.testing.assert_array_equal(reading.state, after)


def test_joints_at_one_anchor_act_as_one_with_the_decimals_of_a_line():
    """What is left to correct counts from what a reader books, to the last bit: in later steps it is multiplied."""
    crumb, ball = (
        Body(Circle(0.5), x=64.75, y=-6.18, mass=0.002, angle=0.26),
        Body(Circle(3), x=1.03, y=25.74, angle=4.7),
    )
    at, anchor = (24.85, -28.18), (19.9, -7.23)
    joints = [Pin(1, 0, at, anchor, length=105.28), Pivot(1, 0, at, anchor)]
    joints += [Pin(1, 0, (0.3, -2.99), anchor, length=98.95)]
    joints += [Spring(1, 0, (121.69, 16.92), (-22.05, -8.82), rest_length=3.0, stiffness=3133.76, damping=16.01)]
    scene = Scene([crumb, ball], joints=joints, solver=Solver(iterations=3, substeps=4))
    states = np.array([[[body.x, body.y, 0, 0, body.angle, 0] for body in (crumb, ball)]], float)
    after = np.array(
        [[0.3941, 0.6366, -0.7437, -0.5728, -0.9229, 1.71], [0.4522, 0.1774, -0.0427, -0.8089, 0.5269, -0.4845]]
    )
    prompt = Prompt(own_contacts.Header.of(scene), states, 4)
    target = own_contacts.write_target(prompt, after)
    reading = own_contacts.parse_frame(target, prompt)
    assert list(reading.complaints) == []
    np.testing.assert_array_equal(reading.state, after)
