import itertools

import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.sparse.subsets import beam_search


def test_a_wide_enough_beam_finds_the_best_subset_of_all():
    rng = stream("test", "weak", "beam")
    design = rng.standard_normal((40, 9))
    design[:, 8] = design[:, 0] + 0.1 * rng.standard_normal(40)
    design /= np.linalg.norm(design, axis=0)
    target = design[:, [1, 4, 8]] @ np.array([1.0, -2.0, 1.5]) + 0.05 * rng.standard_normal(40)
    subsets, gain = beam_search(design.T @ design, design.T @ target, np.arange(9), 3, 60)
    for size in (1, 2, 3):
        explained = {}
        for chosen in itertools.combinations(range(9), size):
            solution, *_ = np.linalg.lstsq(design[:, chosen], target, rcond=None)
            explained[chosen] = float(target @ design[:, chosen] @ solution)
        best = max(explained, key=lambda c: explained[c])
        assert tuple(subsets[size - 1, 0, :size]) == best
        assert gain[size - 1, 0] == pytest.approx(explained[best])


def test_columns_of_one_identity_exclude_each_other():
    design = np.eye(4)
    subsets, gain = beam_search(design, np.array([4.0, 3.0, 2.0, 1.0]), np.array([0, 0, 1, 1]), 2, 10)
    assert tuple(subsets[1, 0]) == (0, 2)
    assert not any({0, 1} == set(s) or {2, 3} == set(s) for s, g in zip(subsets[1], gain[1], strict=True) if g > 0)
