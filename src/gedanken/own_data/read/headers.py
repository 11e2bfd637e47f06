"""Headers of a person's own table: which column is what, in which unit, and what an equation may call it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gedanken.errors import UserError
from gedanken.own_data.read.columns import Columns
from gedanken.own_data.read.inputs import InputColumns
from gedanken.worlds.ode.kernel.limits import MAX_NAME, MAX_STATES

RESERVED = frozenset({"t", "sin", "cos", "tan", "exp", "log", "ln", "sqrt", "abs", "pi", "nan", "inf"})
TIMES = (
    *("t", "time", "timestamp", "datetime", "date", "seconds", "second", "sec", "minutes", "minute", "hours", "hour"),
    *("days", "day", "weeks", "week", "months", "month", "years", "year", "epoch", "age", "ms", "min", "s", "h"),
)
TRIALS = ("trial", "run", "experiment", "episode", "series", "id", "subject", "replicate", "trajectory", "group")
INDEXES = ("index", "row", "unnamed: 0", "column 1")  # what other programs call a row number
VELOCITIES = {"theta": "omega", "angle": "angular_velocity", "position": "velocity", "height": "velocity", "x": "v"}
GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta"}
GREEK |= {"κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "π": "pi_", "ρ": "rho", "σ": "sigma"}
GREEK |= {"τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Ω": "Omega", "Δ": "Delta", "Θ": "Theta"}


@dataclass(frozen=True)
class Roles:
    """Which header is what. `states` are headers in order; `inputs` are the headers of the inputs, as named."""

    time: str
    states: tuple[str, ...]
    trial: str | None
    inputs: Mapping[str, str] = field(default_factory=dict)

    def input_kind(self, inputs: InputColumns, header: str) -> str | None:
        """What a column is as an input; None for a state."""
        return next((inputs.kind(name) for name, found in self.inputs.items() if found == header), None)


def split_unit(header: str) -> tuple[str, str]:
    """Name and unit of a column: `y [m]`, `t (s)` and `x / cm` carry one; the `t` of `x(t)` is not a unit."""
    match = re.fullmatch(r"\s*(.*?\S)\s*[\[(]\s*([^\[\]()]*?)\s*[\])]\s*", header) or re.fullmatch(
        r"\s*(.*?\S)\s+/\s+(\S.*?)\s*", header
    )
    if not match:
        return header.strip(), ""
    name, unit = match[1], match[2]
    return name, "" if unit in ("", "t", "-", "1") else unit


def implied_unit(name: str) -> str:
    """The unit that a time column's name is (`day` -> `days`), or an empty string."""
    base = name.lower()
    for unit, spellings in {
        "s": ("s", "sec", "second", "seconds", "epoch"),
        "ms": ("ms",),
        "min": ("min", "minute", "minutes"),
        "h": ("h", "hour", "hours"),
    }.items():
        if base in spellings:
            return unit
    return base.rstrip("s") + "s" if base.rstrip("s") in ("day", "week", "month", "year") else ""


def find_roles(
    table: Columns,
    time: str | None,
    state: Sequence[str] | None,
    trial: str | None,
    notes: list[str],
    inputs: Sequence[str] = (),
) -> Roles:
    """The time, state and trial columns that a person named, and good guesses for those that they did not.

    Inputs are listed among the states, since they are read alike.

    Raises:
        UserError: a named column is not there, nothing looks like a time, or there are too many states.
    """
    names = table.names
    time_header = _find(table, time) if time is not None else _guess_time(table, notes)
    trial_header = _find(table, trial) if trial is not None else _guess_trial(table, time_header, state, notes)
    if state is not None:
        chosen = tuple(_find(table, name) for name in state)
        for header in chosen:
            if header in (time_header, trial_header) or chosen.count(header) > 1:
                raise UserError(
                    f"column {header!r} of {table.path.name} is named twice, as a state and as something else"
                )
    else:
        rest = [name for name in dict.fromkeys(names) if name not in (time_header, trial_header)]
        dropped = {name: "text" for name in rest if table.kinds[name] in ("text", "date")}
        dropped |= {name: "empty" for name in rest if table.kinds[name] == "empty"}
        dropped |= {name: "a row number" for name in rest if name.lower() in INDEXES and table.kinds[name] == "number"}
        chosen = tuple(name for name in rest if name not in dropped)
        notes += [f"column {name!r} is left out: it is {why}" for name, why in dropped.items()]
        if not chosen:
            held = "; ".join(f"{name} is {why}" for name, why in dropped.items()) or f"{time_header} is the only one"
            raise UserError(f"{table.path.name} has no numeric column besides the time ({held})")
    drivers = {name: _find(table, name) for name in inputs}
    for name, header in drivers.items():
        if header in (time_header, trial_header) or (state is not None and header in chosen):
            raise UserError(f"column {header!r} of {table.path.name} is named twice, as an input and as something else")
        if table.kinds[header] not in ("number", "empty"):
            raise UserError(f"the input {name!r} of {table.path.name} holds {table.kinds[header]}, not numbers")
    states = tuple(name for name in chosen if name not in drivers.values())
    chosen = (*states, *dict.fromkeys(drivers.values()))
    if len(states) > MAX_STATES:
        raise UserError(
            f"{table.path.name} has {len(chosen)} state columns ({', '.join(chosen)}) and at most {MAX_STATES} can be "
            "used; name the ones to use with --state"
        )
    for header in (time_header, *chosen, *([trial_header] if trial_header else [])):
        if names.count(header) > 1:
            raise UserError(f"{table.path.name} has {names.count(header)} columns called {header!r}; rename one")
    if table.kinds[time_header] == "text":
        raise UserError(
            f"the time column {time_header!r} of {table.path.name} is not numeric; use numbers or dates (2020-01-31)"
        )
    return Roles(time_header, chosen, trial_header, drivers)


def _find(table: Columns, wanted: str) -> str:
    """The header that a person means: as written, without its unit, or in other letters' case if that is unique."""
    bare = {name: split_unit(name)[0] for name in table.names}
    for found in (
        [name for name in table.names if name == wanted],
        [name for name in table.names if bare[name] == wanted],
        [name for name in table.names if wanted.lower() in (name.lower(), bare[name].lower())],
    ):
        if found:
            return found[0]
    raise UserError(f"{table.path.name} has no column {wanted!r}; its columns are {', '.join(table.names[:30])}")


def _guess_time(table: Columns, notes: list[str]) -> str:
    bare = {split_unit(name)[0].lower(): name for name in reversed(table.names)}
    for guess in TIMES:
        exact = len(guess) > 1 or split_unit(bare.get(guess, ""))[0] == guess  # `S` is a state, `s` may be seconds
        if guess in bare and exact and table.kinds[bare[guess]] != "text":
            return bare[guess]
    likely = [name for name in table.names if name.lower().startswith("time") or table.kinds[name] == "date"]
    if likely:
        notes.append(f"column {likely[0]!r} is read as the time")
        return likely[0]
    first = next((name for name in table.names if table.kinds[name] == "number" and name.lower() not in INDEXES), None)
    if first is not None:
        values = table.read([first], [])[0][first]
        if len(values) > 1 and np.isfinite(values).all() and (np.diff(values) > 0).all():
            notes.append(f"column {first!r} is read as the time: it comes first and only increases")
            return first
    raise UserError(
        f"{table.path.name} has no column that looks like a time; its columns are {', '.join(table.names[:30])}: name "
        "one with --time"
    )


def _guess_trial(table: Columns, time: str, state: Sequence[str] | None, notes: list[str]) -> str | None:
    wanted = {name.lower() for name in state or ()}
    for name in table.names:
        bare = split_unit(name)[0].lower()
        if name == time or bare in wanted or bare.removesuffix("_id").removesuffix("id").strip() not in (*TRIALS, ""):
            continue
        if not bare or table.kinds[name] == "empty":
            continue
        labels = table.read([], [name])[1][name]
        if len(labels.unique()) <= len(labels) // 2:
            notes.append(f"column {name!r} tells the trials apart")
            return name
    return None


def same_roles(table: Columns, roles: Roles) -> Roles:
    """The same columns in a further file, whose units and order of columns may be written otherwise."""

    def find(header: str) -> str:
        return _find(table, header if header in table.names else split_unit(header)[0])

    for header in (roles.time, *roles.states):
        units = {split_unit(header)[1], split_unit(find(header))[1]} - {""}
        if len(units) > 1:
            raise UserError(f"column {header!r} is in other units in {table.path.name}: {' and '.join(sorted(units))}")
    return Roles(find(roles.time), tuple(map(find, roles.states)), find(roles.trial) if roles.trial else None)


def identifiers(labels: Sequence[str], notes: list[str]) -> list[str]:
    """Names that an equation can use, unique, as near as possible to the headers."""
    taken: set[str] = set()
    names = []
    for label in labels:
        plain = "".join(GREEK.get(letter, letter) for letter in label)
        plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
        plain = re.sub(r"\W+", "_", plain).strip("_")[: MAX_NAME - 4] or "x"
        if plain[0].isdigit():
            plain = f"x{plain}"
        if plain in RESERVED:
            plain = f"{plain}_state"
        name = unused(plain, taken)
        taken.add(name)
        names.append(name)
        if name != label:
            notes.append(f"column {label!r} is called {name} in equations")
    return names


def unused(name: str, taken: set[str]) -> str:
    """`name`, or `name_2`, `name_3`, ... where it is taken."""
    return next(each for each in (name, *(f"{name}_{n}" for n in range(2, 100))) if each not in taken)


def velocity_names(position: str) -> list[str]:
    """What other columns may be called that hold the velocity of this one."""
    names = [f"v{position}", f"v_{position}", f"{position}_v", f"d{position}", f"d{position}dt", f"d{position}_dt"]
    names += [f"{position}dot", f"{position}_dot", f"{position}_velocity", f"velocity_{position}"]
    return [*names, *([VELOCITIES[position.lower()]] if position.lower() in VELOCITIES else [])]
