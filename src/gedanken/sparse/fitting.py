"""Fit structures through the simulator, and remember every fit and the best one.

A structure is fitted on short pieces of the record first, where a wrong frequency cannot run out of phase, then on
longer ones, to the whole. A chaotic record can be followed on pieces only.
"""

import math
from collections.abc import Sequence

import numpy as np

from gedanken.errors import Unanswerable
from gedanken.sparse.criterion import Criterion
from gedanken.sparse.structure import Key, Model, Structure, choose_prefix, key_of, most_parameters, size_of, write
from gedanken.worlds.ode.fit import Compiler, Program, Refined, refine
from gedanken.worlds.ode.trajectory import Array

PIECES = 16  # pieces that a trajectory is cut into when no start can be followed through all of it
# Pieces, iterations, and whether the start of each piece is free, of each phase of a fit.
_PHASES = ((PIECES, 5, False), (4, 5, True), (2, 6, True), (1, 12, True))
_HOPELESS = 100.0  # excess of the criterion on pieces over the best law's, at which a fit is given up


class Fitter:
    """Fits on one record.

    Attributes:
        segments: number of pieces that each trajectory is cut into.
        models: every fit that was tried, by segments and structure; None where it failed.
        best: the fit with the smallest criterion at the present number of segments.
        fits: number of structures that were fitted.
        sensitive: the record is so sensitive to its start that fits have to be grown from pieces.
        prefix: letter of the numbered parameters.
    """

    def __init__(self, criterion: Criterion):
        self.criterion = criterion
        self.compiler = Compiler(criterion.states)
        self.prefix = choose_prefix(criterion.states, criterion.given.names)
        self.segments = 1
        self.models: dict[tuple[int, Key], Model | None] = {}
        self.best: Model | None = None
        self.fits = 0
        self.sensitive = False
        self._limits: tuple[Array, Array] | None = None  # of the structure that is being fitted

    def tried(self, structure: Structure) -> bool:
        """Whether the structure has been fitted at the present number of segments."""
        return (self.segments, key_of(structure)) in self.models

    def reprice(self) -> None:
        """Price every fit again, after a change of the criterion."""
        for key, model in self.models.items():
            if model is not None:
                self.models[key] = self.criterion.price(model.structure, model.program, model.refined, model.segments)
        fitted = [m for (pieces, _), m in self.models.items() if m is not None and pieces == self.segments]
        self.best = min(fitted, key=lambda m: m.criterion, default=None)

    def restart(self, segments: int) -> None:
        """Fit on that many pieces from now on, with no best law yet."""
        self.segments, self.best = segments, None

    def fit(
        self,
        structure: Structure,
        coefficients: Sequence[Sequence[float]],
        near: Model | None = None,
        hope: float = math.inf,
        patient: bool = False,
        again: bool = False,
    ) -> Model | None:
        """Fit a structure; None where it cannot be simulated or has too many parameters.

        Args:
            structure: the terms of each equation.
            coefficients: their coefficients to start from.
            near: a similar fitted model, from whose starts one quick fit is tried before the fit from pieces.
            hope: the criterion that is expected. If the quick fit misses it by more than 20, the fit from pieces is
                made, too.
            patient: fit to the end, however much worse than the best law it is.
            again: fit a structure that was fitted before from these values, too, and keep the better law.
        """
        completed = self.criterion.given.complete(structure, coefficients)
        if completed is None:
            return None
        structure = tuple(tuple(terms) for terms in completed[0])
        coefficients = completed[1]
        key = (self.segments, key_of(structure))
        before = self.models.get(key)
        if key in self.models and not again and (before is not None or not patient):
            return before
        if size_of(structure) > most_parameters(len(structure)):
            return None
        try:
            program = self.compiler(*write(structure, self.criterion.states, self.prefix))
        except Unanswerable:  # longer than the grammar allows
            self.models[key] = None
            return None
        self.fits += 1
        values = [
            v
            for terms, row in zip(structure, coefficients, strict=True)
            for atom, c in zip(terms, row, strict=True)
            for v in (c, *atom.inner)
        ]
        p0 = np.array(values, np.float64)
        self._limits = self.criterion.given.limits(structure)
        if near is None:
            refined = self._from_pieces(program, p0, structure, patient)
        else:
            refined = refine(
                program, p0, self.criterion.record, segments=self.segments, iterations=10, starts=near.refined.starts,
                tolerance=1e-4, limits=self._limits,
            )  # fmt: skip
            if refined is None or self.criterion.of(structure, refined) > hope + 20:
                longer = self._thorough(program, p0, structure)
                if longer is not None and (refined is None or longer.chi2 < refined.chi2):
                    refined = longer
        model = None
        if refined is not None:
            model = self.criterion.price(structure, program, refined, self.segments)
            if self.best is None or model.criterion < self.best.criterion:
                self.best = model
        if before is not None and (model is None or before.criterion <= model.criterion):
            model = before
        self.models[key] = model
        return model

    def _thorough(self, program: Program, p0: Array, structure: Structure) -> Refined | None:
        if not self.sensitive:
            return self._from_pieces(program, p0, structure)
        grown = self.grow(program, p0, structure)
        return grown.refined if grown is not None and grown.segments == self.segments else None

    def _from_pieces(self, program: Program, p0: Array, structure: Structure, patient: bool = False) -> Refined | None:
        """Fit on short pieces first, then on each longer piece from where its first half ended."""
        record = self.criterion.record
        done: Refined | None = None
        starts: Array | None = None
        before = 0
        p = p0
        for count, iterations, free in _PHASES:
            if count < self.segments:
                break
            if starts is not None:
                starts = record.carry(starts, before, count)
            done = refine(
                program, p, record, segments=count, iterations=iterations, free_starts=free, tolerance=1e-4,
                starts=starts, limits=self._limits,
            )  # fmt: skip
            if done is None:
                starts, before = None, 0
                continue
            p = done.params
            if free:
                starts, before = done.starts, count
            # Pieces with free starts fit better than the whole ever can, so a bad fit of pieces is hopeless.
            limit = math.inf if self.best is None or patient else self.best.criterion + _HOPELESS
            if 1 < count < PIECES and self.criterion.of(structure, done) > limit:
                return None
        if self.segments == PIECES:
            done = refine(program, p, record, segments=PIECES, iterations=8, limits=self._limits)
        return done

    def grow(self, program: Program, params: Array, structure: Structure, pieces: Model | None = None) -> Model | None:
        """Fit on ever longer pieces, each time from where the shorter ended, as far as the law can be followed.

        pieces: the fit on the shortest pieces, if there is one already.
        """
        record = self.criterion.record
        if pieces is None:
            refined = refine(program, params, record, segments=PIECES, iterations=10, limits=self._limits)
            if refined is None:
                return None
            pieces = self.criterion.price(structure, program, refined, PIECES)
        model = pieces
        for count in (8, 4, 2, 1):
            starts = record.carry(model.refined.starts, model.segments, count)
            longer = refine(
                program, model.refined.params, record, segments=count, iterations=25, starts=starts,
                limits=self.criterion.given.limits(structure),
            )  # fmt: skip
            if longer is None:
                break
            grown = self.criterion.price(structure, program, longer, count)
            if self.criterion.lost(grown):
                break
            model = grown
        return model
