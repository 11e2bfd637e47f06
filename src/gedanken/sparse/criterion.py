"""The criterion that ranks laws: an extended BIC of the simulated record, with the prior of the structure.

Extended BIC: Chen & Chen, Biometrika 95, 2008. All values are minus twice a log probability, up to a constant that all
laws share; smaller is better, and a difference of 6 is a factor of 20 in probability.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from gedanken.sparse.given import NOTHING, Given
from gedanken.sparse.smooth import smooth
from gedanken.sparse.structure import (
    DRIVING_DRAG,
    Model,
    Structure,
    coefficients_mask,
    count_driving_drags,
    kinds_of,
    prior,
    role,
    size_of,
    with_fitted_constants,
)
from gedanken.sparse.tying import DIMENSIONAL_UNIT, UNIT, simplify
from gedanken.worlds.ode.fit import Program, Record, Refined
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

_ACCURACY = 1e-4  # error that is forgiven, as a share of each column's spread: exact records differ by rounding only
_ADEQUATE = 1.25  # mean square residual, relative to the smoother's, up to which nothing is left to explain
_LOST = 4.0  # the same, from which a law does not follow the record
_NOISE_PRIOR = 10.0  # number of samples that the smoother's estimate of the noise counts for


class Criterion:
    """The record, smoothed and weighted by its noise, and the criterion of laws on it.

    Attributes:
        states: the state variables.
        trajectories: the trials.
        given: what is known.
        smoothed: each trial, smoothed.
        values: smoothed states of all trials, end to end, shape (M, n).
        record: the samples and their weights, as the fit wants them.
        scale: spread of each column, shape (n,).
        floor: forgiven squared error of each sample in units of its noise, shape (M, n).
        counts: number of samples of each column that tell its noise level, shape (n,).
        worth: the same as independent samples: fewer where the noise is correlated, shape (n,).
        total: their sum.
        targets: for each unknown equation, the index of the state whose derivative it gives.
        coordinates: for each unknown equation, the names of its coordinate's position and velocity.
        unit: prior cost of a constant that is one, in a proposal.
        smoother_misfit: mean square residual of the smoothed record in each observed column.
    """

    def __init__(self, states: StateSpace, trajectories: Sequence[Trajectory], given: Given = NOTHING):
        self.states, self.trajectories, self.given = states, list(trajectories), given
        self.smoothed = smooth(states, self.trajectories)
        self.values = values = np.concatenate([s.values for s in self.smoothed])
        spread, size = values.std(0), np.abs(values).max(0)
        spread = np.where(spread > 1e-9 * (size + 1e-300), spread, np.maximum(size, 1e-9))
        sigma = [np.where(s.weights > 0, np.maximum(s.sigma, 2 * _ACCURACY * spread), np.inf) for s in self.smoothed]
        self.record = Record.of(self.trajectories, sigma, [s.values for s in self.smoothed])
        self.scale = self.record.scale
        self.floor = (_ACCURACY * spread * self.record.weights) ** 2
        self.counts = np.concatenate([s.live for s in self.smoothed]).sum(0)
        self.worth = self.counts.astype(float)
        self.total = int(self.counts.sum())
        self.targets = [i for i, derivative in enumerate(states.derivative_of) if derivative is None]
        self.coordinates = tuple((c.name,) if c.velocity is None else (c.name, c.velocity) for c in states.coordinates)
        self.unit = DIMENSIONAL_UNIT if any(c.velocity for c in states.coordinates) else UNIT
        self.smoother_misfit = self.mean_square(values)

    def correlate(self, times: Array) -> None:
        """Count `times[i]` samples of column i as one, from now on: their noise is alike. times: shape (n,), >= 1."""
        self.worth = self.counts / times
        self.total = max(int(self.worth.sum()), 1)

    def residuals(self, predicted: Array) -> list[list[Array]]:
        """For each observed column the residuals of every trial, in units of the noise, NaN where nothing was used."""
        record = self.record
        left = np.where(record.weights > 0, (record.y - predicted) * record.weights, np.nan)
        return [[left[a:b, i] for a, b in pairwise(record.bounds)] for i in np.flatnonzero(self.counts > 0)]

    def mean_square(self, predicted: Array) -> Array:
        """Mean square residual of each observed column, in units of the noise."""
        residual = ((predicted - self.record.y) * self.record.weights) ** 2 + self.floor
        seen = self.counts > 0
        return np.asarray(residual.sum(0)[seen] / self.counts[seen])

    def penalty(self, structure: Structure) -> float:
        """Price of the free parameters, plus the prior cost of the structure."""
        k = size_of(structure)
        fitted = k + self.states.size * len(self.trajectories)
        # The small-sample term of AICc (Hurvich & Tsai, Biometrika 76, 1989); it vanishes for long records.
        spare = self.total - fitted - 1
        if spare < 1:
            return math.inf
        small_sample = 2 * fitted * (fitted + 1) / spare
        return k * math.log(max(self.total, 30)) + small_sample + prior(structure, self.coordinates)

    def of(self, structure: Structure, refined: Refined) -> float:
        """The criterion of a fit with all constants free.

        The noise level of each column is integrated out. The smoother's estimate of it counts for a few samples, so
        that no law gains by fitting a short record more closely than its noise.
        """
        counts = self.worth[self.counts > 0]
        variance = (counts * self.mean_square(refined.predicted) + _NOISE_PRIOR) / (counts + _NOISE_PRIOR)
        return float(((counts + _NOISE_PRIOR) * np.log(variance)).sum()) + self.penalty(structure)

    def price(self, structure: Structure, program: Program, refined: Refined, segments: int) -> Model:
        """The model of a fit: its criterion, with unit and shared constants tied and driving drags charged."""
        structure = with_fitted_constants(structure, refined.params)
        misfit = float(np.mean(self.mean_square(refined.predicted)))
        criterion = self.of(structure, refined) + DRIVING_DRAG * count_driving_drags(structure, refined.params)
        names = [
            (f"{atom.name} {k}", f"{role(atom.name, e, self.coordinates)} {k}")
            for e, terms in enumerate(structure)
            for atom in terms
            for k in range(1 + len(atom.inner))
        ]
        parsimony = simplify(
            refined.params,
            refined.information,
            coefficients_mask(structure),
            names,
            self.total,
            misfit,
            kinds=kinds_of(structure),
            given=self.given.ties(structure),
            named=self.given.labelled(structure),
            units=self.given.units(structure),
        )
        return Model(structure, program, refined, criterion - parsimony.saving, segments, parsimony)

    def adequate(self, model: Model) -> bool:
        """Whether the model's residuals are about as small as the smoother's, in every column."""
        return bool(np.all(self._against_smoother(model) < _ADEQUATE))

    def lost(self, model: Model) -> bool:
        """Whether the model fails to follow some column of the record, by more than noise can explain."""
        return bool(np.any(self._against_smoother(model) > _LOST))

    def _against_smoother(self, model: Model) -> Array:
        """Mean square residual of each observed column, relative to the smoother's, which counts as 0.05 at least."""
        return self.mean_square(model.refined.predicted) / np.maximum(self.smoother_misfit, 0.05)

    def follows(self, model: Model) -> bool:
        """Whether a law explains 90 % of the smoothed record's variance, or 98 % of some column's."""
        guess = self.record.guess
        error = ((model.refined.predicted - guess) ** 2).sum(0)
        total = np.maximum(((guess - guess.mean(0)) ** 2).sum(0), 1e-300)
        share = (1.0 - error / total)[self.counts > 0]
        return self.explained(model) > 0.9 or bool(share.max() > 0.98)

    def explained(self, model: Model) -> float:
        """Share of the smoothed record's variance that the model explains."""
        guess = self.record.guess
        seen = self.counts > 0
        error = ((model.refined.predicted - guess)[:, seen] / self.scale[seen]) ** 2
        total = ((guess - guess.mean(0))[:, seen] / self.scale[seen]) ** 2
        return 1.0 - float(error.sum() / max(total.sum(), 1e-12))
