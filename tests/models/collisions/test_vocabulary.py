import json

import numpy as np
import pytest

from gedanken.models import find_folder
from gedanken.models.collisions import vocabulary as v
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.manifolds import KINDS, Shapes
from gedanken.worlds.rigid.engine.tracing import trace


def pairs(name, frames=60):
    scene = scenarios.pose(name, 2, split="test")
    shapes = Shapes(scene)
    for steps in trace(scene, frames):
        step = steps[-1]
        rows = step.rows[step.rows[:, c.KIND] == c.CONTACT]
        touching = {frozenset((one.first, one.second)): one for one in shapes.read(rows, step.flown)}
        for near in shapes.look(step.flown):
            yield near, shapes.separate(near, step.flown), touching.get(frozenset((near.first, near.second)))


def test_every_token_is_a_word_of_its_own():
    words = v.words()
    assert len(words) == v.COUNT == len(set(words))
    assert not any(" " in word for word in words)


@pytest.mark.parametrize("name", ["tower", "conveyor", "seesaw"])
def test_an_answer_that_is_read_back_is_what_was_said(name):
    touching = 0
    for near, gap, manifold in pairs(name):
        answer = v.encode_answer(near, gap, manifold)
        for k in range(len(answer)):
            first, end = v.span(answer[:k])
            assert first <= answer[k] < end
        assert v.span(answer) == (0, 0)
        read = v.decode_answer(near, answer)
        assert (read is None) == (manifold is None)
        if manifold is None:
            continue
        touching += 1
        (direction, lines), (said, told) = near.tell(manifold), near.tell(read)
        assert abs((said - direction + 180) % 360 - 180) <= 0.25 + 1e-9
        # Half a step of the scale, which is even near zero and relative beyond.
        np.testing.assert_array_less(np.abs(told - lines), 0.51 / v.STEPS_OF_E * np.hypot(lines, v.UNIT) + 1e-6)
    assert touching > 20


def test_lengths_are_told_to_a_twentieth():
    words = v.words()
    for value in (0.0, 0.011, 12.345, -0.004, -7.31, 199.99, -200.0):
        assert float(words[v.length(value)].replace("neg", "-")) == pytest.approx(value, abs=0.0251)
    for value in (200.4, 200.6, 201.2, -999.4, 777.7):
        assert float(words[v.length(value)].replace("neg", "-")) == pytest.approx(value, abs=0.51)
    places = [v.length(value) for value in np.linspace(-1100, 1100, 30_001)]
    assert places == sorted(places)
    assert v.length(5000.0) == v.length(1000.0) == v.LENGTH + len(v.LENGTHS) - 1
    assert v.length(-5000.0) == v.length(-1000.0) == v.LENGTH


def test_a_gap_is_positive_where_nothing_touches():
    apart = [(gap, manifold) for name in ("plinko", "tower") for _, gap, manifold in pairs(name)]
    assert min(gap for gap, manifold in apart if manifold is None) > -1e-3
    # Chipmunk's depth of the deepest point is the overlap, but for corners that it rounds off.
    off = [abs(gap + manifold.depths.max()) for gap, manifold in apart if manifold is not None]
    assert len(off) > 20
    assert np.median(off) < 1e-6


def test_an_amount_beyond_the_scale_is_its_end():
    assert v.amount(1e9) == v.COUNT - 1
    assert v.amount(-1e9) == v.AMOUNT
    assert v.AMOUNTS[v.amount(0.0) - v.AMOUNT] == 0.0


def test_a_pair_is_told_from_its_first_word_to_the_question():
    (near, _, _), *_ = pairs("tower", 1)
    words = v.words()
    text = [words[token] for token in v.encode(near)]
    assert (text[0], text[-1]) == ("pair", "gap")
    assert [word for word in text if word in KINDS] == [KINDS[kind] for kind in near.kinds]
    assert text.count("beyond") == text.count("move") == 1


def test_the_model_that_comes_along_has_these_words():
    tokenizer = json.loads((find_folder("gedanken-collisions", "predict") / "tokenizer.json").read_text())
    assert list(tokenizer["model"]["vocab"]) == v.words()
