"""The search: propose structures, fit each through the simulator, keep what the samples and the prior prefer."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from gedanken.sparse.library import Atom, build, drive
from gedanken.sparse.quasilinear import Quasilinear
from gedanken.sparse.smooth import smooth
from gedanken.sparse.structure import (
    PUSHED,
    Key,
    Model,
    Structure,
    choose_prefix,
    coefficients_mask,
    exchange,
    key_of,
    prior,
    pushes,
    role,
    size_of,
    write,
)
from gedanken.sparse.tying import DIMENSIONAL_UNIT, UNIT, simplify
from gedanken.sparse.weak import Columns, Proposal, WeakForm
from gedanken.worlds.ode.fit import Compiler, Program, Record, Refined, refine
from gedanken.worlds.ode.kernels import MAX_PARAM
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

_FLOOR = 1e-4  # accuracy that the comparison of models trusts, as a share of each column's spread
_ADEQUATE = 1.25  # residual variance against the smoother's, up to which nothing is left to explain
# Samples below which no periodic force is looked for: among the frequencies and phases of a spectrum some fit always
# follows what a short record leaves over (21 years of hare and lynx gained a sine that nobody would believe).
_DRIVEN = 60
_NOISE_PRIOR = 10.0  # samples that the smoother's estimate of the noise is worth
_CHAOS = 16  # segments a trajectory is cut into when no start can be followed through all of it


class Library:
    """Atoms, compiled, with the weak form's best right-hand sides for each equation."""

    def __init__(self, search: "Search", atoms: Sequence[Atom]):
        self.atoms = list(atoms)
        self.columns = Columns([atom.text() for atom in atoms], search.states)
        self.weak = WeakForm(search.states, search.smoothed, atoms, self.columns, search.rows)
        E = len(search.rows)
        self.pools = [self.weak.best_subsets(e, {1: 5, 2: 5, 3: 5}.get(E, 4), 6) for e in range(E)]


class Search:
    """One search over one set of records. Everything it does is a function of its arguments, counted in fits."""

    def __init__(
        self,
        states: StateSpace,
        trajectories: Sequence[Trajectory],
        hint: str = "",
        progress: Callable[[str], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ):
        self.states, self.trajectories = states, list(trajectories)
        self.progress, self.stop = progress, stop
        self.smoothed = smooth(states, self.trajectories)
        self.hint = hint
        self.prefix = choose_prefix(states)
        observed = np.concatenate([s.live for s in self.smoothed])
        values = np.concatenate([s.values for s in self.smoothed])
        scale = values.std(0)
        scale = np.where(
            scale > 1e-9 * (np.abs(values).max(0) + 1e-300), scale, np.maximum(np.abs(values).max(0), 1e-9)
        )
        sigma = [np.where(s.weights > 0, np.maximum(s.sigma, 2 * _FLOOR * scale), np.inf) for s in self.smoothed]
        self.record = Record.of(self.trajectories, sigma, [s.values for s in self.smoothed])
        self.scale = self.record.scale
        self.floor = (_FLOOR * scale * self.record.weights) ** 2
        self.counts = observed.sum(0)
        self.total = int(self.counts.sum())
        steps = np.max([np.abs(np.diff(s.values, axis=0)).max(0) for s in self.smoothed], axis=0)
        self.atoms = build(states, values, steps, hint)
        self.rows = [i for i, derivative in enumerate(states.derivative_of) if derivative is None]
        self.homes = tuple((c.name,) if c.velocity is None else (c.name, c.velocity) for c in states.coordinates)
        self.compiler = Compiler(states)
        self.segments = 1
        self.models: dict[tuple[int, Key], Model | None] = {}
        self.best: Model | None = None
        self.unit = UNIT if not any(c.velocity for c in states.coordinates) else DIMENSIONAL_UNIT
        self.fits = 0
        self.sensitive = False
        self.expanded: set[tuple[int, Key, int]] = set()
        self.smoother_misfit = self.mean_square(values)

    def mean_square(self, predicted: Array) -> Array:
        """Mean square weighted residual of each observed column."""
        residual = ((predicted - self.record.y) * self.record.weights) ** 2 + self.floor
        seen = self.counts > 0
        return np.asarray(residual.sum(0)[seen] / self.counts[seen])

    def penalty(self, structure: Structure) -> float:
        """What the prior and the number of parameters cost."""
        k = size_of(structure)
        fitted = k + self.states.size * len(self.trajectories)
        # The small-sample term of AICc (Hurvich & Tsai, Biometrika 76, 1989); it vanishes for long records.
        spare = self.total - fitted - 1
        if spare < 1:
            return math.inf
        return k * math.log(max(self.total, 30)) + 2 * fitted * (fitted + 1) / spare + prior(structure, self.homes)

    def criterion(self, structure: Structure, refined: Refined) -> float:
        """Extended Bayesian information criterion of the simulated record.

        The noise level of each column is integrated over, with the smoother's estimate worth a few samples, so that a
        short record is not explained better than its noise allows.
        """
        counts = self.counts[self.counts > 0]
        variance = (counts * self.mean_square(refined.predicted) + _NOISE_PRIOR) / (counts + _NOISE_PRIOR)
        return float(((counts + _NOISE_PRIOR) * np.log(variance)).sum()) + self.penalty(structure)

    def model(self, structure: Structure, program: Program, refined: Refined, segments: int) -> Model:
        """Price a fit."""
        misfit = float(np.mean(self.mean_square(refined.predicted)))
        criterion = self.criterion(structure, refined) + PUSHED * pushes(structure, refined.params)
        names = [
            (f"{atom.name} {k}", f"{role(atom.name, e, self.homes)} {k}")
            for e, terms in enumerate(structure)
            for atom in terms
            for k in range(1 + len(atom.inner))
        ]
        parsimony = simplify(
            refined.params, refined.information, coefficients_mask(structure), names, self.total, misfit
        )
        return Model(structure, program, refined, criterion - parsimony.saving, segments, parsimony)

    def adequate(self, model: Model) -> bool:
        """Whether the model leaves no more than the smoother does."""
        return bool(
            np.all(self.mean_square(model.refined.predicted) < _ADEQUATE * np.maximum(self.smoother_misfit, 0.05))
        )

    def _lost(self, model: Model) -> bool:
        """Whether the model fails to follow the record at all, which noise alone does not explain."""
        misfit = self.mean_square(model.refined.predicted)
        return bool(np.any(misfit > 4.0 * np.maximum(self.smoother_misfit, 0.05)))

    def explained(self, model: Model) -> float:
        """Share of the smoothed record's variance that the model explains."""
        guess = self.record.guess
        seen = self.counts > 0
        error = ((model.refined.predicted - guess)[:, seen] / self.scale[seen]) ** 2
        total = ((guess - guess.mean(0))[:, seen] / self.scale[seen]) ** 2
        return 1.0 - float(error.sum() / max(total.sum(), 1e-12))

    def fit(
        self,
        structure: Structure,
        coefficients: Sequence[Sequence[float]],
        near: Model | None = None,
        hope: float = math.inf,
    ) -> Model | None:
        """Fit a structure from starting coefficients; near: a fitted model whose starts to use, not those of pieces."""
        structure = tuple(tuple(terms) for terms in structure)
        key = (self.segments, key_of(structure))
        if key in self.models:
            return self.models[key]
        if size_of(structure) > MAX_PARAM:
            return None
        self.fits += 1
        text, names = write(structure, self.states, self.prefix)
        program = self.compiler(text, names)
        values = [
            v
            for terms, row in zip(structure, coefficients, strict=True)
            for atom, c in zip(terms, row, strict=True)
            for v in (c, *atom.inner)
        ]
        p0 = np.array(values, np.float64)
        refined = None
        if near is not None:
            refined = refine(
                program,
                p0,
                self.record,
                segments=self.segments,
                iterations=10,
                starts=near.refined.starts,
                tolerance=1e-4,
            )
            if refined is None or self.criterion(structure, refined) > hope + 20:
                if self.sensitive:
                    grown = self._grow(program, p0, structure)
                    again = grown.refined if grown is not None and grown.segments == self.segments else None
                else:
                    again = self._from_pieces(program, p0, structure)
                if again is not None and (refined is None or again.chi2 < refined.chi2):
                    refined = again
        elif refined is None:
            refined = self._from_pieces(program, p0, structure)
        model = None
        if refined is not None:
            at = 0
            fitted = []
            for terms in structure:
                row = []
                for atom in terms:
                    inner = tuple(float(v) for v in refined.params[at + 1 : at + 1 + len(atom.inner)])
                    row.append(replace(atom, inner=inner) if inner else atom)
                    at += 1 + len(atom.inner)
                fitted.append(tuple(row))
            model = self.model(tuple(fitted), program, refined, self.segments)
            if self.best is None or model.criterion < self.best.criterion:
                self.best = model
        self.models[key] = model
        return model

    def _from_pieces(self, program: Program, p0: Array, structure: Structure) -> Refined | None:
        """Fit on short pieces first, and each longer one from where its first half ended."""
        done: Refined | None = None
        starts: Array | None = None
        before = 0
        p = p0
        for count, iterations, free in ((_CHAOS, 5, False), (4, 5, True), (2, 6, True), (1, 12, True)):
            if count < self.segments:
                break
            if starts is not None:
                starts = self.record.carry(starts, before, count)
            done = refine(
                program, p, self.record, segments=count, iterations=iterations, free_starts=free, tolerance=1e-4,
                starts=starts,
            )  # fmt: skip
            if done is None:
                starts, before = None, 0
                continue
            p = done.params
            if free:
                starts, before = done.starts, count
            if (
                1 < count < _CHAOS
                and self.best is not None
                and self.criterion(structure, done) > self.best.criterion + 100
            ):
                return None  # pieces with free starts fit better than any whole can
        if self.segments == _CHAOS:
            done = refine(program, p, self.record, segments=_CHAOS, iterations=8)
        return done

    def run(self) -> None:
        """Search, the simple library first; on short pieces where nothing follows the whole record."""
        self._say("the simple terms")
        simple = Library(self, [atom for atom in self.atoms if atom.stage == 0])
        self._start(simple)
        self._improve(simple)
        rich = Library(self, [atom for atom in self.atoms if atom.stage <= 1])
        if self.best is None or not self.adequate(self.best) or size_of(self.best.structure) > 1:
            self._say("all terms")
            self._start(rich)
            self._improve(rich)
        shortest = min(len(trajectory.t) for trajectory in self.trajectories)
        if self.best is not None and not self.adequate(self.best) and shortest >= _DRIVEN:
            self._driven(rich)
        long = shortest >= 4 * _CHAOS
        if self.best is None or (long and self._lost(self.best)):
            self._piecewise(simple, rich)

    def outliers(self) -> list[np.ndarray]:
        """Readings far off a law that fits the others, one mask (m, n) a trajectory; none where the law is in doubt."""
        odd = np.zeros(self.record.y.shape, bool)
        if self.best is not None and self.segments == 1:
            z = np.abs(self.best.refined.predicted - self.record.y) * self.record.weights
            for i in np.flatnonzero(self.counts > 20):
                used = self.record.weights[:, i] > 0
                odd[used, i] = z[used, i] > 5.0 * max(1.4826 * float(np.median(z[used, i])), 0.5)
                several = odd[1:-1, i] & odd[:-2, i] & odd[2:, i]
                if several.any() or odd[:, i].sum() > 0.1 * used.sum():
                    odd[:, i] = False  # a feature that the law misses
        return [odd[a:b] for a, b in pairwise(self.record.bounds)]

    def _driven(self, library: "Library") -> None:
        """Something is left to explain: try periodic forces of the time, at the frequencies that explain it best."""
        best = self.best
        assert best is not None
        self._say("periodic forces")
        plain = [atom for atom in library.atoms if atom.name in ("1", *self.states.columns)]
        found: dict[Atom, None] = {}
        for e in range(len(self.rows)):
            for factor in (None, *range(self.states.size)):
                for base in (best.structure[e], plain):
                    for frequency, phase in library.weak.frequencies(e, base, factor, 3 if factor is None else 1):
                        name = "" if factor is None else self.states.columns[factor]
                        found.update(dict.fromkeys(drive(name, frequency, phase, self.hint)))
        waves = list(found)
        driven = Library(self, [*(atom for atom in self.atoms if atom.stage == 0), *waves])
        # The linear response to each force, from which what is not needed falls off.
        for e in range(len(self.rows)):
            for wave in waves:
                sides = [pool[0] for pool in driven.pools]
                response = driven.weak.coefficients(e, [*plain, wave])
                if response is not None and not self.stop():
                    sides[e] = response
                    self.fit([p.atoms for p in sides], [list(p.coefficients) for p in sides])
        self._start(driven)
        self._improve(driven)

    def _begin(self, segments: int) -> None:
        """Look at the record anew, in that many pieces a trajectory."""
        self.segments, self.best = segments, None

    def _say(self, what: str) -> None:
        if self.progress is not None:
            law = "" if self.best is None else "; so far " + write(self.best.structure, self.states, self.prefix)[0]
            self.progress(f"{self.fits} laws fitted, trying {what}{law}")

    def _piecewise(self, simple: "Library", rich: "Library") -> None:
        """Search on short pieces, each with its own start, then grow the pieces as far as they go."""
        self._say("short pieces of a sensitive record")
        whole = self.best
        self._begin(_CHAOS)
        self._start(simple)
        self._improve(simple)
        if self.best is None or self._lost(self.best):
            self._start(rich)
            self._improve(rich)
        model = self.best
        if model is None:
            self.segments, self.best = 1, whole
            return
        grown = self._grow(model.program, model.refined.params, model.structure, model)
        model = model if grown is None else grown
        self.segments, self.best = model.segments, model
        if self.segments < _CHAOS:
            self.sensitive = True
            self.models[self.segments, model.key] = model
            self._improve(rich)
        if whole is not None and self.segments > 1 and self.explained(whole) > 0.9:
            self.segments, self.best = 1, whole

    def _grow(self, program: Program, params: Array, structure: Structure, pieces: Model | None = None) -> Model | None:
        """Fit on pieces, then on ever longer ones, each time from where the shorter ended, as far as it goes."""
        if pieces is None:
            refined = refine(program, params, self.record, segments=_CHAOS, iterations=10)
            if refined is None:
                return None
            pieces = self.model(structure, program, refined, _CHAOS)
        model = pieces
        for count in (8, 4, 2, 1):
            starts = self.record.carry(model.refined.starts, model.segments, count)
            longer = refine(program, model.refined.params, self.record, segments=count, iterations=25, starts=starts)
            if longer is None:
                break
            grown = self.model(structure, program, longer, count)
            if self._lost(grown):
                break
            model = grown
        return model

    def _start(self, library: "Library") -> None:
        for proposals in self._combinations(library):
            if self.best is not None and self.stop():
                return
            self.fit(tuple(p.atoms for p in proposals), [list(p.coefficients) for p in proposals])

    def _improve(self, library: "Library") -> None:
        """Move to the best neighbour until there is none."""
        for _ in range(12):
            if self.best is None or self.stop():
                return
            center = self._next(len(library.atoms))
            if center is None:
                return
            tried = 0
            for structure, coefficients, predicted in Quasilinear(self, center, library).neighbours():
                if tried >= 14 or self.stop():
                    break
                if (self.segments, key_of(structure)) in self.models:
                    continue
                if predicted > self.best.criterion + 25 and tried >= 4:
                    break
                tried += 1
                self.fit(structure, coefficients, near=center, hope=predicted)

    def _next(self, size: int) -> Model | None:
        """The best model whose neighbours in a library of this size have not been tried, among the three best."""
        assert self.best is not None
        models = [m for (segments, _), m in self.models.items() if m is not None and segments == self.segments]
        for model in sorted(models, key=lambda m: m.criterion)[:3]:
            mark = (model.segments, model.key, size)
            if model.criterion < self.best.criterion + 10 and mark not in self.expanded:
                self.expanded.add(mark)
                return model
        return None

    def _combinations(self, library: "Library") -> Iterable[list[Proposal]]:
        pools, weak = library.pools, library.weak
        E = len(pools)
        if E == 1:
            by_size: dict[int, int] = {}
            for p in pools[0]:
                by_size[len(p.atoms)] = by_size.get(len(p.atoms), 0) + 1
                if by_size[len(p.atoms)] <= 2:
                    yield [p]
            return
        for rank in range(4):
            yield [pool[min(rank, len(pool) - 1)] for pool in pools]
        for size in range(1, 6):
            ranked = [[p for p in pool if len(p.atoms) == size][:3] or pool[:1] for pool in pools]
            if E == 2 and size <= 3:
                yield from ([a, b] for a in ranked[0] for b in ranked[1])
            else:
                yield [pool[0] for pool in ranked]
        if E == 2:
            for e in range(2):
                for p in pools[e][:4]:
                    image = self.mirror(p.atoms, e, 1 - e, library.atoms)
                    if image is None:
                        continue
                    bare = [atom for atom in image if atom.name != "1"]
                    for terms in (bare, [*bare, library.atoms[0]]):  # a uniform force breaks the symmetry of the axes
                        other = weak.coefficients(1 - e, terms)
                        if other is not None:
                            yield [p, other] if e == 0 else [other, p]

    def mirror(self, atoms: Sequence[Atom], source: int, target: int, library: Sequence[Atom]) -> list[Atom] | None:
        """The right-hand side of one equation with the roles of the two coordinates exchanged."""
        a, b = self.states.coordinates[source], self.states.coordinates[target]
        swap = {a.name: b.name, b.name: a.name}
        if a.velocity and b.velocity:
            swap |= {a.velocity: b.velocity, b.velocity: a.velocity}
        out = []
        for atom in atoms:
            wanted = exchange(atom.name, swap)
            match = next((x for x in library if exchange(x.name, {}) == wanted), None)
            if match is None:
                return None
            out.append(match)
        return out
