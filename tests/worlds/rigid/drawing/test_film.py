"""Films of truth and prediction: what stands in them, how long they last, and what is refused beforehand."""

import numpy as np
import pytest
from PIL import Image

from gedanken.errors import UserError
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.drawing import draw, film
from gedanken.worlds.rigid.drawing.canvas import legend_of
from gedanken.worlds.rigid.engine.simulate import record


@pytest.fixture(scope="module")
def cradle():
    scene = scenarios.pose("newtons_cradle", 1)
    return scene, record(scene, 30).states


@pytest.mark.parametrize(("every", "total"), [(1, 510), (2, 530), (3, 550)])
def test_a_film_lasts_as_long_as_the_scene(tmp_path, cradle, every, total):
    scene, states = cradle
    draw.animate(scene, states, tmp_path / "a.gif", every=every, width=120)
    with Image.open(tmp_path / "a.gif") as picture:
        lengths = []
        for k in range(picture.n_frames):
            picture.seek(k)
            lengths.append(picture.info["duration"])
    # 30 frames of 1/60 s and the last picture; a GIF counts hundredths of a second.
    if every > 1:
        assert sum(lengths) == pytest.approx(1000 * len(lengths) * every / 60, abs=10)
    assert min(lengths) >= 20


def test_pictures_tell_roles_numbers_player_and_time(tmp_path, cradle):
    bird = scenarios.pose("angry_birds", 2, split="test")
    names = [name for name, _ in legend_of(bird)]
    assert names[:3] == ["building", "pig", "bird"] or {"building", "pig", "bird"} <= set(names)
    colours = dict(legend_of(bird))
    assert len({colours[name] for name in ("building", "pig", "bird")}) == 3
    assert "paddle, driven" in dict(legend_of(scenarios.pose("pong", 1, split="test")))
    scene, truth = cradle
    prediction = truth.copy()
    prediction[5:, 0, :2] += 30

    def pixels(**options):
        film.compare(scene, truth, prediction, tmp_path / "b.gif", width=200, every=10, **options)
        with Image.open(tmp_path / "b.gif") as picture:
            picture.seek(1)
            return np.array(picture.convert("RGB"))

    plain, named, late = pixels(), pixels(player="a player"), pixels(first=100)
    assert plain.shape[1] == 2 * 200 + film.GUTTER
    assert (plain != named).any()
    assert (plain != late).any()
    assert pixels(curves=False).shape[0] < plain.shape[0]


def test_what_cannot_be_written_is_refused_beforehand(tmp_path):
    for path, sentence in (
        (tmp_path / "a.mov", r"a film is .gif or .mp4"),
        (tmp_path / "a", "ends with nothing"),
    ):
        with pytest.raises(UserError, match=sentence):
            film.check_film(path, 420)
    with pytest.raises(UserError, match="px wide"):
        film.check_film(tmp_path / "a.gif", 5)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        film.check_film(tmp_path / "file" / "a.gif", 420)


def test_mp4_needs_ffmpeg_and_is_written_where_it_is(tmp_path, cradle, monkeypatch):
    scene, states = cradle
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(UserError, match=r"MP4 needs FFmpeg: pip install 'gedanken\[video\]'"):
        film.check_film(tmp_path / "a.mp4", 420)
    monkeypatch.undo()
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    film.compare(scene, states, states, tmp_path / "a.mp4", width=121)
    frames, seconds = ffmpeg.count_frames_and_secs(str(tmp_path / "a.mp4"))
    assert frames == 11
    assert seconds == pytest.approx(11 * 3 / 60, abs=0.06)
