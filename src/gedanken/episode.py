"""An episode with `reset` and `step`, in this process: what trainers drive, and what every server wraps.

The shape is OpenEnv's (`reset(...)`, `step(action)`, a `StepResult`), without a socket and without a framework, so that
the same fixed answers earn the same rewards through every interface.
"""

import json
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import index as whole
from typing import Any

from gedanken import tasks
from gedanken.errors import GedankenError, UserError
from gedanken.loop import SPLITS, Problem, Task, Turn
from gedanken.seeding import digest, stream

REWARD_MODES = ("r2", "improvement", "terminal")
MAX_TURNS = 64
# Indices below this are poses' own; a larger seed is folded into them.
INDICES = 2**31
# The task list offers this many instances of each subject; any index can be posed all the same.
INSTANCES = 1000


class EpisodeError(GedankenError):
    """A step where there is nothing to step: before `reset`, after the end, or after `close`."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What the player's side sees after a reset or a step. Everything here may reach a language model.

    Attributes:
        prompt: what to tell the model next: the whole question after `reset`, the reply to an answer after `step`.
        feedback: the verdict in English; empty after `reset`.
        r_match: how good this answer is, in [0, 1] (`Verdict.match`); None after reset.
        best_r_match: the best of the episode so far.
        turns_left: answers that may still be given.
        error: why the answer scored nothing, or None.
        components: the reward terms by name, each in [0, 1].
        reward: of this step, by the reward mode; None after `reset`, finite otherwise.
        done: whether the episode is over.
        metrics: at the end of the episode its `LocalEnv.metrics`, empty before.
        metadata: the seed, and options that were not understood.
    """

    prompt: str
    feedback: str = ""
    r_match: float | None = None
    best_r_match: float = 0.0
    turns_left: int = 0
    error: str | None = None
    components: Mapping[str, float] = field(default_factory=dict)
    reward: float | None = None
    done: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepResult:
    """The same four fields as the socket client's result."""

    observation: Observation
    reward: float | None = None
    done: bool = False
    metadata: Mapping[str, Any] | None = None


class LocalEnv:
    """One session: `reset` poses a problem, `step` judges an answer. One thread at a time; instances share nothing.

    Attributes:
        task: the task being played, as last reset.
        problem: the posed problem with its truth, None before the first reset. Never send it anywhere.
        turns: the turns played since the last reset.
    """

    def __init__(self, task: str = "discover", *, reward_mode: str = "r2", reward: str | None = None):
        """A session of a task whose `reset` uses `reward_mode` unless told otherwise.

        Args:
            task: the task's name.
            reward_mode: how a step is paid; see `reset`.
            reward: name of the reward table (`generalisation`, `physix`, ...); the task's default when None.

        Raises:
            UserError: there is no such task, reward mode or reward table.
        """
        self.task: Task = tasks.load(task, reward=reward)
        self._reward_mode = self._mode = _one_of("reward_mode", reward_mode, REWARD_MODES)
        self.problem: Problem | None = None
        self.turns: list[Turn] = []
        self._best = 0.0
        self._closed = False
        self._done = False
        self._known: dict[str, Any] = {}

    def __enter__(self) -> "LocalEnv":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reset(
        self,
        *,
        seed: int | None = None,
        episode_id: str | None = None,
        split: str | None = None,
        index: int | None = None,
        level: int | None = None,
        max_turns: int | None = None,
        reward_mode: str | None = None,
        **options: Any,
    ) -> StepResult:
        """Pose a problem and begin an episode.

        A subject and an index (or a seed, which then is the index) name the same problem as `Task.pose`. Without a
        subject, the index counts through the split's task list, or else the seed draws one. With an index *and* a seed,
        the index chooses the task and the seed its instance. With neither, a fresh seed is drawn and reported.

        Args:
            seed: a whole number from 0 up.
            episode_id: what to call the episode; made up when None.
            split: `train` (the default, except for subjects that are held out of it: `test`), `val` or `test`.
            index: which problem.
            level: 1 to 5.
            max_turns: at most this many answers; the task's own number by default.
            reward_mode: `r2` rewards each answer by itself; `improvement` what it adds to the best so far, which sums
                to the best; `terminal` nothing before the end, and there the best.
            options: `subject` (also by the task's own word: `system_id`, `scenario`), and options of the task's `pose`
                (`noise`, `hint`, `format`, ...); names that the task does not know are reported in the observation's
                metadata.

        Raises:
            UserError: a value that cannot be used; the running episode, if any, goes on.
            EpisodeError: the session is closed.
        """
        if self._closed:
            raise EpisodeError("this session is closed; open a new one")
        task = self.task
        subject = options.pop(task.subject_option, None)
        subject = options.pop("subject", None) if subject is None else subject
        given = {name: value for name, value in options.items() if value is not None and name in task.options}
        ignored = sorted(name for name, value in options.items() if value is not None and name not in task.options)
        for name, value in given.items():
            given[name] = _typed(name, value, task.options[name])
        if level is not None:
            given["level"] = _counted("level", level, 1, 5)
        if episode_id is not None and (not isinstance(episode_id, str) or not 0 < len(episode_id) <= 200):
            raise UserError("episode_id must be a text of at most 200 characters")
        mode = self._reward_mode if reward_mode is None else _one_of("reward_mode", reward_mode, REWARD_MODES)
        if subject is not None:
            _one_of(task.subject_option, subject, task.subjects())
        if split is None:
            split = "test" if subject is not None and subject in task.held_out() else "train"
        _one_of("split", split, SPLITS)
        if index is not None:
            index = _counted("index", index, 0, 2**63 - 1)
        if seed is None:
            drawn = secrets.randbelow(INDICES) if index is None else None
        else:
            drawn = _counted("seed", seed, 0, 2**63 - 1)
        subject, instance = locate(task, split, subject, index, drawn)
        turns = None if max_turns is None else _counted("max_turns", max_turns, 1, MAX_TURNS)
        chosen = tasks.load(task.name, max_turns=turns, reward=task.reward)
        problem = _pose(task.name, subject, split, instance, tuple(sorted(given.items())))

        self.task, self.problem, self.turns, self._mode = chosen, problem, [], mode
        self._best, self._done = 0.0, False
        self._known = {
            "episode_id": episode_id or secrets.token_hex(16),
            task.subject_option: subject,
            "seed": drawn,
            "split": split,
            "index": instance,
            "level": level,
            "max_turns": chosen.max_turns,
            "reward_mode": mode,
        }
        prompt = "\n\n".join(message["content"] for message in chosen.ask(problem))
        metadata: dict[str, Any] = {"seed": drawn, "reward_mode": mode}
        if ignored:
            metadata["ignored"] = ignored
        return _result(Observation(prompt, turns_left=chosen.max_turns, metadata=metadata))

    def step(self, action: Any) -> StepResult:
        """Judge one answer: a text, a JSON object, or anything with an `answer`.

        Raises:
            EpisodeError: there is no episode to step.
        """
        if self._closed:
            raise EpisodeError("this session is closed; open a new one")
        if self.problem is None:
            raise EpisodeError("nothing has been posed yet; call reset first")
        if self._done:
            raise EpisodeError("Episode over; call reset for a new one")
        answer = read_action(action)
        verdict = self.task.verify(self.problem, answer, self.turns)
        self.turns.append(Turn(answer, verdict))
        matched = _unit(verdict.match)
        before, self._best = self._best, max(self._best, matched)
        left = self.task.max_turns - len(self.turns)
        self._done = verdict.solved or left <= 0
        match self._mode:
            case "improvement":
                reward = self._best - before
            case "terminal":
                reward = self._best if self._done else 0.0
            case _:
                reward = matched
        prompt = "" if self._done else self.task.reply(self.problem, self.turns)
        observation = Observation(
            prompt,
            verdict.feedback,
            matched,
            self._best,
            left,
            verdict.error,
            {name: _unit(value) for name, value in verdict.terms.items()},
            reward,
            self._done,
            self.metrics if self._done else {},
        )
        return _result(observation)

    @property
    def metrics(self) -> dict[str, float]:
        """What to log beside the reward, the same in every reward mode.

        `first`: how good the first answer is; `best`: the best one; `turns`: how many were given; `solved`: 1 or 0.
        """
        matches = [_unit(turn.verdict.match) for turn in self.turns]
        return {
            "first": matches[0] if matches else 0.0,
            "best": self._best,
            "turns": float(len(self.turns)),
            "solved": float(any(turn.verdict.solved for turn in self.turns)),
        }

    def state(self) -> dict[str, Any]:
        """What the trainer may know: which problem, how far, how good. No truth."""
        progress = {"step_count": len(self.turns), "best_r_match": self._best, "done": self._done}
        return {**self._known, **progress, "metrics": self.metrics}

    def close(self) -> None:
        """End the session; again and again does no harm."""
        self._closed = True
        self.problem = None


# A group of answers that are compared with each other is a group of sessions reset to one problem.
@lru_cache(maxsize=64)
def _pose(task: str, subject: str, split: str, index: int, options: tuple[tuple[str, Any], ...]) -> Problem:
    return tasks.load(task).pose(subject, split=split, index=index, **dict(options))


def locate(task: Task, split: str, subject: str | None, index: int | None, seed: int | None) -> tuple[str, int]:
    """The subject and the instance that `reset`'s arguments stand for."""
    names = task.subjects(split)
    if subject is None:
        if index is not None:
            subject, index = names[index % len(names)], index // len(names)
        else:
            subject = str(stream("episode", task.name, split, seed).choice(names))
    if seed is None:
        assert index is not None
        return subject, index % INDICES
    if index is not None:
        return subject, digest("instance", seed, index) % INDICES
    return subject, seed if seed < INDICES else digest("instance", seed) % INDICES


def read_action(action: Any) -> str:
    """The answer's text in whatever an action is: a text, `{"answer": ...}`, any other JSON object. Never raises."""
    if hasattr(action, "answer"):
        action = {"answer": action.answer}
    if isinstance(action, Mapping):
        action = action["answer"] if "answer" in action else {k: v for k, v in action.items() if k != "metadata"}
    if isinstance(action, str):
        return action
    try:
        return json.dumps(action, default=str)
    except (ValueError, TypeError, RecursionError):
        return "(an action that cannot be written as JSON)"


def _result(observation: Observation) -> StepResult:
    return StepResult(observation, observation.reward, observation.done, dict(observation.metadata) or None)


def _unit(value: float) -> float:
    if 0.0 <= value <= 1.0:
        return float(value)
    return 1.0 if 1.0 < value < math.inf else 0.0


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in known:
        import difflib

        near = difflib.get_close_matches(value, known, n=3) if isinstance(value, str) and len(value) < 100 else []
        offered = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known[:8])}"
        shown = repr(value)[:80]
        raise UserError(f"{name} {shown} is not known; {offered}{', ...' if not near and len(known) > 8 else ''}")
    return value


def _counted(name: str, value: Any, low: int, high: int) -> int:
    try:
        number = whole(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or not low <= number <= high:
        raise UserError(f"{name} must be a whole number from {low} to {high}, not {repr(value)[:40]}")
    return number


def _typed(name: str, value: Any, kinds: tuple[type, ...]) -> Any:
    if type(value) not in kinds or (isinstance(value, float) and not math.isfinite(value)):
        raise UserError(f"{name} must be {' or '.join(kind.__name__ for kind in kinds)}, not {repr(value)[:40]}")
    return value
