"""Which problems an adapter hands out, and what fixed answers to one of them earn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gedanken import tasks
from gedanken.episode import INDICES, LocalEnv, Observation
from gedanken.errors import UserError
from gedanken.loop import SPLITS
from gedanken.seeding import stream


@dataclass(frozen=True, slots=True)
class Played:
    """What became of fixed answers.

    Attributes:
        observations: what the episode said to each.
        solved: whether the last one solved it.
        metrics: `first`, `best`, `turns` and `solved`, see `LocalEnv.metrics`.
    """

    observations: tuple[Observation, ...]
    solved: bool
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def best(self) -> float:
        """The best answer, from 0 to 1; 0 without any."""
        return self.observations[-1].best_r_match if self.observations else 0.0


def draw(task: str, number: int, *, split: str = "train", seed: int = 0, **options: Any) -> dict[str, Any]:
    """Problem `number` of an endless sequence, as keyword arguments of `LocalEnv.reset`.

    Every subject of the split comes once before any comes again, each time as another instance. A problem depends on
    the arguments alone, so sequences of different lengths begin alike.

    Args:
        task: the task's name.
        number: which one, from 0 up.
        split: `train`, `val` or `test`; `train` has no subject that is held out from training.
        seed: names the sequence.
        options: conditions that every problem shares (`level`, `noise`, `format`, ...); those that are None are left
            out.

    Raises:
        UserError: there is no such task or split.
    """
    judge = tasks.load(task)
    if split not in SPLITS:
        raise UserError(f"split is train, val or test, not {split!r}")
    names = judge.subjects(split)
    lap, place = divmod(number, len(names))
    rng = stream("problems", task, split, seed, lap)
    subject = names[rng.permutation(len(names))[place]]
    index = int(rng.integers(INDICES, size=len(names))[place])
    given = {name: value for name, value in options.items() if value is not None}
    return {judge.subject_option: subject, "split": split, "index": index, **given}


def check(task: str, problem: Mapping[str, Any]) -> None:
    """Pose a problem, to find out now whether its options can be used.

    Raises:
        UserError: one cannot, or the task knows no option of that name.
    """
    ignored = LocalEnv(task).reset(**problem).observation.metadata.get("ignored")
    if ignored:
        raise UserError(f"{task} has no option {', '.join(ignored)}")


def replay(task: str, problem: Mapping[str, Any], answers: Iterable[str]) -> Played:
    """Judge a player's answers one after another, as its episode did; answers after the end are not looked at."""
    env = LocalEnv(task)
    env.reset(**problem)
    told: list[Observation] = []
    for answer in answers:
        told.append(env.step(answer).observation)
        if told[-1].done:
            break
    return Played(tuple(told), bool(env.turns) and env.turns[-1].verdict.solved, env.metrics)
