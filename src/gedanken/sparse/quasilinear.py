"""Propose changes of a structure: a regression along a trajectory that is already about right.

The linearised simulation (linearise.py) prices thousands of changes at once, by the residual of the samples themselves
under their own noise, and gives the coefficients from which the fit of each should start. This finds small terms and
rational ones, which the weak form misses.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gedanken.sparse.criterion import Criterion
from gedanken.sparse.library import Atom
from gedanken.sparse.linearise import linearise
from gedanken.sparse.structure import REPEATED, Model, Structure, key_of, most_parameters, role, size_of
from gedanken.sparse.subsets import beam_search, explained_many
from gedanken.sparse.tying import simplify
from gedanken.sparse.weak import WeakForm
from gedanken.worlds.ode.trajectory import Array

_LARGEST_SIDE = 6  # terms in one equation
FEW_EQUATIONS = 5  # up to so many, changes of a law are looked for in the whole library


class Quasilinear:
    """Changes of a model's structure, priced by the regression on the linearised simulation.

    What can be added or dropped is a group: an atom of the library, or a term of the model together with the
    derivatives by its inner constants.
    """

    def __init__(self, criterion: Criterion, model: Model, library: WeakForm):
        self.criterion, self.atoms, self.pools = criterion, library.atoms, library.pools
        self.linear = linearise(criterion, model, library.columns)
        self.groups: list[tuple[int, Atom, tuple[int, ...]]] = []  # equation, atom, columns of the regression
        width, usable = self.linear.width, self.linear.usable
        place: dict[tuple[int, str], int] = {}
        for e in range(len(model.structure)):
            for k in self._variants(e, model):
                place[e, self.atoms[k].name] = len(self.groups)
                self.groups.append((e, self.atoms[k], (e * width + k,)))
        own_place: dict[tuple[int, int], int] = {}
        at = len(self.atoms)
        for e, k, atom in self.linear.own_terms:
            columns = [e * width + at + q for q in range(1 + len(atom.inner))]
            at += len(columns)
            if usable[columns[0]]:
                own_place[e, k] = len(self.groups)
                self.groups.append((e, atom, (columns[0], *(c for c in columns[1:] if usable[c]))))
        current = [
            own_place.get((e, k), place.get((e, atom.name)))
            for e, terms in enumerate(model.structure)
            for k, atom in enumerate(terms)
        ]
        self.current = tuple(sorted(g for g in current if g is not None))  # groups of the model itself
        self.names = [(e, atom.name) for e, atom, _ in self.groups]

    def _variants(self, e: int, model: Model) -> list[int]:
        """Numbers of the atoms that equation e is offered, one for each name.

        Of the variants that differ in the starting values of their inner constants, it is the one that would explain
        most in addition to the model's other terms.
        """
        width, usable = self.linear.width, self.linear.usable
        gram, products = self.linear.gram, self.linear.products
        by_name: dict[str, list[int]] = {}
        for k, atom in enumerate(self.atoms):
            if usable[e * width + k] and self.criterion.given.allows(e, atom):
                by_name.setdefault(atom.name, []).append(k)
        first = {atom.name: k for k, atom in reversed(list(enumerate(self.atoms)))}
        present = [
            row * width + first[atom.name]
            for row, terms in enumerate(model.structure)
            for atom in terms
            if not atom.inner and atom.name in first and usable[row * width + first[atom.name]]
        ]
        base = np.array(present, np.int64)
        cols = np.array([e * width + k for ks in by_name.values() for k in ks], np.int64)
        gain = products[cols] ** 2
        if base.size:
            cross = gram[np.ix_(base, cols)]
            solved = np.linalg.lstsq(gram[np.ix_(base, base)], cross, rcond=1e-9)[0]
            left = products[cols] - products[base] @ solved
            gain = left**2 / np.maximum(1.0 - (cross * solved).sum(0), 1e-6)
        value = dict(zip((cols - e * width).tolist(), gain.tolist(), strict=True))
        return [max(ks, key=lambda k: value[k]) for ks in by_name.values()]

    def scores(self, subsets: list[tuple[int, ...]], exact: int = 300) -> Array:
        """The criterion that a fit of each subset of groups is expected to reach, shape (subsets,).

        The `exact` most promising ones get their full prior; the others a rough value that ranks behind all of these.
        """
        criterion = self.criterion
        lists = [[c for g in subset for c in self.groups[g][2]] for subset in subsets]
        sizes = np.array([len(c) for c in lists], np.int64)
        padded = np.zeros((len(lists), max(1, int(sizes.max(initial=0)))), np.int64)
        for k, c in enumerate(lists):
            padded[k, : len(c)] = c
        gain = np.empty(len(lists))
        explained_many(self.linear.gram, self.linear.products, padded, sizes, gain)
        samples = criterion.total
        rss = np.maximum(self.linear.total - np.maximum(gain, 0.0), 0.0) + float(criterion.floor.sum())
        misfit = samples * np.log(rss / samples)
        price = [REPEATED * atom.cost + (1 + len(atom.inner)) * math.log(samples) for _, atom, _ in self.groups]
        rough = misfit + np.array([sum(price[g] for g in subset) for subset in subsets])
        rough[(gain < 0) & (sizes > 0)] = np.inf
        out = np.where(np.isfinite(rough), rough + 1e6, np.inf)
        for k in np.argsort(rough)[:exact]:
            if not np.isfinite(rough[k]):
                break
            structure = self._structure(subsets[k])
            small = (
                size_of(structure) <= most_parameters(len(structure))
                and max(len(terms) for terms in structure) <= _LARGEST_SIDE
            )
            out[k] = misfit[k] + criterion.penalty(structure) if small else np.inf
        return out

    def _structure(self, subset: tuple[int, ...]) -> list[list[Atom]]:
        structure: list[list[Atom]] = [[] for _ in self.criterion.targets]
        for g in subset:
            structure[self.groups[g][0]].append(self.groups[g][1])
        return structure

    def _moves(self, subset: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """The subsets with one group less, one exchanged in its equation, or one more."""
        taken = {self.names[g] for g in subset}
        for g in subset:
            if self.criterion.given.facts is not None and self.criterion.given.keeps(*self.names[g]):
                continue
            rest = tuple(x for x in subset if x != g)
            yield rest
            for other in range(len(self.groups)):
                if self.groups[other][0] == self.groups[g][0] and self.names[other] not in taken:
                    yield tuple(sorted((*rest, other)))
        for other in range(len(self.groups)):
            if self.names[other] not in taken:
                yield tuple(sorted((*subset, other)))

    def _whole_sides(self) -> list[tuple[int, ...]]:
        """Subsets with a whole new right-hand side for one equation, the others keeping their terms.

        The new side comes from the weak form and from a beam search for the best sides of every size.
        """
        gram, products = self.linear.gram, self.linear.products
        out = []
        place = {name: g for g, name in reversed(list(enumerate(self.names)))}
        for e in range(len(self.criterion.targets)):
            rest = [g for g in self.current if self.groups[g][0] != e]
            for p in self.pools[e][:12]:
                wanted = [place.get((e, atom.name)) for atom in p.atoms]
                if None not in wanted:
                    out.append(tuple(sorted([*rest, *(g for g in wanted if g is not None)])))
            base = [c for g in rest for c in self.groups[g][2]]
            single = [g for g, (equation, _, cols) in enumerate(self.groups) if equation == e and len(cols) == 1]
            cols = [self.groups[g][2][0] for g in single]
            G, h = gram[np.ix_(cols, cols)], products[cols]
            if base:  # project out the terms of the other equations, whose coefficients may change
                cross = gram[np.ix_(base, cols)]
                both = np.column_stack([cross, products[base]])
                solved = np.linalg.lstsq(gram[np.ix_(base, base)], both, rcond=1e-9)[0]
                G, h = G - cross.T @ solved[:, :-1], h - cross.T @ solved[:, -1]
            scale = np.sqrt(np.maximum(np.diag(G), 1e-12))
            labels: dict[str, int] = {}
            identity = np.array([labels.setdefault(self.names[g][1], len(labels)) for g in single], np.int64)
            subsets, gain = beam_search(G / np.outer(scale, scale), h / scale, identity, min(5, len(labels)), 30)
            for size in range(subsets.shape[0]):
                for rank in range(12):
                    if gain[size, rank] >= 0:
                        out.append(tuple(sorted([*rest, *(single[k] for k in subsets[size, rank, : size + 1])])))
        return out

    def neighbours(self) -> list[tuple[Structure, list[list[float]], float]]:
        """Changed structures with starting coefficients and the criterion expected of a fit, best first."""
        scores: dict[tuple[int, ...], float] = {}
        needed = {g for g in self.current if self.criterion.given.facts and self.criterion.given.keeps(*self.names[g])}
        sides = [side for side in dict.fromkeys([self.current, *self._whole_sides()]) if needed <= set(side)]
        scores.update(zip(sides, self.scores(sides), strict=True))
        front = [self.current]
        # Three moves in a row, each from the best subsets so far; two where many equations make the moves many.
        for width in (8, 4, 0) if len(self.criterion.targets) <= FEW_EQUATIONS else (2, 0):
            untried = list(dict.fromkeys(m for subset in front for m in self._moves(subset) if m not in scores))
            scores.update(zip(untried, self.scores(untried), strict=True))
            if not width:
                break
            front = sorted(scores, key=lambda s: scores[s])[:width]
        out = []
        keys = set()
        for subset in sorted(scores, key=lambda s: scores[s])[:80]:
            if not math.isfinite(scores[subset]):
                break
            structure, coefficients, saving = self._solution(subset)
            key = key_of(structure)
            if key not in keys:
                keys.add(key)
                out.append((structure, coefficients, scores[subset] - saving))
        return sorted(out, key=lambda row: row[2])

    def _solution(self, subset: tuple[int, ...]) -> tuple[Structure, list[list[float]], float]:
        """Structure and coefficients of a subset, and by how much unit and shared constants lower its criterion."""
        criterion, linear = self.criterion, self.linear
        equations = range(len(criterion.targets))
        structure: list[list[Atom]] = [[] for _ in equations]
        coefficients: list[list[float]] = [[] for _ in equations]
        constants = [(g, k) for g in subset for k in range(len(self.groups[g][2]))]
        cols = [self.groups[g][2][k] for g, k in constants]
        saving = 0.0
        if cols:
            gram = linear.gram[np.ix_(cols, cols)]
            scaled = np.linalg.lstsq(gram, linear.products[cols], rcond=1e-12)[0]
            solution = scaled / linear.norm[cols]
            misfit = max(linear.total - float(scaled @ linear.products[cols]), 1e-12) / criterion.total
            names = []
            for g, k in constants:
                e, atom, _ = self.groups[g]
                names.append((f"{atom.name} {k}", f"{role(atom.name, e, criterion.coordinates)} {k}"))
            information = gram * np.outer(linear.norm[cols], linear.norm[cols])
            first = np.array([k == 0 for _, k in constants], bool)
            saving = simplify(solution, information, first, names, criterion.total, misfit, criterion.unit).saving
        at = 0
        for g in subset:
            e, atom, columns = self.groups[g]
            coefficients[e].append(float(solution[at]))
            if len(columns) == 1 + len(atom.inner) and atom.inner:
                # One Gauss-Newton step of the inner constants, none by more than half of its value.
                steps = [
                    float(np.clip(solution[at + 1 + k], -0.5 * abs(v), 0.5 * abs(v))) for k, v in enumerate(atom.inner)
                ]
                atom = replace(atom, inner=tuple(v + step for v, step in zip(atom.inner, steps, strict=True)))
            structure[e].append(atom)
            at += len(columns)
        return tuple(tuple(terms) for terms in structure), coefficients, saving
