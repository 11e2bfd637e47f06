"""Short names of columns for equations: a law with long names does not fit into what the grammar reads."""

import re
from collections.abc import Mapping
from dataclasses import replace

from gedanken.own_data.read.headers import RESERVED, unused
from gedanken.worlds.ode.trajectory import Coordinate, StateSpace

# Characters that a name may have: a law of many columns repeats them often.
LONG, LONG_OF_MANY = 16, 8
MANY = 3


def shorten(states: StateSpace) -> tuple[StateSpace, Mapping[str, str]]:
    """The state space with short names, and the name of each column that got one, by the short name."""
    limit = LONG if len(states.coordinates) < MANY else LONG_OF_MANY
    if all(len(c.name) <= limit and len(c.velocity or "") <= limit + 1 for c in states.coordinates):
        return states, {}
    taken = {name for name in states.columns if len(name) <= limit} | RESERVED | {each.name for each in states.inputs}
    given: dict[str, str] = {}
    coordinates = []
    for c in states.coordinates:
        name = c.name
        if len(name) > limit:
            name = unused(_abbreviate(c.name), taken)
            given[name] = c.name
            taken.add(name)
        velocity = c.velocity
        if velocity is not None and len(velocity) > limit:
            velocity = unused(f"v{name}" if name != c.name or c.name in velocity else _abbreviate(velocity), taken)
            given[velocity] = c.velocity or ""
            taken.add(velocity)
        coordinates.append(Coordinate(name, velocity))
    return replace(states, coordinates=tuple(coordinates)), given


def _abbreviate(name: str) -> str:
    """First letters of the words, with the number at the end or the beginning, if there is one."""
    words = [word for word in re.split(r"[_\W]+|(?<=[a-z])(?=[A-Z])", name) if word]
    letters = "".join(word[0] for word in words if not word[0].isdigit()) or "x"
    number = next((found[0] for word in (words[-1], words[0]) if (found := re.search(r"\d+", word))), "")
    return f"{letters[: LONG_OF_MANY - 3]}{number[:3]}" if len(letters) + len(number) > 1 else f"{letters}1"
