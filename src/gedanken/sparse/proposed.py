"""Laws that somebody else proposes, a language model for instance, as structures that the search can fit.

A proposal is taken for its *terms*: its constants are only where a fit begins. Each term of a sum becomes an atom with
a coefficient, from what its constant factors amount to; constants that stand inside it (`K` in `x/(K + x)`) stay there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gedanken.sparse.library import Atom
from gedanken.sparse.structure import Key, Structure, key_of
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.products import Product, read_products

PROPOSED = 6.0
"""Prior cost of a term that is proposed and that the library lacks: a factor of 20 in probability."""

Sides = tuple[list[list[Atom]], list[list[float]]]
"""Terms of each equation, and their coefficients."""


class Proposals:
    """Proposed laws in one search, and what of them could be used.

    Attributes:
        laws: the proposals.
        keys: identities of their structures that could be fitted.
        foreign: proposed terms that the library lacks, by name.
    """

    def __init__(self, laws: Sequence[Law]):
        self.laws = laws
        self.keys: set[Key] = set()
        self.foreign: dict[str, Atom] = {}

    def read(self, library: Sequence[Atom]) -> Iterator[Sides]:
        """Terms and coefficients of each law that can be taken apart."""
        known = {atom.name for atom in library}
        for law in self.laws:
            sides = read_proposal(law, library)
            if sides is not None:
                terms = [atom for row in sides[0] for atom in row]
                self.foreign.update({atom.name: atom for atom in terms if atom.name not in known})
                yield sides

    def owns(self, structure: Structure) -> bool:
        """Whether a structure is one that was proposed, or has a term that only a proposal has."""
        names = {atom.name for terms in structure for atom in terms}
        return key_of(structure) in self.keys or not names.isdisjoint(self.foreign)


def read_proposal(law: Law, library: Sequence[Atom]) -> Sides | None:
    """The terms of a law with the coefficients and constants to begin from; None where one cannot be taken apart.

    Args:
        law: the proposal.
        library: atoms that there are: a term that is one of them is taken from here, with its prior cost.
    """
    known = {_bare(atom.template): atom for atom in library}
    structure: list[list[Atom]] = []
    coefficients: list[list[float]] = []
    for side in law.equations.right_sides:
        products = read_products(side, law.params)
        if products is None:
            return None
        terms: dict[str, tuple[Atom, float]] = {}
        for product in products:
            atom = _atom(product, known)
            before = terms[atom.name][1] if atom.name in terms else 0.0
            terms[atom.name] = atom, before + product.sign * product.value
        structure.append([atom for atom, value in terms.values() if value != 0.0])
        coefficients.append([value for _, value in terms.values() if value != 0.0])
    return structure, coefficients


def _atom(product: Product, known: Mapping[str, Atom]) -> Atom:
    """The library's atom of this kind, or one of its own."""
    for turned in (False, True):
        atom = known.get(_bare(product.template(turned)))
        if atom is not None:
            return replace(atom, inner=product.values) if product.values else atom
    template = product.template()
    identity = re.sub(r"\{\d+\}", "K", template)
    return Atom(f"proposed {identity}" if product.inner else template, template, product.values, PROPOSED)


def _bare(template: str) -> str:
    return template.replace(" ", "")
