"""The search: propose structures, fit each through the simulator, keep the one that the samples and the prior prefer."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from gedanken.tasks.discover.sparse.library import Atom, build
from gedanken.tasks.discover.sparse.parsimony import Parsimony, simplify
from gedanken.tasks.discover.sparse.propose import Columns, Proposal, WeakForm, beam_search, explained_many, propagate
from gedanken.tasks.discover.sparse.smooth import Smoothed, interpolate, smooth
from gedanken.worlds.ode.fit import Compiler, Program, Record, Refined, differentiate, refine, simulate_pieces
from gedanken.worlds.ode.kernels import MAX_PARAM
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

Structure = Sequence[Sequence[Atom]]  # the terms of each unknown equation
Key = tuple[frozenset[str], ...]

FAMILY = 5.0
REPEATED = 0.6
NOTHING = 8.0
_FLOOR = 1e-4  # accuracy that the comparison of models trusts, as a share of each column's spread
_ADEQUATE = 1.25  # residual variance against the smoother's, up to which nothing is left to explain
_CHAOS = 16  # segments a trajectory is cut into when no start can be followed through all of it


def key_of(structure: Structure) -> Key:
    """Identity of a structure: its sets of atoms, whatever their constants."""
    return tuple(frozenset(atom.name for atom in terms) for terms in structure)


def prior(structure: Structure, homes: tuple[tuple[str, ...], ...]) -> float:
    """Minus twice the log prior probability of a structure, up to a constant.

    The first atom of a family costs more than the next: a law speaks of angles or it does not. An atom that another
    equation has already, or its mirror image, is cheap, since what leaves one variable often enters another. A force that knows nothing of its
    own coordinate is rare. homes: the variables of each equation's coordinate.
    """
    families = {atom.family for terms in structure for atom in terms if atom.family}
    cost = FAMILY * len(families) + NOTHING * all(not terms for terms in structure)
    seen: set[str] = set()
    for e, terms in enumerate(structure):
        here = [(atom, role(atom.name, e, homes)) for atom in terms]
        for atom, part in here:
            cost += REPEATED * atom.cost if atom.name in seen or part in seen else atom.cost
            if atom.owners and atom.owners.isdisjoint(homes[e]):
                cost += atom.abroad
        cost -= 2 * math.lgamma(len(terms) + 1)
        seen.update(name for atom, part in here for name in (atom.name, part))
    return cost


@cache
def role(name: str, equation: int, homes: tuple[tuple[str, ...], ...]) -> str:
    """What an atom is to its equation: of two coordinates, `#` is the equation's own and `~` the other one.

    Mirror images, `vy` in the law of x and `vx` in the law of y, have the same role. With another number of
    coordinates an atom's role is its name.
    """
    if len(homes) != 2:
        return name
    swap = {v: f"#{k}" for k, v in enumerate(homes[equation])} | {v: f"~{k}" for k, v in enumerate(homes[1 - equation])}
    return _exchange(name, swap)


def size_of(structure: Structure) -> int:
    """Number of parameters."""
    return sum(1 + len(atom.inner) for terms in structure for atom in terms)


@dataclass(frozen=True)
class Model:
    """A structure fitted to the record.

    Attributes:
        structure: its atoms, with the fitted values of their own constants.
        program: the compiled equation.
        refined: parameters (coefficient, own constants of each term in turn), starts and predictions.
        criterion: minus twice the log posterior, up to a constant; smaller is better.
        segments: pieces of a trajectory it was fitted on.
    """

    structure: Structure
    program: Program
    refined: Refined
    criterion: float
    segments: int
    parsimony: Parsimony

    @property
    def key(self) -> Key:
        """Identity of the structure."""
        return key_of(self.structure)

    def coefficients(self) -> list[list[float]]:
        """The coefficient of each term."""
        at = 0
        out = []
        for terms in self.structure:
            row = []
            for atom in terms:
                row.append(float(self.refined.params[at]))
                at += 1 + len(atom.inner)
            out.append(row)
        return out


def write(structure: Structure, states: StateSpace, prefix: str = "c") -> tuple[str, list[str]]:
    """The equation of a structure, and its parameters' names in order."""
    names: list[str] = []
    sides = []
    for terms in structure:
        parts = []
        for atom in terms:
            first = len(names) + 1
            names += [f"{prefix}{first + k}" for k in range(1 + len(atom.inner))]
            text = atom.text(names[first:])
            coefficient = names[first - 1]
            if text == "1":
                parts.append(coefficient)
            elif text.startswith("1/"):
                parts.append(coefficient + text[1:])
            else:
                parts.append(f"{coefficient}*{text}")
        sides.append(" + ".join(parts) or "0")
    return "; ".join(f"{left} = {side}" for left, side in zip(states.left_sides, sides, strict=True)), names


def _prefix(states: StateSpace) -> str:
    taken = {*states.columns, *states.aliases}
    return next(
        p
        for p in ("c", "k", "p", "q", "par", "coef")
        if not any(name.startswith(p) and name[len(p) :].isdigit() for name in taken)
    )


class _Library:
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
        self.prefix = _prefix(states)
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
        self.fits = 0
        self.sensitive = False
        self.expanded: set[tuple[int, Key, int]] = set()
        self.smoother_misfit = self._mean_square(values)

    def _mean_square(self, predicted: Array) -> Array:
        """Mean square weighted residual of each observed column."""
        residual = ((predicted - self.record.y) * self.record.weights) ** 2 + self.floor
        seen = self.counts > 0
        return residual.sum(0)[seen] / self.counts[seen]

    def penalty(self, structure: Structure) -> float:
        """What the prior and the number of parameters cost."""
        return size_of(structure) * math.log(self.total) + prior(structure, self.homes)

    def criterion(self, structure: Structure, refined: Refined) -> float:
        """Extended Bayesian information criterion of the simulated record."""
        counts = self.counts[self.counts > 0]
        return float((counts * np.log(self._mean_square(refined.predicted))).sum()) + self.penalty(structure)

    def model(self, structure: Structure, program: Program, refined: Refined, segments: int) -> Model:
        """Price a fit."""
        which = [k == 0 for terms in structure for atom in terms for k in range(1 + len(atom.inner))]
        misfit = float(np.mean(self._mean_square(refined.predicted)))
        names = [
            (atom.name, role(atom.name, e, self.homes))
            for e, terms in enumerate(structure)
            for atom in terms
            for _ in range(1 + len(atom.inner))
        ]
        parsimony = simplify(refined.params, refined.information, np.array(which, bool), names, self.total, misfit)
        return Model(
            structure, program, refined, self.criterion(structure, refined) - parsimony.saving, segments, parsimony
        )

    def adequate(self, model: Model) -> bool:
        """Whether the model leaves no more than the smoother does."""
        return bool(
            np.all(self._mean_square(model.refined.predicted) < _ADEQUATE * np.maximum(self.smoother_misfit, 0.05))
        )

    def _lost(self, model: Model) -> bool:
        """Whether the model fails to follow the record at all, which noise alone does not explain."""
        misfit = self._mean_square(model.refined.predicted)
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
        """Fit a structure from starting coefficients; near: a fitted model whose starts to use, skipping short pieces."""
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
                    row.append(
                        atom if not inner else Atom(atom.name, atom.template, inner, atom.cost, atom.stage, atom.tags)
                    )
                    at += 1 + len(atom.inner)
                fitted.append(tuple(row))
            model = self.model(tuple(fitted), program, refined, self.segments)
            if self.best is None or model.criterion < self.best.criterion:
                self.best = model
        self.models[key] = model
        return model

    def _from_pieces(self, program: Program, p0: Array, structure: Structure) -> Refined | None:
        """Fit on short pieces first, and each longer one from where its first half ended."""
        done, starts, before = None, None, 0
        p = p0
        for count, iterations, free in ((_CHAOS, 5, False), (4, 5, True), (2, 6, True), (1, 12, True)):
            if count < self.segments:
                break
            if before:
                starts = _merge(starts, self.record.segments(before), self.record.segments(count))
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
            if 1 < count < _CHAOS and self.best is not None and self.criterion(structure, done) > self.best.criterion + 100:
                return None  # pieces with free starts fit better than any whole can
        if self.segments == _CHAOS:
            done = refine(program, p, self.record, segments=_CHAOS, iterations=8)
        return done

    def run(self) -> None:
        """Search, the simple library first; on short pieces where nothing follows the whole record."""
        simple = _Library(self, [atom for atom in self.atoms if atom.stage == 0])
        self._start(simple)
        self._improve(simple)
        rich = _Library(self, [atom for atom in self.atoms if atom.stage <= 1])
        if self.best is None or not self.adequate(self.best) or size_of(self.best.structure) > 1:
            self._start(rich)
            self._improve(rich)
        if self.best is None or self._lost(self.best):
            self._piecewise(simple, rich)

    def _piecewise(self, simple: "_Library", rich: "_Library") -> None:
        """Search on short pieces, each with its own start, then grow the pieces as far as they go."""
        whole = self.best
        self.segments, self.best = _CHAOS, None
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
        model = grown or model
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
            starts = _merge(model.refined.starts, self.record.segments(model.segments), self.record.segments(count))
            longer = refine(program, model.refined.params, self.record, segments=count, iterations=25, starts=starts)
            if longer is None:
                break
            grown = self.model(structure, program, longer, count)
            if self._lost(grown):
                break
            model = grown
        return model

    def _start(self, library: "_Library") -> None:
        for proposals in self._combinations(library):
            if self.stop():
                return
            self.fit(tuple(p.atoms for p in proposals), [list(p.coefficients) for p in proposals])

    def _improve(self, library: "_Library") -> None:
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

    def _combinations(self, library: "_Library") -> Iterable[list[Proposal]]:
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
            yield [next((p for p in pool if len(p.atoms) == size), pool[0]) for pool in pools]
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
            wanted = _exchange(atom.name, swap)
            match = next((x for x in library if _exchange(x.name, {}) == wanted), None)
            if match is None:
                return None
            out.append(match)
        return out


def _merge(starts: Array, fine: np.ndarray, coarse: np.ndarray) -> Array:
    """Starts of longer segments, from those of the shorter that begin (nearly) there."""
    return starts[np.clip(np.searchsorted(fine, coarse[:-1]), 0, len(starts) - 1)]


def _exchange(name: str, swap: dict[str, str]) -> str:
    """An atom's name with variables exchanged, its factors in a fixed order."""
    text = re.sub(r"[A-Za-z_]\w*", lambda m: swap.get(m[0], m[0]), name)
    return text if "(" in text or "/" in text else "*".join(sorted(text.replace("**", "^").split("*")))


class Quasilinear:
    """The simulation linearised along a reference, as a regression on every atom of every equation."""

    def __init__(self, search: Search, model: Model, library: _Library):
        self.search, self.model, self.atoms, self.pools = search, model, library.atoms, library.pools
        record, states = search.record, search.states
        n, E = states.size, len(search.rows)
        M = len(record.t)
        per = int(np.clip(round(700 / M), 1, 8))
        bounds = record.segments(model.segments)
        times, kept, cuts = [], [], [0]
        for a, b in zip(bounds[:-1], bounds[1:], strict=True):
            t = record.t[a:b]
            fine = np.concatenate([(t[:-1, None] + np.diff(t)[:, None] * np.arange(per) / per).ravel(), t[-1:]])
            mark = np.zeros(len(fine), bool)
            mark[::per] = True
            times.append(fine)
            kept.append(mark)
            cuts.append(cuts[-1] + len(fine))
        node_bounds = np.array(cuts, np.int64)
        t, keep = np.concatenate(times), np.concatenate(kept)
        resets = np.zeros(len(t), bool)
        resets[node_bounds[:-1]] = True
        p = model.refined.params
        x = None
        if search.explained(model) > 0.8:
            x = simulate_pieces(model.program, p, t, node_bounds, model.refined.starts, search.scale)
        if x is None:
            x = np.empty((len(t), n))
            first = 0
            for s, (a, b) in zip(search.smoothed, zip(record.bounds[:-1], record.bounds[1:], strict=True), strict=True):
                last = int(node_bounds[np.searchsorted(bounds, b)])
                x[first:last] = interpolate(s, states, t[first:last])
                first = last
        rhs, jacobian, by_param = differentiate(model.program, t, x, p)
        extra: list[tuple[int, int, Atom, int]] = []  # equation, term, atom, its first parameter
        at = 0
        forcing = [library.columns(t, x)]
        for e, terms in enumerate(model.structure):
            for k, atom in enumerate(terms):
                if atom.inner:
                    extra.append((e, k, atom, at))
                    own = [by_param[:, search.rows[e], at + q] for q in range(1 + len(atom.inner))]
                    forcing.append(np.stack(own, 1))
                at += 1 + len(atom.inner)
        phi = np.concatenate(forcing, axis=1)
        usable = np.isfinite(phi).all(0)
        phi = np.ascontiguousarray(np.where(usable, phi, 0.0))
        T = phi.shape[1]
        known = rhs.copy()
        known[:, search.rows] = 0.0
        drift = np.zeros((len(t), n))
        drift[1:] = 0.5 * np.diff(t)[:, None] * (known[1:] + known[:-1]) - np.diff(x, axis=0)
        S, start, fixed = np.empty((M, n, E * T)), np.empty((M, n, n)), np.empty((M, n))
        jacobian = np.where(np.isfinite(jacobian), jacobian, 0.0)
        propagate(t, jacobian, drift, phi, np.array(search.rows, np.int64), resets, keep, S, start, fixed)
        self.reference, w = x[keep], record.weights
        z = (record.y - self.reference - fixed) * w
        D = S * w[:, :, None]
        F = start * w[:, :, None]
        design, target = np.empty((M * n, E * T)), np.empty(M * n)
        for a, b in zip(bounds[:-1], bounds[1:], strict=True):
            rows = slice(a * n, b * n)
            block, out = D[a:b].reshape(-1, E * T), z[a:b].ravel()
            free = F[a:b].reshape(-1, n)
            free = free[:, np.abs(free).max(0) > 1e-12]
            with np.errstate(all="ignore"):
                q, _ = np.linalg.qr(free) if np.isfinite(free).all() else (np.zeros((len(free), 0)), None)
                design[rows] = block - q @ (q.T @ block)
                target[rows] = out - q @ (q.T @ out)
        with np.errstate(all="ignore"):
            norm = np.sqrt((design**2).sum(0))
            before = np.sqrt((D.reshape(M * n, -1) ** 2).sum(0))
            good = np.isfinite(norm) & (norm > 1e-6 * before) & np.tile(usable, E) & (norm > 1e-9)
        self.norm = np.where(good, norm, 1.0)
        unit = np.where(good, design, 0.0) / self.norm
        self.G, self.h = unit.T @ unit, unit.T @ target
        self.total = float(target @ target)
        # Groups: an atom of the library is one column; a term of the model with constants of its own brings their
        # derivatives along.
        self.groups: list[tuple[int, Atom, tuple[int, ...]]] = []
        place: dict[tuple[int, str], list[int]] = {}
        for e in range(E):
            for k, atom in enumerate(self.atoms):
                if good[e * T + k]:
                    place.setdefault((e, atom.name), []).append(len(self.groups))
                    self.groups.append((e, atom, (e * T + k,)))
        base = len(self.atoms)
        current: list[int] = []
        special = {}
        for e, k, atom, _ in extra:
            cols = tuple(e * T + base + q for q in range(1 + len(atom.inner)))
            base += len(cols)
            cols = (cols[0], *(c for c in cols[1:] if good[c]))
            if good[cols[0]]:
                special[e, k] = len(self.groups)
                self.groups.append((e, atom, cols))
        self.complete = True
        for e, terms in enumerate(model.structure):
            for k, atom in enumerate(terms):
                if (e, k) in special:
                    current.append(special[e, k])
                elif (e, atom.name) in place:
                    current.append(place[e, atom.name][0])
                else:
                    self.complete = False
        self.current = tuple(sorted(current))
        self.names = [(e, atom.name) for e, atom, _ in self.groups]

    def scores(self, subsets: list[tuple[int, ...]]) -> Array:
        """The criterion that each subset of groups should reach."""
        search = self.search
        lists = [[c for g in subset for c in self.groups[g][2]] for subset in subsets]
        sizes = np.array([len(c) for c in lists], np.int64)
        padded = np.zeros((len(lists), max(1, int(sizes.max(initial=0)))), np.int64)
        for k, c in enumerate(lists):
            padded[k, : len(c)] = c
        gain = np.empty(len(lists))
        explained_many(self.G, self.h, padded, sizes, gain)
        N = search.total
        floor = float(search.floor.sum())
        out = np.full(len(lists), np.inf)
        for k, subset in enumerate(subsets):
            if gain[k] < 0 and sizes[k] > 0:
                continue
            rss = max(self.total - max(gain[k], 0.0), 0.0) + floor
            cost = 0.0
            terms = [0] * len(search.rows)
            parameters = 0
            for g in subset:
                e, atom, _ = self.groups[g]
                cost += atom.cost
                terms[e] += 1
                parameters += 1 + len(atom.inner)
            if parameters > MAX_PARAM or max(terms) > 6:
                continue
            out[k] = (
                N * math.log(rss / N) + cost + parameters * math.log(N) - 2 * sum(math.lgamma(k_ + 1) for k_ in terms)
            )
        return out

    def _moves(self, subset: tuple[int, ...]) -> Iterable[tuple[int, ...]]:
        taken = {self.names[g] for g in subset}
        for g in subset:
            rest = tuple(x for x in subset if x != g)
            yield rest
            for other in range(len(self.groups)):
                if self.groups[other][0] == self.groups[g][0] and self.names[other] not in taken:
                    yield tuple(sorted((*rest, other)))
        for other in range(len(self.groups)):
            if self.names[other] not in taken:
                yield tuple(sorted((*subset, other)))

    def _whole_sides(self) -> list[tuple[int, ...]]:
        """For each equation the best right-hand sides of every size, the others keeping their terms."""
        out = []
        place = {name: g for g, name in reversed(list(enumerate(self.names)))}
        for e in range(len(self.search.rows)):
            rest = [g for g in self.current if self.groups[g][0] != e]
            for p in self.pools[e][:12]:
                wanted = [place.get((e, atom.name)) for atom in p.atoms]
                if None not in wanted:
                    out.append(tuple(sorted([*rest, *(g for g in wanted if g is not None)])))
            base = [c for g in rest for c in self.groups[g][2]]
            own = [g for g, (equation, _, cols) in enumerate(self.groups) if equation == e and len(cols) == 1]
            cols = [self.groups[g][2][0] for g in own]
            G, h = self.G[np.ix_(cols, cols)], self.h[cols]
            if base:  # what is left when the other equations may adjust
                cross = self.G[np.ix_(base, cols)]
                solved = np.linalg.lstsq(
                    self.G[np.ix_(base, base)], np.column_stack([cross, self.h[base]]), rcond=1e-9
                )[0]
                G, h = G - cross.T @ solved[:, :-1], h - cross.T @ solved[:, -1]
            scale = np.sqrt(np.maximum(np.diag(G), 1e-12))
            labels: dict[str, int] = {}
            identity = np.array([labels.setdefault(self.names[g][1], len(labels)) for g in own], np.int64)
            subsets, gain = beam_search(G / np.outer(scale, scale), h / scale, identity, min(5, len(labels)), 30)
            for size in range(subsets.shape[0]):
                for rank in range(12):
                    if gain[size, rank] >= 0:
                        out.append(tuple(sorted([*rest, *(own[k] for k in subsets[size, rank, : size + 1])])))
        return out

    def neighbours(self) -> list[tuple[Structure, list[list[float]], float]]:
        """Structures in the order of the criterion that they should reach, with starting coefficients."""
        found: dict[tuple[int, ...], float] = {}
        front = [self.current]
        front += self._whole_sides()
        front = list(dict.fromkeys(front))
        found.update(zip(front, self.scores(front), strict=True))
        front = [self.current]
        for width in (8, 4, 0):
            fresh = list(dict.fromkeys(m for subset in front for m in self._moves(subset) if m not in found))
            found.update(zip(fresh, self.scores(fresh), strict=True))
            if not width:
                break
            front = sorted(found, key=lambda s: found[s])[:width]
        out = []
        keys = set()
        for subset in sorted(found, key=lambda s: found[s])[:150]:
            if not math.isfinite(found[subset]):
                break
            structure, coefficients = self._solution(subset)
            key = key_of(structure)
            if key not in keys:
                keys.add(key)
                out.append((structure, coefficients, found[subset]))
        return out

    def _solution(self, subset: tuple[int, ...]) -> tuple[Structure, list[list[float]]]:
        cols = [c for g in subset for c in self.groups[g][2]]
        E = len(self.search.rows)
        structure: list[list[Atom]] = [[] for _ in range(E)]
        coefficients: list[list[float]] = [[] for _ in range(E)]
        if cols:
            solution = np.linalg.lstsq(self.G[np.ix_(cols, cols)], self.h[cols], rcond=1e-12)[0] / self.norm[cols]
        at = 0
        for g in subset:
            e, atom, own = self.groups[g]
            structure[e].append(atom)
            coefficients[e].append(float(solution[at]))
            if len(own) == 1 + len(atom.inner) and atom.inner:
                moved = []
                for k, value in enumerate(atom.inner):
                    step = float(solution[at + 1 + k])
                    moved.append(value + float(np.clip(step, -0.5 * abs(value), 0.5 * abs(value))))
                structure[e][-1] = replace(atom, inner=tuple(moved))
            at += len(own)
        return tuple(tuple(terms) for terms in structure), coefficients


__all__ = ["Model", "Quasilinear", "Search", "Smoothed", "Structure", "key_of", "write"]
