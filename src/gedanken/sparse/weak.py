"""Propose right-hand sides from the smoothed record alone, by a weak-form regression.

Multiplied by test functions and integrated by parts, a law is linear in its coefficients and needs no derivative of the
data (weak form: Messenger & Bortz, Multiscale Model. Simul. 19, 2021). A beam search on the Gram matrix finds the best
subsets of every size, so no threshold has to be tuned. The regression sees the whole library at once and is cheap, but
it ignores how an error at one time changes the trajectory later; its proposals are therefore fitted through the
simulator.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gedanken.sparse import inner
from gedanken.sparse.given import NOTHING, Given
from gedanken.sparse.library import Atom
from gedanken.sparse.smooth import Smoothed, interpolate
from gedanken.sparse.subsets import beam_search
from gedanken.worlds.ode.fit import Compiler, evaluate
from gedanken.worlds.ode.trajectory import Array, StateSpace

BEAM = 60
_WIDTHS = (0.03, 0.06, 0.12)  # half widths of the test functions, as shares of the record's duration
_GRID, _GRID_OF_MANY = 801, 401  # points of the quadrature over a record, and over each of more than `_MANY`
_MANY = 4


class Columns:
    """Expressions of the state variables, compiled once and evaluated on any states."""

    def __init__(self, texts: Sequence[str], states: StateSpace):
        plain = StateSpace(StateSpace.first_order(*states.columns).coordinates, states.inputs)
        compiler = Compiler(plain)
        self.size, self.width = len(texts), states.size
        self._programs = []
        for k in range(0, len(texts), self.width):
            block = list(texts[k : k + self.width])
            block += ["0"] * (self.width - len(block))
            self._programs.append(
                compiler("; ".join(f"d{n}/dt = {text}" for n, text in zip(plain.columns, block, strict=True)))
            )

    def __call__(self, t: Array, x: Array, u: Array | None = None) -> Array:
        """Values at times t (m,), states x (m, n) and inputs u (m, k), shape (m, expressions)."""
        values = [evaluate(program, t, x, None, u) for program in self._programs]
        return np.concatenate(values, axis=1)[:, : self.size] if values else np.empty((len(t), 0))


class HeldTerms:
    """The terms of each equation whose coefficients are known, as values on any states.

    `inner`: also those with constants inside, at the values that these begin with.
    """

    def __init__(self, given: Given, states: StateSpace, equations: int, *, inner: bool = False):
        self.equations = equations
        self._places: list[int] = []
        texts = []
        for e, terms in enumerate(given.required):
            for atom in terms:
                if atom.held and (inner or not atom.inner):
                    self._places.append(e)
                    texts.append(atom.text())
        self._columns = Columns(texts, states)

    def __call__(self, t: Array, x: Array, u: Array | None = None) -> Array:
        """Their sum in each equation at times t (m,), states x (m, n) and inputs u (m, k), shape (m, equations)."""
        out = np.zeros((len(t), self.equations))
        values = self._columns(t, x, u)
        for k, e in enumerate(self._places):
            out[:, e] += values[:, k]
        return out


@dataclass(frozen=True)
class Proposal:
    """A right-hand side for one equation.

    Attributes:
        atoms: its terms.
        coefficients: their coefficients, shape (terms,).
        misfit: share of the target's sum of squares that it leaves unexplained.
    """

    atoms: tuple[Atom, ...]
    coefficients: Array
    misfit: float

    @property
    def key(self) -> frozenset[str]:
        """The set of atoms, whatever their constants."""
        return frozenset(atom.name for atom in self.atoms)


class WeakForm:
    """The weak-form regression of all unknown equations on a library.

    Attributes:
        atoms: the library.
        columns: its atoms, compiled.
        pools: for each equation, its best right-hand sides of every size (up to 5 terms; 4 with more than three
            equations), best first.
    """

    def __init__(
        self,
        states: StateSpace,
        smoothed: Sequence[Smoothed],
        atoms: Sequence[Atom],
        targets: Sequence[int],
        given: Given = NOTHING,
    ):
        """Args: targets holds, for each unknown equation, the index of the state whose derivative it gives."""
        self.given = given
        held = HeldTerms(given, states, len(targets), inner=True)
        self.atoms = list(atoms)
        self.columns = Columns([atom.text() for atom in atoms], states)
        self._equations = len(targets)
        self._states = states
        self._tests: list[tuple[Array, Array, Array, Array | None]] = []
        blocks: dict[float, list[tuple[Array, Array, Array]]] = {width: [] for width in _WIDTHS}
        for record in smoothed:
            t = np.linspace(record.t[0], record.t[-1], _GRID if len(smoothed) <= _MANY else _GRID_OF_MANY)
            x = interpolate(record, states, t)
            u = None if record.drive is None else record.drive.at(t)
            theta, known = self.columns(t, x, u), held(t, x, u)
            sigma = np.stack([np.interp(t, record.t, record.sigma[:, r]) for r in targets], 1)
            span, step = t[-1] - t[0], t[1] - t[0]
            for width, rows in blocks.items():
                half = width * span
                centre = np.linspace(t[0] + half, t[-1] - half, 60 if width > 0.05 else 120)
                s = (t[None, :] - centre[:, None]) / half
                inside = np.abs(s) < 1
                bump = np.where(inside, (1 - s**2) ** 4, 0.0) * (step / half)
                if width == _WIDTHS[1]:
                    self._tests.append((t, bump, x, u))
                slope = np.where(inside, -8 * s * (1 - s**2) ** 3, 0.0) * (step / half**2)
                # The noise in each row's target, relative to the median row: rows differ where the noise grows with the
                # signal.
                noise = np.sqrt((slope**2) @ sigma**2)
                noise = np.maximum(noise / np.median(noise, axis=0), 0.05)
                with np.errstate(all="ignore"):
                    rows.append((bump @ theta, -(slope @ x[:, list(targets)]) - bump @ known, noise))
        joined = [tuple(np.concatenate([row[k] for row in rows]) for k in range(3)) for rows in blocks.values()]
        # With and without weights: the weights assume that the smoother errs only by the noise, which is not always so.
        self.systems = joined + [(a, b, np.ones_like(noise)) for a, b, noise in joined if np.ptp(noise) > 0.1]
        self.middle = joined[1]
        self.usable = np.all([np.isfinite(a).all(0) & (np.abs(a).max(0) > 1e-12) for a, _, _ in self.systems], axis=0)
        self.index: dict[str, list[int]] = {}
        for k, atom in enumerate(self.atoms):
            if self.usable[k]:
                self.index.setdefault(atom.name, []).append(k)

    @cached_property
    def pools(self) -> list[list[Proposal]]:
        """See the class."""
        largest = 5 if self._equations <= 3 else 4
        return [self.best_subsets(e, largest, 6) for e in range(self._equations)]

    def best_subsets(self, equation: int, largest: int, per_size: int) -> list[Proposal]:
        """The best right-hand sides of every size up to `largest`, at most `per_size` from each regression.

        There is one regression for each width of test functions, with weights and without.
        """
        pool: dict[frozenset[str], Proposal] = {}
        required = [
            self.index[atom.name][0]
            for atom in (self.given.required[equation] if self.given.facts is not None else ())
            if atom.name in self.index
        ]
        taken_names = {self.atoms[k].name for k in required}
        good = np.array(
            [
                k
                for k in np.flatnonzero(self.usable)
                if self.atoms[k].name not in taken_names and self.given.allows(equation, self.atoms[k])
            ],
            np.intp,
        )
        names: dict[str, int] = {}
        identity = np.array([names.setdefault(self.atoms[k].name, len(names)) for k in good])
        for a, b, noise in self.systems:
            rows = a[:, good] / noise[:, equation, None]
            norm = np.linalg.norm(rows, axis=0)
            unit = rows / norm
            target = b[:, equation] / noise[:, equation]
            always = a[:, required] / noise[:, equation, None]
            if required:
                # What the known terms explain is not to be explained by others: project them out.
                basis = np.linalg.qr(always)[0]
                unit = unit - basis @ (basis.T @ unit)
                scale = np.maximum(np.linalg.norm(unit, axis=0), 1e-9)
                unit, norm, whole = unit / scale, norm * scale, target
                target = target - basis @ (basis.T @ target)
            total = float(target @ target) + 1e-300
            if required:
                alone = np.linalg.lstsq(always, whole, rcond=None)[0]
                pool.setdefault(frozenset(taken_names), Proposal(tuple(self.atoms[k] for k in required), alone, 1.0))
            if not len(good):
                continue
            best, gain = beam_search(unit.T @ unit, unit.T @ target, identity, min(largest, len(names)), BEAM)
            for k in range(best.shape[0]):
                taken: set[frozenset[str]] = set()
                for rank in range(BEAM):
                    if gain[k, rank] < 0 or len(taken) >= per_size:
                        break
                    chosen = best[k, rank, : k + 1]
                    atoms = tuple(self.atoms[good[c]] for c in chosen)
                    key = frozenset(atom.name for atom in atoms)
                    if key in taken:
                        continue
                    taken.add(key)
                    misfit = max(1 - float(gain[k, rank]) / total, 1e-14)
                    key |= taken_names
                    if key not in pool or misfit < pool[key].misfit:
                        atoms = (*(self.atoms[k] for k in required), *atoms)
                        if required:
                            both = np.hstack([always, rows[:, chosen]])
                            coefficients = np.linalg.lstsq(both, whole, rcond=None)[0]
                        else:
                            coefficients = np.linalg.lstsq(unit[:, chosen], target, rcond=None)[0] / norm[chosen]
                        pool[key] = Proposal(atoms, coefficients, misfit)
        for proposal in self._refine_inner(equation, good, identity, required):
            if proposal.key not in pool or proposal.misfit < pool[proposal.key].misfit:
                pool[proposal.key] = proposal
        # An information criterion for 60 effective samples, since rows of overlapping test functions are correlated.
        nothing = [] if required else [Proposal((), np.empty(0), 1.0)]
        return sorted(
            [*nothing, *pool.values()],
            key=lambda p: 60 * np.log(p.misfit + 1e-9) + 6 * len(p.atoms) + sum(a.cost for a in p.atoms),
        )

    def _evaluate(self, atoms: Sequence[Atom]) -> Array:
        """Columns of any atoms under the test functions of the middle width, shape (rows, atoms)."""
        columns = Columns([atom.text() for atom in atoms], self._states)
        return np.concatenate([bump @ columns(t, x, u) for t, bump, x, u in self._tests])

    @cached_property
    def _inner_slopes(self) -> dict[int, Array]:
        """Slopes of each usable atom's column by its inner constants, shape (rows, constants), by its number."""
        numbers = [k for k in np.flatnonzero(self.usable).tolist() if self.atoms[k].inner]
        with np.errstate(all="ignore"):
            changed = self._evaluate([each for k in numbers for each in inner.shifted(self.atoms[k])])
        found, at = {}, 0
        for k in numbers:
            count = len(self.atoms[k].inner)
            found[k] = inner.slopes(self.atoms[k], self.middle[0][:, k], changed[:, at : at + count])
            at += count
        return found

    def _refine_inner(
        self, equation: int, good: np.ndarray, identity: np.ndarray, required: Sequence[int]
    ) -> list[Proposal]:
        """Right-hand sides with constants inside, by what they would explain at the best of these, refined to them.

        Args:
            equation: its number.
            good: numbers of the atoms that may be chosen.
            identity: of each; equal for atoms that differ in the values of their inner constants only.
            required: numbers of the atoms that every right-hand side has.
        """
        a, b, noise = self.middle
        weight = noise[:, equation, None]
        target = b[:, equation] / noise[:, equation]
        always = a[:, required] / weight
        places = [p for p, k in enumerate(good.tolist()) if k in self._inner_slopes]
        slopes = [self._inner_slopes[good[p]] for p in places]
        if not places:
            return []
        proposals = []
        for chosen in inner.best_subsets(
            np.hstack([always, target[:, None]]), a[:, good] / weight, places, [s / weight for s in slopes], identity
        ):
            atoms = [self.atoms[good[p]] for p in chosen]
            with np.errstate(all="ignore"):
                found = inner.refine_constants(atoms, lambda some: self._evaluate(some) / weight, always, target)
            if found is not None:
                better, coefficients, left = found
                misfit = max(left / (float(target @ target) + 1e-300), 1e-14)
                proposals.append(Proposal((*(self.atoms[k] for k in required), *better), coefficients, misfit))
        return proposals

    def frequencies(
        self, equation: int, atoms: Sequence[Atom], factor: int | None = None, count: int = 3
    ) -> list[tuple[float, float]]:
        """Periodic forces that explain most of the residual of a right-hand side.

        Args:
            equation: number of the equation.
            atoms: the right-hand side.
            factor: index of the state that the force is multiplied by, or None.
            count: how many to return.

        Returns:
            Angular frequency and phase of each, the best first.
        """
        a, b, noise = self.middle
        chosen = [self.index[atom.name][0] for atom in atoms if atom.name in self.index]
        rows = a[:, chosen] / noise[:, equation, None]
        target = b[:, equation] / noise[:, equation]
        t = self._tests[0][0]
        span = t[-1] - t[0]
        # From half a period in the record up to the highest frequency that the test functions do not average out.
        grid = 2 * np.pi / span * np.arange(0.5, 1.5 / _WIDTHS[1], 0.125)
        left, phases = np.empty(len(grid)), np.empty(len(grid))
        for k, w in enumerate(grid):
            wave = [
                np.concatenate(
                    [bump @ (f(w * at) * (1.0 if factor is None else x[:, factor])) for at, bump, x, _ in self._tests]
                )
                for f in (np.cos, np.sin)
            ]
            design = np.column_stack([rows, *(column / noise[:, equation] for column in wave)])
            solution, *_ = np.linalg.lstsq(design, target, rcond=None)
            left[k] = float(np.sum((design @ solution - target) ** 2))
            phases[k] = math.atan2(-solution[-1], solution[-2])
        dips = [k for k in range(1, len(grid) - 1) if left[k] <= left[k - 1] and left[k] <= left[k + 1]]
        return [(float(grid[k]), float(phases[k])) for k in sorted(dips, key=lambda k: left[k])[:count]]

    def coefficients(self, equation: int, atoms: Sequence[Atom]) -> Proposal | None:
        """Least squares for a given right-hand side; None if one of its atoms is undefined on the record.

        For an atom with inner constants, the starting value in the library that fits best is taken.
        """
        if self.given.facts is not None:
            present = {atom.name for atom in atoms}
            atoms = [*(k for k in self.given.required[equation] if not k.held and k.name not in present), *atoms]
            if not all(self.given.allows(equation, atom) for atom in atoms):
                return None
        if not atoms:
            return Proposal((), np.empty(0), 1.0)
        a, b, noise = self.middle
        a = a / noise[:, equation, None]
        target = b[:, equation] / noise[:, equation]
        chosen: list[int] = []
        for atom in atoms:
            options = self.index.get(atom.name)
            if not options:
                return None
            fits = (
                [float(np.linalg.lstsq(a[:, [*chosen, k]], target, rcond=None)[1].sum()) for k in options]
                if len(options) > 1
                else [0.0]
            )
            chosen.append(options[int(np.argmin(fits))])
        solution, *_ = np.linalg.lstsq(a[:, chosen], target, rcond=None)
        misfit = float(np.sum((a[:, chosen] @ solution - target) ** 2) / (target @ target + 1e-300))
        return Proposal(tuple(self.atoms[k] for k in chosen), solution, misfit)
