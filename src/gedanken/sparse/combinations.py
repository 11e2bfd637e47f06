"""Whole laws put together from the right-hand sides that the weak form proposes for each equation."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from gedanken.sparse.library import Atom
from gedanken.sparse.structure import Coordinates, acts_on, exchange
from gedanken.sparse.weak import Proposal, WeakForm
from gedanken.worlds.ode.trajectory import StateSpace


def combine(library: WeakForm, states: StateSpace, coordinates: Coordinates) -> Iterator[list[Proposal]]:
    """Laws put together from the right-hand sides that the weak form proposes for each equation."""
    pools = library.pools
    equations = len(pools)
    if equations == 1:
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
        if equations == 2 and size <= 3:
            yield from ([a, b] for a in ranked[0] for b in ranked[1])
        else:
            yield [pool[0] for pool in ranked]
    yield from _separate(library, states, coordinates)
    if equations == 2:
        yield from _symmetric(library, states)


def _separate(library: WeakForm, states: StateSpace, coordinates: Coordinates) -> Iterator[list[Proposal]]:
    """Laws in which no coordinate acts on another: what was measured side by side may have nothing in common."""
    columns = states.columns
    for size, linear in product((1, 2), (True, False)):
        sides = []
        for e, own in enumerate(coordinates):
            others = set(columns) - set(own)
            atoms = [a for a in library.atoms if not a.inner and not acts_on(a, others)]
            if linear:
                atoms = [a for a in atoms if a.name in ("1", *own)]
            found = (library.coefficients(e, subset) for subset in combinations(atoms, size))
            sides.append(min((p for p in found if p is not None), key=lambda p: p.misfit, default=None))
        complete = [side for side in sides if side is not None]
        if len(complete) == len(sides):
            yield complete


def _symmetric(library: WeakForm, states: StateSpace) -> Iterator[list[Proposal]]:
    """Laws of two coordinates that stay the same when the coordinates are exchanged."""
    for e in range(2):
        for p in library.pools[e][:4]:
            image = _mirror(states, p.atoms, e, 1 - e, library.atoms)
            if image is None:
                continue
            isotropic = [atom for atom in image if atom.name != "1"]
            # With a constant term, too: weight acts along one axis and breaks the symmetry.
            for terms in (isotropic, [*isotropic, library.atoms[0]]):
                other = library.coefficients(1 - e, terms)
                if other is not None:
                    yield [p, other] if e == 0 else [other, p]


def _mirror(
    states: StateSpace, atoms: Sequence[Atom], source: int, target: int, library: Sequence[Atom]
) -> list[Atom] | None:
    """The right-hand side with the two coordinates exchanged; None if an atom of it is not in the library."""
    a, b = states.coordinates[source], states.coordinates[target]
    swap = {a.name: b.name, b.name: a.name}
    if a.velocity and b.velocity:
        swap |= {a.velocity: b.velocity, b.velocity: a.velocity}
    image = []
    for atom in atoms:
        wanted = exchange(atom.name, swap)
        match = next((x for x in library if exchange(x.name, {}) == wanted), None)
        if match is None:
            return None
        image.append(match)
    return image
