"""Constants inside terms (`K` of `1/(K + p)`), refined in the weak form before a law is simulated.

A regression is linear in the coefficients only, so a library has such terms at a few values of their constants. Between
these a right law looks worse than wrong ones of the same size, and is never simulated. One Gauss-Newton step, for which
the slope of a term by its constant is a further column, tells what a term would explain at its best constant.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gedanken.sparse.library import Atom
from gedanken.sparse.subsets import explained_many
from gedanken.worlds.ode.trajectory import Array

STEP = 1e-3  # relative change of a constant for a slope
FARTHEST = 2.5  # largest factor by which one step changes a constant
ITERATIONS = 3
SHARES = (1.0, 0.5, 0.2)  # of a step, the first that leaves less over is taken
LARGEST = 3  # terms of a right-hand side whose constants are refined
BEST, GROWN = 4, 40  # sides of each size that are refined, and that larger ones grow from

Evaluate = Callable[[Sequence[Atom]], Array]
"""Columns of terms in the weak form, shape (rows, terms)."""


def shifted(atom: Atom) -> list[Atom]:
    """The term with each of its constants changed by `STEP`, one at a time."""
    return [
        replace(atom, inner=tuple(value * (1 + STEP) if k == place else value for k, value in enumerate(atom.inner)))
        for place in range(len(atom.inner))
    ]


def slopes(atom: Atom, column: Array, changed: Array) -> Array:
    """Slopes of a term's column by each of its constants, from the columns of `shifted`, shape (rows, constants)."""
    return (changed - column[:, None]) / (STEP * np.array(atom.inner))


def best_subsets(
    known: Array, columns: Array, places: Sequence[int], slopes: Sequence[Array], identity: np.ndarray
) -> list[list[int]]:
    """Subsets of up to `LARGEST` terms by what they explain after one step of the constants of one of them.

    Args:
        known: columns of every subset, and in the last one the target, shape (rows, k + 1).
        columns: of the terms, shape (rows, terms).
        places: which terms have constants inside.
        slopes: of each of these, shape (rows, constants).
        identity: of each term; a subset has no two that are equal.

    Returns:
        The `BEST` ones of each size, as numbers of terms, the one with the constants first.
    """
    fine = [k for k, slope in enumerate(slopes) if np.isfinite(slope).all()]
    if not fine:
        return []
    basis = np.linalg.qr(known[:, :-1])[0]
    all_columns = np.hstack([columns, *(slopes[k] for k in fine)])
    target = known[:, -1] - basis @ (basis.T @ known[:, -1])
    all_columns = all_columns - basis @ (basis.T @ all_columns)
    unit = all_columns / np.maximum(np.linalg.norm(all_columns, axis=0), 1e-300)
    gram, h = unit.T @ unit, unit.T @ target
    terms, at = columns.shape[1], columns.shape[1]
    widest = max(slopes[k].shape[1] for k in fine)
    subsets = np.zeros((len(fine), widest + LARGEST), np.int64)  # a term, its slopes, other terms; zeros behind
    sizes = np.array([1 + slopes[k].shape[1] for k in fine])
    for row, k in zip(subsets, fine, strict=True):
        count = slopes[k].shape[1]
        row[: 1 + count] = places[k], *range(at, at + count)
        at += count
    found: list[list[int]] = []
    for size in range(1, LARGEST + 1):
        gains = np.empty(len(subsets))
        explained_many(gram, h, subsets, sizes, gains)
        kept: dict[frozenset[int], int] = {}
        for k in np.argsort(-gains).tolist():
            if gains[k] < 0 or len(kept) >= GROWN:
                break
            kept.setdefault(frozenset(identity[_terms_of(subsets[k], sizes[k], terms)].tolist()), k)
        best = list(kept.values())
        found += [_terms_of(subsets[k], sizes[k], terms).tolist() for k in best[:BEST]]
        if size == LARGEST or not best:
            break
        # Pairs are tried all; larger ones grow from the best.
        grown = np.arange(len(subsets)) if size == 1 else np.array(best)
        whole, added = np.repeat(grown, terms), np.tile(np.arange(terms), len(grown))
        subsets, sizes = subsets[whole], sizes[whole]
        inside = (np.arange(subsets.shape[1]) < sizes[:, None]) & (subsets < terms)
        taken = (inside & (identity[np.where(inside, subsets, 0)] == identity[added][:, None])).any(axis=1)
        subsets[np.arange(len(subsets)), sizes] = added
        subsets, sizes = subsets[~taken], sizes[~taken] + 1
        if not len(subsets):
            break
    return found


def _terms_of(subset: NDArray[np.int64], size: int, terms: int) -> NDArray[np.int64]:
    """The terms among a subset of terms and slopes."""
    return subset[:size][subset[:size] < terms]


def refine_constants(
    atoms: Sequence[Atom], evaluate: Evaluate, always: Array, target: Array
) -> tuple[tuple[Atom, ...], Array, float] | None:
    """The terms at better constants, their coefficients, and the sum of squares that they leave over.

    Args:
        atoms: a right-hand side, at least one with constants inside.
        evaluate: their columns.
        always: columns that the side has besides, shape (rows, k); their coefficients come first.
        target: shape (rows,).

    Returns:
        None where a column is not finite.
    """
    found = _fit(atoms, evaluate, always, target)
    for _ in range(ITERATIONS):
        if found is None:
            break
        atoms, coefficients, left, columns = found
        changed = evaluate([each for atom in atoms for each in shifted(atom)])
        if not np.isfinite(changed).all():
            break
        ends = np.cumsum([0, *(len(atom.inner) for atom in atoms)])
        parts = [slopes(atom, columns[:, k], changed[:, ends[k] : ends[k + 1]]) for k, atom in enumerate(atoms)]
        own = coefficients[always.shape[1] :]
        # A law that is linear in the step: the coefficients' own changes, and each constant's times its coefficient.
        solution = np.linalg.lstsq(np.hstack([always, columns, *parts]), target, rcond=None)[0]
        steps = solution[always.shape[1] + len(atoms) :]
        for share in SHARES:
            moved = [
                _move(atom, share * steps[ends[k] : ends[k + 1]] / own[k]) if own[k] else atom
                for k, atom in enumerate(atoms)
            ]
            better = _fit(moved, evaluate, always, target)
            if better is not None and better[2] < left:
                found = better
                break
        else:
            break
    return None if found is None else found[:3]


def _fit(
    atoms: Sequence[Atom], evaluate: Evaluate, always: Array, target: Array
) -> tuple[tuple[Atom, ...], Array, float, Array] | None:
    """The terms, their coefficients by least squares, the sum of squares that is left, and the terms' columns."""
    columns = evaluate(atoms)
    if not np.isfinite(columns).all():
        return None
    design = np.hstack([always, columns])
    coefficients = np.asarray(np.linalg.lstsq(design, target, rcond=None)[0], np.float64)
    return tuple(atoms), coefficients, float(np.sum((design @ coefficients - target) ** 2)), columns


def _move(atom: Atom, steps: Array) -> Atom:
    """The term with its constants changed, none by more than the factor `FARTHEST`."""
    near, far = np.sort([np.array(atom.inner) / FARTHEST, np.array(atom.inner) * FARTHEST], axis=0)
    return replace(atom, inner=tuple(np.clip(np.array(atom.inner) + steps, near, far).tolist()))
