import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Scene, mass, walls
from gedanken.worlds.rigid.text import Prompt, card

# The example of the model card, with the numbers of its objects.
EXAMPLE = """\
Scene: 3 objects (2 circles, 1 rectangle). Gravity: (0.00, -981.00). Timestep: 0.0167.
Scenario: pong (minigame), difficulty: 4

Objects:
  obj_0: circle r=10.0 at (400.00, 300.00), density=1.0, friction=0.5
  obj_1: circle r=15.0 at (200.00, 500.00), density=1.0, friction=0.5
  obj_2: rect 80x10 at (400.00, 50.00), density=2.0, friction=0.8

Static geometry: 4 segments (walls)
Constraints: none

Frame 1: 3 of 3 objects moving.
  obj_0: pos=(405.12, 298.37), vel=(307.14, -97.81)
  obj_1: pos=(195.23, 502.45), vel=(-286.22, 147.58)
  obj_2: pos=(400.00, 50.00), vel=(0.00, -2.00)

Frame 2:"""


def test_the_example_of_the_card_is_written_and_read():
    ball, bat = (mass(shape, 0.01 * density) for shape, density in ((Circle(10), 1.0), (Box(80, 10), 2.0)))
    bodies = (
        Body(Circle(10), 400, 300, ball),
        Body(Circle(15), 200, 500, mass(Circle(15), 0.01)),
        Body(Box(80, 10), 400, 50, bat, friction=0.8),
    )
    scene = Scene(bodies, walls(), name="pong", category="minigame", level=4)
    states = np.array(
        [[(405.12, 298.37, 307.14, -97.81, 0, 0), (195.23, 502.45, -286.22, 147.58, 0, 0), (400, 50, 0, -2, 0, 0)]]
    )
    prompt = Prompt(card.Header.of(scene), states, 1)
    assert card.write_prompt(prompt) == EXAMPLE
    read = card.parse_prompt(EXAMPLE)
    assert (read.header, read.first) == (prompt.header, 1)
    np.testing.assert_array_equal(read.states, card.visible(prompt))


def test_counts_that_disagree_are_complained_about():
    complaints = card.parse_prompt(EXAMPLE.replace("3 objects (2", "4 objects (3"))
    assert complaints == ["the scene has 4 objects, the list 3 and the frames 3"]
    assert "object 1 should be told here" in card.parse_prompt(EXAMPLE.replace("obj_1: circle", "obj_1: cube"))[0]
