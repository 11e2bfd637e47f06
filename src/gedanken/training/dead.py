"""Runs that learn nothing: step after step all answers are cut at the token limit, or earn the same.

GRPO learns from differences between the answers to one problem, so equal rewards change nothing; an answer that is cut
cannot be read, and mostly earns nothing. Such a run still comes to its end and looks finished, so it has to say so.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gedanken.training.run import RunFolder
from gedanken.training.trainer import TrainingStopped

# Cause -> what happened at every step of a spell, and what may help.
CAUSES = {
    "cut": (
        "every answer was cut at the token limit of {max_new_tokens}",
        "raise --max-new-tokens, or let the model learn by train sft where an answer ends",
    ),
    "zero": (
        "every reward was 0",
        "begin with a model that writes readable answers (--sft-checkpoint), or pose easier problems (--with)",
    ),
    "equal": (
        "all answers to each problem earned the same",
        "raise --temperature or --num-generations, or pose harder or easier problems (--with)",
    ),
}


@dataclass(frozen=True)
class Spell:
    """Consecutive steps with one cause: `first` to `last`, both included, `steps` of them."""

    cause: str
    first: int
    last: int
    steps: int

    def describe(self, options: Mapping[str, Any]) -> str:
        """One sentence without its full stop; `options` are the run's."""
        what, _ = CAUSES[self.cause]
        return f"from step {self.first} to step {self.last} {what.format_map(options)}"

    @property
    def remedy(self) -> str:
        """What may help."""
        return CAUSES[self.cause][1]


def find_causes(line: Mapping[str, Any]) -> list[str]:
    """Which causes hold at one step, by the measurements that TRL logs of it; in the order of `CAUSES`."""
    equal = line.get("frac_reward_zero_std") == 1
    holds = {
        "cut": line.get("completions/clipped_ratio") == 1,
        "zero": equal and line.get("reward") == 0,
        "equal": equal,
    }
    return [cause for cause in CAUSES if holds[cause]]


class SpellFinder:
    """Follows a run step by step."""

    def __init__(self) -> None:
        self._open: dict[str, Spell] = {}

    def add(self, line: Mapping[str, Any]) -> list[Spell]:
        """The spells that this step is part of."""
        step, spells = int(line["step"]), {}
        for cause in find_causes(line):
            before = self._open.get(cause)
            spells[cause] = Spell(cause, before.first if before else step, step, (before.steps if before else 0) + 1)
        self._open = spells
        return list(spells.values())


def find_spells(lines: Iterable[Mapping[str, Any]], at_least: int) -> list[Spell]:
    """The longest dead spell of each cause, of at least so many steps.

    A run whose rewards are all 0 has equal rewards, too: the more precise cause stands for both.
    """
    finder, longest = SpellFinder(), dict[str, Spell]()
    for line in lines:
        for spell in finder.add(line):
            if spell.steps >= max(at_least, longest[spell.cause].steps if spell.cause in longest else 0):
                longest[spell.cause] = spell
    if "zero" in longest and "equal" in longest and longest["equal"].steps == longest["zero"].steps:
        del longest["equal"]
    return [longest[cause] for cause in CAUSES if cause in longest]


class DeadWatch:
    """Says at once that a run is dead: on standard error, in the progress line and in the run's measurements."""

    def __init__(self, folder: RunFolder, steps: int, stop: bool, options: Mapping[str, Any]):
        """A watch that calls a run dead after `steps` steps, and then stops it if `stop`; `options` are the run's."""
        self._folder, self._steps, self._stop, self._options = folder, steps, stop, options
        self._finder = SpellFinder()
        self._warned: set[tuple[str, int]] = set()

    def __call__(self, step: int, logs: Mapping[str, Any]) -> str:
        """A note for the progress line, empty while the run lives.

        Raises:
            TrainingStopped: the run is dead and should be stopped.
        """
        spells = [spell for spell in self._finder.add({**logs, "step": step}) if spell.steps >= self._steps]
        named = {spell.cause for spell in spells}
        spells = [spell for spell in spells if spell.cause != "equal" or "zero" not in named]
        if not spells:
            return ""
        fresh = [spell for spell in spells if (spell.cause, spell.first) not in self._warned]
        for spell in fresh:
            self._warned.add((spell.cause, spell.first))
            print(f"gedanken: warning: {spell.describe(self._options)}; {spell.remedy}", file=sys.stderr)
        if fresh:
            causes = [{"cause": spell.cause, "since": spell.first} for spell in spells]
            self._folder.log(step, {"kind": "dead", "causes": causes, "stopped": self._stop})
        if self._stop:
            reasons = " and ".join(spell.describe(self._options) for spell in spells)
            raise TrainingStopped(f"the run is dead and was stopped at step {step}: {reasons}; {spells[0].remedy}")
        return f"DEAD since step {min(spell.first for spell in spells)}"
