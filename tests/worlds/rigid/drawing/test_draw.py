import numpy as np
import pytest
from PIL import Image

from gedanken.errors import UserError
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.drawing import draw
from gedanken.worlds.rigid.drawing.canvas import BODIES, DRIVEN, PAPER, palette
from gedanken.worlds.rigid.engine.simulate import record
from gedanken.worlds.rigid.scene.parts import Attractor, Body, Motor, Pivot, Segment, Slide, Spring, Wind
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.scene.shapes import Box, Circle


def colour_at(picture: Image.Image, x: float, y: float, width: int) -> tuple[int, int, int]:
    return picture.getpixel((round(x * width / 800), round((600 - y) * width / 800)))


def test_a_still_shows_bodies_where_they_are():
    scene = Scene(
        [
            Body(Circle(40), x=200, y=450),
            Body(Box(80, 60), x=600, y=100),
            Body(Box(60, 60), x=600, y=450, kinematic=True),
        ]
    )
    picture = draw.still(scene, record(scene, 1).states, width=400)
    assert picture.size == (400, 300)
    assert colour_at(picture, 200, 430, 400) == BODIES[0]
    assert colour_at(picture, 600, 100, 400) == BODIES[1]
    assert colour_at(picture, 600, 450, 400) == DRIVEN
    assert colour_at(picture, 400, 300, 400) == PAPER


def test_everything_a_scene_may_hold_can_be_drawn():
    bodies = [Body(Circle(12), x=100 + 90 * k, y=300, spin=2) for k in range(6)]
    scene = Scene(
        bodies,
        [Segment(50, 100, 700, 100, radius=8, belt=-120)],
        [Slide(0, 1, maximum=100), Spring(1, 2, rest_length=60), Pivot(-1, 3, (370, 320), (0, 20)), Motor(4, -1, 3)],
        fields=[Wind(500, 200, 790, 590, 0, 900), Attractor(200, 500, 1e6), Attractor(600, 500, -1e6)],
    )
    bare = Scene(bodies)
    states = record(scene, 5).states
    assert draw.still(scene, states, 5).tobytes() != draw.still(bare, states, 5).tobytes()


def test_bodies_that_a_joint_connects_share_a_colour():
    scene = Scene([Body(Circle(40), x=200, y=300), Body(Circle(40), x=500, y=300)], joints=[Slide(0, 1, maximum=300)])
    picture = draw.still(scene, record(scene, 1).states, width=400)
    assert colour_at(picture, 200, 280, 400) == colour_at(picture, 500, 280, 400) == BODIES[0]


def test_an_animation_plays_in_real_time(tmp_path):
    scene = scenarios.pose("pendulum", 1)
    draw.animate(scene, record(scene, 30).states, tmp_path / "a.gif", every=3, width=160)
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.n_frames == 11
        assert picture.info["duration"] == 50
        assert picture.info["loop"] == 0


def test_a_comparison_bears_missing_and_absurd_predictions(tmp_path):
    scene = scenarios.pose("newtons_cradle", 2)
    truth = record(scene, 12).states
    prediction = truth.copy()
    prediction[:, 0] = np.nan
    prediction[:, 1, 0] = 1e12
    prediction[6:, 2, 1] += 40
    draw.compare(scene, truth, prediction, tmp_path / "b.gif", width=160)
    with Image.open(tmp_path / "b.gif") as picture:
        assert picture.n_frames == 5
        assert picture.width == 2 * 160 + 4
    draw.compare(scene, truth, np.full_like(truth, np.nan), tmp_path / "c.gif", width=160)


def test_a_contact_sheet_has_a_tile_for_every_subject(tmp_path):
    draw.contact_sheet(["orbit", "chain", "wind"], tmp_path / "sheet.png", 1, columns=2, width=120, frame=5)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width == 2 * 120 + 3 * 5
        assert sheet.height > 2 * 90
    with pytest.raises(UserError, match="no scenario called 'orbi'"):
        draw.contact_sheet(["orbi"], tmp_path / "sheet.png")


def test_the_palette_fits_a_gif_and_holds_every_flat_colour():
    colours = palette()
    assert len(colours) <= 256
    assert {PAPER, DRIVEN, *BODIES} <= set(colours)
