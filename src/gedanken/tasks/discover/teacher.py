"""What a teacher says who knows the law: short answers, the next step from a wrong law, and mistakes to recover from.

A next step is one change of a wrong law. The candidates come from the difference between it and the true one (a term
too many, a term that is missing, one in place of another, a constant of the wrong size); which of them brings the law
nearest to the record, the simulator says.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from gedanken.errors import UserError
from gedanken.loop import Problem, Verdict
from gedanken.worlds.ode.law.answer import Answer
from gedanken.worlds.ode.law.edits import apply
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.products import Product, read_products
from gedanken.worlds.ode.law.tree import print_expression

DIGITS = (3, 4, 6)
"""Significant digits that an answer tries in turn: fewer are shorter to learn, and the simulator says if they do."""

ALIKE = 0.02
"""Relative difference from which on a constant is of the wrong size."""

SIZES = (0.25, 4.0)
"""Smallest and largest factor by which a constant is spoilt."""

BLUR = (0.02, 0.6)
"""Smallest and largest spread of the logarithms of constants that are blurred together."""

MOST_MISTAKES = 3

Edit = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """An edit, with the values of constants that are new in it.

    Attributes:
        edit: as `worlds.ode.law.edits` reads it.
        params: values of new names.
    """

    edit: Edit
    params: Mapping[str, float]

    def write(self) -> dict[str, Any]:
        """The answer's object."""
        return {"edit": [self.edit], **({"params": dict(self.params)} if self.params else {})}


def solve(problem: Problem) -> str:
    """The law itself.

    Raises:
        UserError: the problem is a user's own data, whose law nobody knows.
    """
    truth = problem.truth
    if not truth.equation:
        raise UserError("nobody knows the law behind this record, so there is no teacher's answer")
    answer = {"equation": truth.equation, "params": dict(truth.params), "rationale": "The law itself."}
    return orjson.dumps(answer).decode()


def shorten(problem: Problem, is_solved: Callable[[str], bool]) -> str | None:
    """The law as students are taught it, with as few digits as still solve the problem; None if `DIGITS` do not."""
    equation, constants = problem.truth.taught
    for digits in DIGITS:
        short = write_answer({"equation": equation, "params": _round(constants, digits)})
        if is_solved(short):
            return short
    return None


def change(problem: Problem, wrong: Law, judge: Callable[[str], Verdict]) -> str | None:
    """The single step from a wrong law that is worth most; None where none can be told.

    Args:
        problem: whose law is wanted.
        wrong: the law to be changed.
        judge: the verdict on an answer.
    """
    right = _taught(problem)
    if right is None:
        return None

    def worth(answer: str) -> float:
        verdict = judge(answer)
        near = verdict.terms.get("closeness", 0.0)
        return -1.0 if verdict.error else verdict.terms["match"] or near - 1.0

    # Of equals the first: terms come before constants.
    return max((write_answer(step.write()) for step in list_steps(wrong, right)), key=worth, default=None)


def spoil(problem: Problem, rng: np.random.Generator) -> str | None:
    """The law with one to three mistakes; None where nobody knows it."""
    right = _taught(problem)
    if right is None:
        return None
    wrong = spoil_law(right, rng)
    return write_answer({"equation": wrong.equation, "params": _round(wrong.params, DIGITS[0])})


def blur(problem: Problem, rng: np.random.Generator) -> str | None:
    """The law with every constant off by a random factor, as who reads them off a record has them; None as `spoil`."""
    right = _taught(problem)
    if right is None or not right.params:
        return None
    spread = float(np.exp(rng.uniform(*np.log(BLUR))))
    off = {name: value * float(np.exp(spread * rng.standard_normal())) for name, value in right.params.items()}
    return write_answer({"equation": right.text, "params": _round(off, DIGITS[0])})


def mend(problem: Problem, wrong: Law) -> str | None:
    """All constants of a wrong law brought to their size in one answer; None where more than that is wrong with it."""
    right = _taught(problem)
    steps = list(list_steps(wrong, right)) if right is not None else []
    if not steps or not all("scale" in step.edit for step in steps):
        return None
    return write_answer({"edit": [step.edit for step in steps]})


def write_answer(answer: Mapping[str, Any]) -> str:
    """An answer as JSON, in the layout of the example in the prompt."""
    return orjson.dumps(answer).decode().replace('":', '": ').replace(',"', ', "')


def _taught(problem: Problem) -> Law | None:
    equation, constants = problem.truth.taught
    return Law.of(Answer(equation, constants), problem.observation.states) if equation else None


def _round(constants: Mapping[str, float], digits: int) -> dict[str, float]:
    return {name: float(f"{value:.{digits}g}") for name, value in constants.items()}


def list_steps(wrong: Law, right: Law) -> Iterator[Step]:
    """Steps towards the right law: terms first, then constants."""
    constants: dict[str, float] = {}
    for left, mine, true in zip(
        wrong.states.left_sides, wrong.equations.right_sides, right.equations.right_sides, strict=True
    ):
        ours, theirs = read_products(mine, wrong.params), read_products(true, right.params)
        if ours is None or theirs is None:
            continue
        ours = [product for product in ours if product.value != 0.0]
        here = {"in": left} if len(wrong.states.left_sides) > 1 else {}
        superfluous, missing, pairs = _match(ours, theirs)
        for product in superfluous:
            for instead in missing:
                text, params = _name_term(instead, right, wrong)
                yield Step({"replace": _bare(product), "with": text, **here}, params)
        for product in missing:
            text, params = _name_term(product, right, wrong)
            yield Step({"add": text, **here}, params)
        for product in superfluous:
            yield Step({"drop": _bare(product), **here}, {})
        for product, twin in pairs:
            constants |= _sizes(product, twin, wrong)
    for name, factor in constants.items():
        if abs(math.log(factor)) > ALIKE:
            yield Step({"scale": name, "by": float(f"{factor:.3g}")}, {})


def _match(
    ours: list[Product], theirs: list[Product]
) -> tuple[list[Product], list[Product], list[tuple[Product, Product]]]:
    """Terms that are too many, terms that are missing, and pairs of the same shape and sign."""
    left = list(theirs)
    superfluous, pairs = [], []
    for product in ours:
        signed = product.sign * product.value
        alike = (each for each in left if each.shape == product.shape and each.sign * each.value * signed > 0)
        twin = next(alike, None)
        if twin is None:
            superfluous.append(product)
        else:
            left.remove(twin)
            pairs.append((product, twin))
    return superfluous, left, pairs


def _bare(product: Product) -> str:
    return print_expression(product.term)


def _name_term(product: Product, right: Law, wrong: Law) -> tuple[str, dict[str, float]]:
    """A term of the right law as an edit says it; constants whose names the wrong law has for others are renamed."""
    values = {name: float(f"{right.params[name]:.3g}") for name in product.names}
    new: dict[str, float] = {}
    for name, value in values.items():
        called = name
        if name in wrong.params and abs(wrong.params[name] - value) > ALIKE * abs(value):
            taken = {*wrong.params, *values, *wrong.states.columns, *wrong.states.input_names}
            called = next(f"{name}{k}" for k in range(1, 99) if f"{name}{k}" not in taken)
            product = product.renamed(name, called)
        if called not in wrong.params:
            new[called] = value
    return ("-" if product.sign < 0 else "") + print_expression(product.term), new


def _sizes(mine: Product, true: Product, wrong: Law) -> dict[str, float]:
    """Factors by which constants of a term are off: the one in its coefficient, and those inside it."""
    found = {}
    for name, have, want in zip(mine.inner, mine.values, true.values, strict=True):
        if have != 0.0 and want / have > 0:
            found[name] = want / have
    ratio = abs(true.value / mine.value)
    if mine.outer:
        name = mine.outer[0]
        found[name] = ratio ** (1.0 / mine.power(name, wrong.params))
    return found


def spoil_law(right: Law, rng: np.random.Generator) -> Answer:
    """A law with one to three mistakes: constants of the wrong size, terms too few, terms too many."""
    law, answer = right, Answer(right.text, right.params)
    for _ in range(int(rng.integers(1, MOST_MISTAKES + 1))):
        states = law.states
        equation = int(rng.integers(len(states.left_sides)))
        here = {"in": states.left_sides[equation]}
        products = read_products(law.equations.right_sides[equation], law.params) or []
        kind = rng.choice(["scale", "drop", "add"], p=[0.6, 0.2, 0.2])
        if kind == "scale" and law.params:
            name = str(rng.choice(list(law.params)))
            answer = apply(law, {"scale": name, "by": float(np.exp(rng.uniform(*np.log(SIZES))))})
        elif kind == "drop" and len(products) > 1:
            product = products[int(rng.integers(len(products)))]
            answer = apply(law, {"drop": _bare(product), **here})
        else:
            column = str(rng.choice(states.columns))
            name = next(f"z{k}" for k in range(99) if f"z{k}" not in {*law.params, *states.columns})
            spread = float(np.exp(rng.uniform(-2.0, 1.0)))
            answer = apply(law, {"add": f"-{name}*{column}", **here}, {name: spread})
        law = Law.of(answer, states)
    return answer
