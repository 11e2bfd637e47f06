import numpy as np
import pytest

from gedanken.worlds.rigid import GROUND, Body, Box, Circle, Pin, Scene, Wind, walls
from gedanken.worlds.rigid.engine.simulate import memoryless, record, resume
from gedanken.worlds.rigid.text import Prompt, v1

SCENE = Scene(
    (Body(Circle(10), x=400, y=300, vx=50), Body(Box(20.5, 10), x=200, y=100, angle=0.5, mass=2.25, elasticity=0.0)),
    walls(sides=("bottom",)),
    (Pin(GROUND, 0, (400, 400)),),
    fields=(Wind(0, 0, 100, 100, 5, -6.5),),
    description="A pendulum and a box.",
    name="own",
    level=1,
)

TEXT = """\
Rigid scene v1 name=own level=1
About: A pendulum and a box.
Solver: dt=1/60 substeps=1 iterations=10
Positions: pushed
Gravity: (0,-981)
Field: wind zone=(0,0,100,100) force=(5,-6.5)
Static: segment from=(10,0) to=(790,0) r=10 f=0.8 e=0.5
Body 0: circle r=10 m=1 f=0.5 e=0.3
Body 1: box size=(20.5,10) m=2.25 f=0.5 e=0
Joint: pin a=ground b=0 anchors=(400,400,0,0) length=100
Start
0: 400.0000,300.0000 v 50.0000,0.0000 a 0.0000 w 0.0000
1: 200.0000,100.0000 v 0.0000,0.0000 a 0.5000 w 0.0000
Frame 3
0: 402.4876,299.9999 v 49.0000,1.2500 a -0.1000 w 0.0000
1: 200.0000,99.1825 v 0.0000,-49.0500 a 0.5000 w 0.0000
Predict frame 4:
"""

STATES = np.array([[(402.4876, 299.9999, 49, 1.25, -0.1, 0), (200, 99.1825, 0, -49.05, 0.5, 0)]])


def test_the_layout_is_this_one():
    assert v1.write_prompt(Prompt(v1.Header.of(SCENE), STATES, 3)) == TEXT
    read = v1.parse_prompt(TEXT)
    assert read.header == v1.Header(SCENE)


def test_a_scene_alone_is_read_as_frame_0():
    read = v1.parse_prompt(v1.write_header(v1.Header.of(SCENE)))
    assert read.header.scene == SCENE
    assert read.first == 0
    np.testing.assert_array_equal(read.states, record(SCENE, 0).states)


@pytest.mark.parametrize(
    "before, after, sentence",
    [
        ("Rigid scene v1", "Rigid scene", "there is no header"),
        ("m=1 ", "m=-1 ", "mass must be positive"),
        ("m=1 ", "", "m is missing"),
        ("m=1 ", "m=1 m=2 ", "m comes twice"),
        ("r=10 m", "r=ten m", "'ten' is not a number"),
        ("circle", "sphere", "not 'sphere'"),
        ("Body 1", "Body 2", "body 1 should come here"),
        ("b=0 ", "b=7 ", "joint 0 names body 7"),
        ("pin", "rope", "not 'rope'"),
        ("(400,400,0,0)", "(400,400)", "must have 4 numbers"),
        ("pushed", "pulled", "pushed or raw"),
        ("dt=1/60", "dt=2", "a solver's dt is a number of seconds"),
        ("iterations=10", "iterations=0", "from 1 to 200"),
        ("Gravity: (0,-981)", "Gravity: down", "numbers in parentheses"),
        ("Static: segment", "Wall: segment", "cannot read the line"),
        ("e=0.5", "e=0.5 colour=red", "'colour'"),
        ("1: 200.0000,100.0000", "2: 200.0000,100.0000", "start: there is no body 2"),
        ("1: 200.0000,99.1825", "x: 200.0000,99.1825", "the header has 2 bodies, but frame 3 has 1"),
        ("Start\n", "", "must say where the bodies start"),
        ("Frame 3", "Frame 3\n0: 1,1 v 1,1 a 1 w 1\nFrame 9", "frame 9 follows frame 3"),
    ],
)
def test_a_fault_in_a_prompt_is_named(before, after, sentence):
    assert before in TEXT
    complaints = v1.parse_prompt(TEXT.replace(before, after, 1))
    assert isinstance(complaints, list)
    assert any(sentence in line for line in complaints), complaints


def test_the_text_of_a_memoryless_scene_decides_the_next_text():
    boxes = [Body(Box(40, 20), x=400 + k, y=20 + 20 * k, friction=0.7) for k in range(5)]
    ball = Body(Circle(12), x=150, y=60, vx=600)
    scene = memoryless(Scene([*boxes, ball], walls()))
    states = record(scene, 60).states
    for n in range(1, 60):
        text = v1.write_prompt(Prompt(v1.Header.of(scene), states[n : n + 1], n))
        read = v1.parse_prompt(text)
        continued = resume(read.header.scene, read.states, 1)[0]
        assert v1.write_target(read, continued) == v1.write_frames(states[n + 1][None], n + 1)
