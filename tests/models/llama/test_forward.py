"""The pieces of the forward pass against numpy."""

import numpy as np

from gedanken.models.llama import forward

RNG = np.random.default_rng(0)


def test_exponentials_by_series():
    values = np.concatenate([np.linspace(-87.0, 87.0, 5001), [0.0, -1e-8]]).astype(np.float32)
    found = values.copy()
    forward._exponentials(found)
    np.testing.assert_allclose(found, np.exp(values.astype(float)), rtol=2e-5)
    far = np.array([-1000.0, 1000.0], np.float32)
    forward._exponentials(far)
    assert 0.0 <= far[0] < 1e-37
    assert np.isfinite(far[1])


def test_shares_sum_to_one_and_nothing_comes_after_them():
    scores = RNG.normal(0.0, 5.0, 50).astype(np.float32)
    expected = np.exp(scores[:40].astype(float) - scores[:40].max())
    forward._share(scores, 40)
    np.testing.assert_allclose(scores[:40], expected / expected.sum(), rtol=3e-5, atol=1e-9)
    assert (scores[40:] == 0.0).all()


def test_medians_are_where_half_of_the_probability_lies_before():
    logits = RNG.normal(0.0, 2.0, (6, 300)).astype(np.float32)
    shares = np.exp(logits.astype(float))
    expected = (shares.cumsum(1) / shares.sum(1, keepdims=True) < 0.5).sum(1)
    assert (forward.find_medians(logits.copy()) == expected).all()


def test_few_rows_and_many_are_multiplied_alike():
    matrix = RNG.normal(size=(40, 30)).astype(np.float32)
    many = RNG.normal(size=(forward.FEW + 5, 40)).astype(np.float32)
    np.testing.assert_allclose(forward.times(many[:2], matrix), forward.times(many, matrix)[:2], rtol=1e-4, atol=1e-5)
