"""Headers of a person's own table: names and units, what names mean, and what an equation may call a column."""

import re
import unicodedata
from collections.abc import Sequence

from gedanken.worlds.ode.kernel.limits import MAX_NAME

RESERVED = frozenset({"t", "sin", "cos", "tan", "exp", "log", "ln", "sqrt", "abs", "pi", "nan", "inf"})
TIMES = (
    *("t", "time", "timestamp", "datetime", "date", "zeit", "tiempo", "tempo", "datum", "fecha", "uhrzeit"),
    *("seconds", "second", "sec", "minutes", "minute", "hours", "hour", "days", "day", "weeks", "week"),
    *("months", "month", "years", "year", "epoch", "age", "ms", "min", "s", "h"),
)
TIME_WORDS = frozenset(
    (
        *("time", "timestamp", "datetime", "zeit", "tiempo", "tempo", "datum", "fecha", "uhrzeit", "elapsed", "clock"),
        *("heure", "tid", "czas", "date", "zeitpunkt", "messzeit", "seconds", "sekunden", "时间", "時間", "время"),
    )
)
TIME_UNITS = frozenset(
    (
        *("s", "sec", "secs", "second", "seconds", "ms", "us", "µs", "μs", "ns", "min", "mins", "minute", "minutes"),
        *("h", "hr", "hrs", "hour", "hours", "d", "day", "days", "week", "weeks", "month", "months", "year", "years"),
        *("yr", "sekunden", "stunden", "tage"),
    )
)
TRIALS = (
    *("trial", "run", "experiment", "episode", "series", "id", "subject", "replicate", "trajectory", "group"),
    *("patient", "animal", "rep", "exp", "versuch", "lauf", "messung", "essai", "serie", "specimen", "shot", "batch"),
    *("participant", "plant", "tree", "individual", "track", "particle", "mouse", "rat", "test", "sample", "dataset"),
)
INDEXES: tuple[str, ...] = (
    "index",
    "row",
    "unnamed: 0",
    "column 1",
    "frame",
    "frames",
    "no",
    "no.",
    "nr",
    "nr.",
    "#",
    "sample",
)
INDEXES += ("obs", "record", "entry", "n", "step", "idx", "row number", "rownum", "bild", "point", "rowid", "")
VELOCITIES = {
    "theta": ("omega", "theta_dot", "angular_velocity"),
    "angle": ("angular_velocity", "omega", "angular_speed", "anglevelocity"),
    "phi": ("omega",),
    "position": ("velocity", "speed", "v"),
    "pos": ("vel", "v", "velocity"),
    "height": ("velocity", "speed", "v"),
    "distance": ("velocity", "speed", "v"),
    "displacement": ("velocity", "speed", "v"),
    "x": ("v", "velocity"),
}
ACCELERATIONS = frozenset(("acceleration", "accel", "acc", "beschleunigung", "accélération", "aceleracion"))
GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta"}
GREEK |= {"κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "π": "pi_", "ρ": "rho", "σ": "sigma"}
GREEK |= {"τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Ω": "Omega", "Δ": "Delta", "Θ": "Theta"}


_PREFIX, _BASE = "[fpnuµμmckhMGT]", "m|s|g|N|J|W|V|A|K|Pa|Hz|mol|M|L|l|C|F|T|H|Ω|ohm|Ohm|rad|cd|eV|bar"
_WORD = (
    "min|h|hr|hrs|d|day|days|sec|secs|second|seconds|minute|minutes|hours|yr|year|years|deg|degree|degrees|°|° ?[CF]|℃|"
    "deg ?[CF]|rpm|%|px|pixel|pixels|atm|ppm|ppb|counts?|cells|a\\.?u\\.?|arb\\.? ?units?|units?|-|1|lb|lbs|ft|in|inch|"
    "mmHg|psi|cal|kcal|U|IU|m/s/s|meters?|metres?|volts?|amps?|kelvin|celsius|grams?|newtons?"
)
_ATOM = rf"(?:(?:{_WORD})|{_PREFIX}?(?:{_BASE}))(?:\^?-?\d|[²³⁻¹])*"
_UNIT = re.compile(rf"(?:1/)?{_ATOM}(?: ?[*/·. ^] ?{_ATOM})*")


def is_unit(cell: str) -> bool:
    """Whether a cell of a header is a unit alone: `m/s^2`, `(s)`, `[°C]`."""
    cell = cell.strip()
    bracketed = re.fullmatch(r"[\[(](.*)[\])]", cell)
    return bool(_UNIT.fullmatch(bracketed[1] if bracketed else cell)) or bool(bracketed and len(cell) < 16)


def split_unit(header: str) -> tuple[str, str]:
    """Name and unit of a column: `y [m]`, `t (s)`, `x / cm`, `x in cm` carry one; the `t` of `x(t)` is not a unit."""
    match = re.fullmatch(r"\s*(.*?\S)\s*[\[(]\s*([^\[\]()]*?)\s*[\])]\s*", header) or re.fullmatch(
        r"\s*(.*?\S)\s+/\s+(\S.*?)\s*", header
    )
    if not match:
        match = re.fullmatch(r"\s*(\S.*?)\s+in\s+(\S+)\s*", header)
        if match is None or not is_unit(match[2]):
            return header.strip(), ""
    name, unit = match[1], match[2]
    return name, "" if unit in ("", "t", "-", "1") else unit


def implied_unit(name: str) -> str:
    """The unit that a time column's name is or ends in (`day` -> `days`, `time_ms` -> `ms`), or an empty string."""
    base = re.split(r"[\s_]", name.lower())[-1]
    for unit, spellings in {
        "s": ("s", "sec", "second", "seconds", "epoch"),
        "ms": ("ms",),
        "min": ("min", "minute", "minutes"),
        "h": ("h", "hour", "hours"),
    }.items():
        if base in spellings:
            return unit
    return base.rstrip("s") + "s" if base.rstrip("s") in ("day", "week", "month", "year") else ""


def is_time_name(name: str) -> bool:
    """Whether a column of this name, without its unit, may well hold times."""
    if name == "t":
        return True
    words = [word for word in re.split(r"[\W\d_]+", name.lower()) if word]
    return bool(words) and (name.lower() in TIMES[1:-2] or words[0] == "t" or not TIME_WORDS.isdisjoint(words))


def is_trial_name(name: str) -> bool:
    """Whether a column of this name may well tell trials apart: `run`, `patient_id`, `Trial no.`."""
    bare = re.sub(r"[\s_.#-]*(?:id|no|nr|number|nummer|index)?[\s_.#]*$", "", name.lower()).strip()
    return bare in TRIALS or name.lower() in TRIALS


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
    return next(each for each in (name, *(f"{name}_{n}" for n in range(2, 1000))) if each not in taken)


def velocity_names(position: str) -> list[str]:
    """What other columns may be called that hold the velocity of this one."""
    names = [f"v{position}", f"v_{position}", f"{position}_v", f"d{position}", f"d{position}dt", f"d{position}_dt"]
    names += [f"{position}dot", f"{position}_dot", f"{position}_velocity", f"velocity_{position}"]
    return [*names, *VELOCITIES.get(position.lower(), ())]
