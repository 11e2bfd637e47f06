"""Which tokens may follow in an answer, so that every answer can be read: the form is held, the physics is not.

A law gives each left side in turn, closes its parentheses, and gives a value to each constant that it names: a number,
or a multiple of one that the problem states. An edit scales constants of the law before it.
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gedanken.models.laws import vocabulary as v
from gedanken.models.laws.stated import Reference
from gedanken.models.laws.vocabulary import Vocabulary
from gedanken.worlds.ode.law.parser import FUNCTIONS

BINARY = ("+", "-", "*", "/", "**")

MOST_TOKENS = 90
"""Tokens of the equations after which each is brought to its end."""


class Grammar:
    """Rules for the answer to one question."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        variables: Sequence[str],
        sides: Sequence[str],
        known: Collection[str],
        stated: Collection[Reference] = (),
    ):
        """Rules.

        Args:
            vocabulary: of the model.
            variables: what an equation may name besides constants, as the model calls it.
            sides: left sides in their order.
            known: constants of the law before; without any there is nothing to edit.
            stated: what constants can be multiples of.
        """
        self._vocabulary, self._sides = vocabulary, tuple(sides)
        self._variables = (*variables, "t")
        self._stated = tuple(stated)
        self._constants = tuple(name for name in v.NAMES if name.startswith("c"))
        self._known = tuple(name for name in self._constants if name in known)
        self._functions = tuple(name for name in sorted(FUNCTIONS) if name in vocabulary)

    def allow(self, said: Sequence[int]) -> NDArray[np.bool_]:
        """Which tokens may come next, shape (tokens,)."""
        pieces = [self._name(token) for token in said]
        if not pieces:
            return self._mask([v.MARKS[v.LAW], *([v.MARKS[v.EDIT]] if self._known else [])])
        if pieces[0] == v.MARKS[v.EDIT]:
            return self._allow_edit(pieces[1:])
        if v.MARKS[v.PARAMS] in pieces:
            at = pieces.index(v.MARKS[v.PARAMS])
            used = [name for name in self._constants if name in pieces[:at]]
            return self._allow_values(used, pieces[at + 1 :])
        return self._allow_law(pieces[1:])

    def _name(self, token: int) -> str:
        return "" if token >= self._vocabulary.number else self._vocabulary.piece(token)

    def _allow_edit(self, pieces: Sequence[str]) -> NDArray[np.bool_]:
        """Of `scale`, a constant, `by`, a number, again and again."""
        left = [name for name in self._known if name not in pieces]
        match len(pieces) % 4:
            case 0:
                more = ["scale"] if left else []
                return self._mask([*more, *([v.MARKS[v.END]] if pieces else [])])
            case 1:
                return self._mask(left)
            case 2:
                return self._mask(["by"])
        return self._mask((), "positive")

    def _allow_values(self, used: Sequence[str], pieces: Sequence[str]) -> NDArray[np.bool_]:
        """Of each constant in turn, then its value."""
        done = pieces.count("")
        begun = pieces[::-1].index("") if done else len(pieces)
        match [*pieces[len(pieces) - begun :]]:
            case []:
                return self._mask([used[done]] if done < len(used) else [v.MARKS[v.END]])
            case [_]:
                return self._mask({kind for kind, _ in self._stated}, "all")
            case [_, kind]:
                return self._mask([column for stated, column in self._stated if stated == kind])
            case [_, _, _]:
                return self._mask(["by"])
        return self._mask((), "all")

    def _allow_law(self, pieces: Sequence[str]) -> NDArray[np.bool_]:
        sides = [piece for piece in pieces if piece in self._sides]
        if not pieces or pieces[-1] == ";":
            return self._mask([self._sides[len(sides)]])
        last = pieces[-1]
        if last in self._sides:
            return self._mask(["="])
        if last in self._functions:
            return self._mask(["("])
        depth = 0
        for piece in pieces:
            depth = 0 if piece == ";" else depth + (piece == "(") - (piece == ")")
        if last in ("=", "(", *BINARY):
            first = last in ("=", "(")
            names = [*self._variables, *self._constants]
            if len(pieces) < MOST_TOKENS:
                names += [*self._functions, "(", *(["-"] if first else [])]
            return self._mask(names, "all" if first else "positive")
        names = [*(BINARY if len(pieces) < MOST_TOKENS else ()), *([")"] if depth else [])]
        if not depth and len(sides) < len(self._sides):
            names.append(";")
        elif not depth:
            names.append(v.MARKS[v.PARAMS] if any(name in pieces for name in self._constants) else v.MARKS[v.END])
        return self._mask(names)

    def _mask(self, names: Iterable[str], numbers: str = "none") -> NDArray[np.bool_]:
        """These tokens, and numbers: `none`, `positive` or `all`."""
        mask = np.zeros(self._vocabulary.count, bool)
        mask[[token for token in self._vocabulary.encode(names) if token != v.UNKNOWN]] = True
        if numbers != "none":
            first = self._vocabulary.number
            mask[first : first + 1 + v.SIZES * (2 if numbers == "all" else 1)] = True
        return mask
