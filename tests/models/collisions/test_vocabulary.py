import numpy as np
import pytest

from gedanken.models.collisions import vocabulary as v
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.manifolds import Shapes
from gedanken.worlds.rigid.engine.tracing import trace


def pairs(name, frames=60):
    scene = scenarios.pose(name, 2, split="test")
    shapes = Shapes(scene)
    for steps in trace(scene, frames):
        step = steps[-1]
        rows = step.rows[step.rows[:, c.KIND] == c.CONTACT]
        touching = {frozenset((one.first, one.second)): one for one in shapes.read(rows, step.flown)}
        for near in shapes.look(step.flown):
            yield near, touching.get(frozenset((near.first, near.second)))


def test_every_token_is_a_word_of_its_own():
    words = v.words()
    assert len(words) == v.COUNT == len(set(words))
    assert not any(" " in word for word in words)


@pytest.mark.parametrize("name", ["tower", "conveyor", "seesaw"])
def test_an_answer_that_is_read_back_is_what_was_said(name):
    touching = 0
    for near, manifold in pairs(name):
        answer = v.encode_answer(near, manifold)
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


def test_lengths_are_told_to_a_fiftieth():
    words = v.words()
    for value in (0.0, 0.011, 12.345, -0.004, -7.31, 999.999, 250.99):
        whole, part = (words[token] for token in v._length(value))
        told = float(whole) + float(f"0.{part}")
        assert told == pytest.approx(value, abs=0.0101)
    assert v._length(5000.0) == v._length(1000.0)
    assert v._length(-5000.0) == v._length(-1000.0)


def test_an_amount_beyond_the_scale_is_its_end():
    assert v.amount(1e9) == v.COUNT - 1
    assert v.amount(-1e9) == v.AMOUNT
    assert v.AMOUNTS[v.amount(0.0) - v.AMOUNT] == 0.0


def test_the_same_pair_has_the_same_text():
    (near, _), *_ = pairs("tower", 1)
    assert v.encode(near) == v.encode(near)
    text = " ".join(v.words()[token] for token in v.encode(near))
    assert text.startswith("pair ")
    assert text.endswith(" touch")
