"""Every format: what is written can be read, and whatever is read is answered."""

import math
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gedanken.errors import UserError
from gedanken.worlds.rigid import (
    GROUND,
    Attractor,
    Block,
    Body,
    Box,
    Circle,
    Gravitation,
    Motor,
    Peg,
    Pin,
    Pivot,
    Polygon,
    Scene,
    Segment,
    Slide,
    Solver,
    Spring,
    Wind,
)
from gedanken.worlds.rigid import text as texts
from gedanken.worlds.rigid.text import Prompt

FORMATS = texts.names()


def number(low, high):
    return st.floats(low, high, allow_nan=False)


place, speed, share = number(-900, 900), number(-2000, 2000), number(0, 1)
point = st.tuples(place, place)
shapes = st.one_of(
    st.builds(Circle, number(0.2, 80)),
    st.builds(Box, number(0.2, 300), number(0.2, 300)),
    st.builds(Polygon.regular, st.integers(3, 12), number(5, 50)),
)
free = st.builds(
    Body,
    shapes,
    *(place, place, number(0.001, 1000), speed, speed, number(-50, 50), number(-50, 50), number(0, 3), share),
    st.integers(0, 5),
    st.booleans(),
)
driven = st.builds(
    Body,
    shapes,
    x=place,
    y=place,
    vx=speed,
    spin=number(-9, 9),
    kinematic=st.just(True),
    bounds=st.none() | st.just((-5.0, 10.25, 700.0, 800.0)),
    swing=st.none() | st.just((-0.5, 1.25)),
)
statics = st.one_of(
    st.builds(Segment, place, place, number(901, 999), place, number(0, 20), number(0, 3), share, speed),
    st.builds(Peg, place, place, number(0.2, 50)),
    st.builds(Block.box, number(-90, 0), number(-90, 0), number(1, 90), number(1, 90)),
)
fields = st.one_of(
    st.builds(Attractor, place, place, number(-1e9, 1e9), number(0, 50)),
    st.builds(Gravitation, number(-1e6, 1e6), number(0, 50)),
    st.builds(Wind, number(0, 9), number(0, 9), number(10, 99), number(10, 99), speed, speed),
)


@st.composite
def scenes(draw):
    bodies = draw(st.lists(free | driven, min_size=1, max_size=6))
    pairs = [(a, b) for a in range(GROUND, len(bodies)) for b in range(len(bodies)) if a != b]
    loose = [(a, b) for a, b in pairs if not all(bodies[end].kinematic for end in (a, b) if end != GROUND)]
    turning = [(a, b) for a, b in loose if any(bodies[e].rotates and bodies[e].mass for e in (a, b) if e != GROUND)]
    ends = st.sampled_from(loose) if loose else st.nothing()
    shafts = st.sampled_from(turning) if turning else st.nothing()
    anchors = st.tuples(ends, point, point, st.booleans())

    def joint(kind, **more):
        return st.builds(
            lambda at, given: kind(*at[0], at[1], at[2], collide=at[3], **given), anchors, st.fixed_dictionaries(more)
        )

    joints = st.one_of(
        joint(Pin, length=number(1, 500)),
        joint(Pivot),
        joint(Slide, minimum=number(0, 10), maximum=number(20, 500)),
        joint(Spring, rest_length=number(0, 300), stiffness=number(0, 1e5), damping=number(0, 100)),
        st.builds(
            lambda ab, rate, torque: Motor(*ab, rate, torque), shafts, number(-20, 20), st.none() | number(0, 1e9)
        ),
    )
    return Scene(
        bodies,
        draw(st.lists(statics, max_size=4)),
        draw(st.lists(joints, max_size=3)),
        draw(st.tuples(number(-2000, 2000), number(-2000, 2000))),
        draw(st.lists(fields, max_size=3)),
        draw(share),
        draw(st.none() | number(1, 9000)),
        draw(st.builds(Solver, st.integers(1, 30), st.integers(1, 9), st.booleans())),
        draw(st.booleans()),
        draw(st.lists(st.sampled_from(["energy", "momentum_x"]), unique=True)),
        draw(st.text(max_size=40)),
        draw(st.sampled_from(["", "tower", "my-own.1"])),
        draw(st.sampled_from(["", "stacking"])),
        draw(st.none() | st.integers(1, 5)),
    )


@st.composite
def prompts(draw):
    """A scene, consecutive frames of it and the next; frame 0 is the scene's start."""
    scene = draw(scenes())
    first = draw(st.sampled_from([0, 1, 57]))
    frames = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = np.array([400, 400, 300, 300, 10, 20]) * draw(st.sampled_from([1e-4, 1.0, 50.0]))
    drift = rng.normal(0, 1, (1, len(scene.bodies), 6)) * scale
    noise = rng.normal(0, 1, (frames + 1, len(scene.bodies), 6)) * (
        rng.random((frames + 1, len(scene.bodies), 1)) < 0.5
    )
    states = np.rint((drift + noise) * 1e4) / 1e4 + 0.0
    if first == 0:
        states[0] = [(b.x, b.y, b.vx, b.vy, b.angle, b.spin) for b in scene.bodies]
    return scene, states[:-1], first, states[-1]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(posed=prompts(), labels=st.sampled_from(["pushed", "raw"]))
def test_what_is_written_is_read(name, posed, labels):
    form = texts.load(name)
    scene, states, first, after = posed
    prompt = Prompt(form.Header.of(scene, labels), states, first)
    text = form.write_prompt(prompt)
    read = form.parse_prompt(text)
    assert isinstance(read, Prompt), read
    assert read.header == prompt.header
    assert read.first == first
    np.testing.assert_array_equal(read.states, form.visible(prompt))
    # What was read is what a reader has: written again it is the same text, but for frames that were written doubly.
    again = Prompt(read.header, np.nan_to_num(read.states), first)
    assert form.write_prompt(again).replace("-0.0000", "0.0000") == text.replace("-0.0000", "0.0000")

    target = form.write_target(prompt, after)
    reading = form.parse_frame(target, prompt)
    assert list(reading.complaints) == []
    assert reading.answered.all()
    assert reading.number in (prompt.next, None)
    expected = form.visible(Prompt(prompt.header, np.concatenate([states, after[None]]), first))[-1]
    if name != "corrections" or len(states) > 1:
        np.testing.assert_array_equal(reading.state, expected)
    # The other numbers of a frame stand in the text of the next prompt, too.
    assert form.parse_frame(text[text.rindex("\n", 0, -1) :] + target, prompt).answered.all()


def small():
    scene = Scene([Body(Circle(10), x=100 + 50 * k, y=300, vx=5 * k) for k in range(3)], (Peg(9, 9, 5),), name="own")
    states = np.array([[(100 + 50 * k + f, 300, 5 * k, -1, 0.5, 0.25) for k in range(3)] for f in range(3)], float)
    return scene, states


def posed(name):
    form = texts.load(name)
    scene, states = small()
    return form, Prompt(form.Header.of(scene), states[:2], 4), states[2]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_text_is_answered(name, data):
    form, prompt, after = posed(name)
    whole = form.write_prompt(prompt) + form.write_target(prompt, after)
    text = data.draw(st.text(max_size=300) | st.text(alphabet="Frame 0123456789:.,-()=vawobj_pos\n", max_size=300))
    cut, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    for damaged in (text, whole[:cut] + text + whole[end:], whole[:cut] + whole[end:]):
        reading = form.parse_frame(damaged, prompt)
        assert reading.state.shape == (3, 6)
        assert not np.isinf(reading.state).any()
        assert reading.answered.all() or reading.complaints
        assert all(isinstance(line, str) and "\n" not in line for line in reading.complaints)
        read = form.parse_prompt(damaged)
        assert isinstance(read, Prompt) or (read and all(isinstance(line, str) for line in read))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "unit",
    [
        "Frame 1\n",
        "0: 1,1\n",
        "Frame 1 corrections\n",
        "0: 1.0,2.0 v 1.0,2.0 a 0.0 w 0.0\n",
        "  obj_0: pos=(1.0, 2.0), vel=(3.0, 4.0)\n",
        "9",
        " ",
        "v",
        "(",
        "v ",
        "Rigid scene v1\n",
        "Body 0: circle r=1 m=1 f=1 e=1\n",
        "Static: seg (1,1)-(1,1);",
        "-",
        "\n",
        "a=1 ",
        "Frame 0 ",
    ],
)
def test_no_text_takes_long(name, unit):
    form, prompt, _ = posed(name)
    text = unit * (200_000 // len(unit))
    for damaged in (text, form.write_prompt(prompt) + text, "Frame 6\n0:" + text, "Static: " + text):
        start = time.process_time()
        form.parse_frame(damaged, prompt)
        form.parse_prompt(damaged)
        # Linear work takes 0.5 s; work that is quadratic takes minutes.
        assert time.process_time() - start < 5.0


@pytest.mark.parametrize("name", FORMATS)
def test_the_first_frame_of_a_long_answer_counts(name):
    form, prompt, after = posed(name)
    first, second = form.write_target(prompt, after), form.write_target(prompt, after + 1)
    longer = form.parse_frame(f"{first}\n{second}", prompt)
    np.testing.assert_array_equal(longer.state, form.parse_frame(first, prompt).state)


@pytest.mark.parametrize("name", ["v1", "lfm", "card"])
def test_what_is_missing_is_named(name):
    form, prompt, after = posed(name)
    lines = form.write_target(prompt, after).split("\n")
    without = "\n".join(line for line in lines if not line.strip().startswith(("1:", "obj_1:")))
    reading = form.parse_frame(without, prompt)
    assert list(reading.complaints) == ["body 1 is missing"]
    assert reading.answered.tolist() == [True, False, True]
    assert np.isnan(reading.state[1]).all()
    nothing = form.parse_frame("I do not know.", prompt)
    assert list(nothing.complaints) == ["bodies 0, 1, 2 are missing"]
    assert nothing.number is None


def test_a_frame_of_another_number_or_body_is_complained_about():
    form, prompt, after = posed("v1")
    target = form.write_target(prompt, after)
    wrong = form.parse_frame(target.replace("Frame 6", "Frame 12"), prompt)
    assert list(wrong.complaints) == ["this is called frame 12, but frame 6 was asked for"]
    assert wrong.answered.all()
    more = form.parse_frame(target + "7: 1,2 v 3,4 a 5 w 6\n", prompt)
    assert list(more.complaints) == ["there is no body 7: they are 0 to 2"]


def test_part_of_a_line_counts_in_part():
    form, prompt, _ = posed("v1")
    reading = form.parse_frame("0: 1,2 v 3,4\n1: 1,2 w 9\n2: 1,2 v 3,4 a 5 w 6 and so on", prompt)
    assert reading.answered.tolist() == [True, False, True]
    assert reading.state[0].tolist()[:4] == [1, 2, 3, 4]
    assert math.isnan(reading.state[0, 4])
    assert reading.state[1, 5] == 9
    assert list(reading.complaints) == [
        "body 0 has no readable a, w",
        "body 1 has no readable v, a",
        "body 2 has something after its numbers",
    ]


def test_an_unknown_format_is_the_users_fault():
    with pytest.raises(UserError, match="called 'v2'"):
        texts.load("v2")
