"""Changes of a law: an answer that edits the law before it instead of saying it all again.

An edit is an object with one of four keys: `{"scale": NAME, "by": NUMBER}`, `{"drop": TERM}`, `{"add": TERM}`,
`{"replace": TERM, "with": TERM}`. Terms are those of the sums on the right-hand sides, without regard to their sign
where they are looked for. `"in": LEFT SIDE` says which equation is meant; it may be left out where there is one, or
where a term stands in only one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gedanken.errors import Unanswerable
from gedanken.worlds.ode.law.answer import Answer, encode
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.law.products import same_product
from gedanken.worlds.ode.law.tree import Expression, Name, Number, additive, print_expression, walk

MOST_EDITS = 8
KINDS = ("scale", "drop", "add", "replace")

Terms = list[tuple[int, Expression]]
"""Signs and terms of a sum."""


def apply(law: Law, edits: Any, params: Any = None) -> Answer:
    """The law with some changes, as an answer that says it whole.

    Args:
        law: what is changed.
        edits: one edit or a list of them, as read from JSON.
        params: values of names that are new, as read from JSON.

    Raises:
        Unanswerable: not such edits, or they name what is not there.
    """
    listed = [edits] if type(edits) is dict else edits
    if type(listed) is not list or not listed or not all(type(edit) is dict for edit in listed):
        raise Unanswerable('"edit" is not an object or a list of objects')
    if len(listed) > MOST_EDITS:
        raise Unanswerable(f"{len(listed)} edits; at most {MOST_EDITS} are allowed at once")
    if params is not None and type(params) is not dict:
        raise Unanswerable('"params" is not an object of names and numbers')
    encode("", params or {})  # refuses values that are no numbers
    values = {**law.params, **(params or {})}
    sides: list[Terms] = [list(additive(side, 1)) for side in law.equations.right_sides]
    for edit in listed:
        kinds = [kind for kind in KINDS if kind in edit]
        if len(kinds) != 1:
            raise Unanswerable(f"an edit has one of the keys {', '.join(KINDS)}, not {_shown(edit)}")
        _APPLY[kinds[0]](law, edit, sides, values)
    names = {node.name for terms in sides for _, term in terms for node in walk(term) if isinstance(node, Name)}
    text = "; ".join(f"{left} = {_write(terms)}" for left, terms in zip(law.states.left_sides, sides, strict=True))
    kept = {name: value for name, value in values.items() if name in names}
    encode(text, kept)  # refuses what is too long
    return Answer(text, kept, law.rationale)


def _scale(law: Law, edit: Mapping[str, Any], sides: Sequence[Terms], values: dict[str, Any]) -> None:
    name, factor = edit["scale"], edit.get("by")
    if type(name) is not str or name not in values:
        raise Unanswerable(f"there is no constant {_shown(name)}; there are {', '.join(values) or 'none'}")
    try:
        if isinstance(factor, bool) or not isinstance(factor, int | float):
            raise TypeError
        values[name] = float(values[name]) * factor
    except (TypeError, ValueError, OverflowError):
        raise Unanswerable(f'the edit of {name} has no number under "by" that it can be multiplied by') from None


def _drop(law: Law, edit: Mapping[str, Any], sides: Sequence[Terms], values: Mapping[str, Any]) -> None:
    equation, place = _find(law, edit, "drop", sides, values)
    del sides[equation][place]


def _add(law: Law, edit: Mapping[str, Any], sides: Sequence[Terms], values: Mapping[str, Any]) -> None:
    equation = _equation(law, edit)
    if equation is None:
        if len(sides) > 1:
            raise Unanswerable(f'"in" does not say to which of {", ".join(law.states.left_sides)} a term is added')
        equation = 0
    kept = [each for each in sides[equation] if each[1] != Number(0.0)]
    sides[equation][:] = [*kept, *_read(law, edit["add"], equation, values)]


def _replace(law: Law, edit: Mapping[str, Any], sides: Sequence[Terms], values: Mapping[str, Any]) -> None:
    equation, place = _find(law, edit, "replace", sides, values)
    sign, _ = sides[equation][place]
    instead = _read(law, edit.get("with"), equation, values)
    (written, _), *more = _read(law, edit["replace"], equation, values)
    assert not more  # `_find` looks for one term
    # `{"replace": "x", "with": "sin(x)"}` keeps the sign that the term has in the law.
    turn = sign * written
    sides[equation][place : place + 1] = [(turn * each, term) for each, term in instead]


_APPLY = {"scale": _scale, "drop": _drop, "add": _add, "replace": _replace}


def _find(
    law: Law, edit: Mapping[str, Any], key: str, sides: Sequence[Terms], values: Mapping[str, Any]
) -> tuple[int, int]:
    """Equation and place of a term."""
    equation = _equation(law, edit)
    found = []
    for e in range(len(sides)) if equation is None else [equation]:
        wanted = _read(law, edit[key], e, values)
        if len(wanted) != 1:
            raise Unanswerable(f"{_shown(edit[key])} is a sum; name one of its terms")
        term = wanted[0][1]
        same = [k for k, (_, other) in enumerate(sides[e]) if other == term]
        same = same or [k for k, (_, other) in enumerate(sides[e]) if same_product(other, term)]
        found += [(e, k) for k in same[:1]]
    if not found:
        terms = "; ".join(_write(terms) for terms in sides)
        raise Unanswerable(f"the law has no term {_shown(edit[key])}; it reads {terms}")
    if len(found) > 1:
        raise Unanswerable(f'several equations have the term {_shown(edit[key])}; say which with "in"')
    return found[0]


def _equation(law: Law, edit: Mapping[str, Any]) -> int | None:
    left = edit.get("in")
    if left is None:
        return None
    if left not in law.states.left_sides:
        raise Unanswerable(f'"in" is one of {", ".join(law.states.left_sides)}, not {_shown(left)}')
    return law.states.left_sides.index(left)


def _read(law: Law, text: Any, equation: int, values: Mapping[str, Any]) -> Terms:
    if type(text) is not str:
        raise Unanswerable(f"{_shown(text)} is no term")
    sides = [text if e == equation else "0" for e in range(len(law.states.left_sides))]
    whole = "; ".join(f"{left} = {side}" for left, side in zip(law.states.left_sides, sides, strict=True))
    if ";" in text or "=" in text:
        raise Unanswerable(f"{_shown(text)} is an equation, not a term")
    return list(additive(parse(whole, law.states, values).right_sides[equation], 1))


def _write(terms: Terms) -> str:
    if not terms:
        return "0"
    text = ""
    for sign, term in terms:
        joint = (" - " if sign < 0 else " + ") if text else ("-" if sign < 0 else "")
        text += joint + print_expression(term)
    return text


def _shown(value: Any) -> str:
    return f"{value!r:.60}"
