"""The question: what is the next frame of this scene? The recorded frame judges."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal
from weakref import WeakKeyDictionary

import numpy as np

from gedanken import zoo
from gedanken.errors import UserError
from gedanken.loop import Key, Message, Player, Problem, Question, Subject, Task, Turn, Verdict, check_split
from gedanken.seeding import stream
from gedanken.tasks.predict import promises, show
from gedanken.tasks.predict.extrapolation import STANDARD, compute_bar, hold
from gedanken.tasks.predict.observation import Observation, Truth
from gedanken.tasks.predict.rewards import POSITION_FLOOR, SOLVED, TABLE, VELOCITY_FLOOR, Evidence
from gedanken.worlds.rigid import scenarios, text
from gedanken.worlds.rigid.engine.simulate import FRAMES, Recording, memoryless, record
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import DT, Scene
from gedanken.worlds.rigid.text import Prompt, Reading

CONTEXT = 10
# Velocities that an extrapolation misses by more than this (px/s) are an event: a contact, a joint, a field.
EVENT = 1.0
# Frames that are tried for one that no extrapolation gets right.
TRIES = 8


class PredictTask(Task):
    """Poses and judges `predict` problems. An answer is the next frame in the prompt's own format."""

    name = "predict"
    title = "Write the next frame of a rigid-body scene; the recorded frame judges, extrapolating earns nothing."
    subject_option = "scenario"
    options: ClassVar[Mapping[str, tuple[type, ...]]] = {
        "context": (int,),
        "format": (str,),
        "exact": (bool,),
        "at": (int, str),
    }
    default_player = "restart10"
    suite = "heldout6"

    tables: ClassVar = {"skill": TABLE}
    solved_at = SOLVED

    def subjects(self, split: str = "test") -> tuple[str, ...]:
        """Every scenario; in the training split those that are not held out."""
        return tuple(name for name in scenarios.names() if split != "train" or name not in scenarios.HELD_OUT)

    def describe(self, subject: str) -> Subject:
        """What happens in the scenario."""
        about = zoo.docstring(scenarios.PACKAGE, subject).split("\n\n")[0]
        return Subject(subject, scenarios.category(subject), subject in scenarios.HELD_OUT, about)

    def pose(
        self,
        subject: str,
        *,
        split: str = "train",
        index: int = 0,
        level: int = 2,
        context: int = CONTEXT,
        horizon: int = 1,
        format: str = "v1",
        at: int | Literal["event"] = "event",
        exact: bool = False,
        **unknown: Any,
    ) -> Problem:
        """The problem that (subject, level, split, index) names.

        Args:
            subject: a scenario of the zoo, or the path of a file with a `build` function.
            split: `train`, `val` or `test`; each has scenes of its own.
            index: which scene.
            level: 1 to 5, how many bodies.
            context: frames shown.
            horizon: frames recorded after the context, for rollouts.
            format: text format.
            at: number of the first frame to predict, or `event` for one that no extrapolation gets right, by the key.
            exact: simulate without memory, so that each printed frame decides the next one to the last digit.
            unknown: refused.

        Raises:
            UserError: an unknown subject, split, level, format or option, a held-out scenario in the training split, or
                numbers out of range.
        """
        if unknown:
            raise UserError(f"{self.name} has no option {', '.join(sorted(unknown))}")
        check_split(split, subject, scenarios.held_out(subject))
        ranges = {"index": (index, 0, 2**31), "context": (context, 1, FRAMES), "horizon": (horizon, 1, FRAMES)}
        for name, (value, low, high) in ranges.items():
            if type(value) is not int or not low <= value <= high:
                raise UserError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
        if context + horizon > FRAMES + 1:
            raise UserError(f"context and horizon together must fit the {FRAMES + 1} frames of a recording")
        scene = scenarios.pose(subject, level, split=split, index=index)
        # A memoryless scene has no raw labels: its printed frames are its state.
        labels = "pushed" if exact else text.load(format).LABELS
        recording = record(memoryless(scene) if exact else scene, labels=labels)
        if at == "event":
            first = _eventful(recording, context, horizon, stream("predict", subject, level, split, index, "frame"))
        else:
            first = at
            if type(first) is not int or not context <= first <= FRAMES + 1 - horizon:
                raise UserError(f"at must lie between {context} and {FRAMES + 1 - horizon}, not {first!r}")
        options: dict[str, Any] = {
            "context": context,
            "horizon": horizon,
            "format": format,
            "at": first,
            "exact": exact,
        }
        key = Key(subject, split, index, level, options)
        return self.pose_recording(recording, key, first, context, horizon, format)

    def pose_recording(
        self, recording: Recording, key: Key, first: int, context: int, horizon: int, format: str
    ) -> Problem:
        """A problem about frames `first` and later of a recording, after `context` frames."""
        writer = text.load(format)
        scene = recording.scene
        prompt = Prompt(
            writer.Header.of(scene, recording.labels), recording.states[first - context : first], first - context
        )
        # What the text leaves out must not reach a baseline either.
        shown = Prompt(prompt.header, writer.visible(prompt), prompt.first)
        observation = Observation(format, shown)
        truth = Truth(scene, recording.states[first : first + horizon], _arms(scene))
        return Problem(self.name, key, observation, writer.write_prompt(prompt), truth)

    def solve(self, problem: Problem) -> str:
        """The recorded next frame."""
        observation: Observation = problem.observation
        return text.load(observation.format).write_target(observation.prompt, problem.truth.frames[0])

    def verify(self, problem: Problem, answer: str, turns: Sequence[Turn] = ()) -> Verdict:
        """Judge one answer against the recorded frame."""
        observation: Observation = problem.observation
        writer = text.load(observation.format)
        prompt = observation.prompt

        reading = writer.parse_frame(answer, prompt)
        bar = _bar_of(problem)
        guess = fill(reading, prompt)
        position, velocity = frame_errors(guess, bar.recorded, problem.truth.arms)
        covered = float(np.mean(reading.answered))
        evidence = Evidence(
            _rms(position),
            _rms(velocity),
            bar.position,
            bar.velocity,
            covered,
            not reading.complaints,
            bar.extrapolated,
        )
        terms = self.table.compute(evidence) if covered else dict.fromkeys(self.weights, 0.0)
        reward = sum(weight * terms[name] for name, weight in self.weights.items())
        error = (
            None
            if covered
            else f"no body was answered: {reading.complaints[0] if reading.complaints else 'empty answer'}"
        )
        return Verdict(
            terms,
            self.weights,
            reward > SOLVED,
            f"This answer scores 0: {error}." if error else _describe(evidence, reading),
            error=error,
            reading=reading,
            details={
                "coverage": covered,
                "position_rmse": evidence.position_error,
                "velocity_rmse": evidence.velocity_error,
                "position_bar": evidence.position_bar,
                "velocity_bar": evidence.velocity_bar,
                "complaints": list(reading.complaints),
            },
        )

    def examples(self, problem: Problem) -> list[tuple[str, str]]:
        """What extrapolations and a restarted simulation answer."""
        return show.examples(Question(self.ask(problem), problem.observation))

    @cached_property
    def tool(self) -> Callable[..., Any]:
        """`predict_frame(frame)`."""
        return predict_frame

    def show_problem(self, problem: Problem) -> dict[str, Any]:
        """Format, frames and the scene."""
        return show.show_problem(problem)

    def show_answer(self, problem: Problem, turn: Turn) -> dict[str, Any] | None:
        """The predicted frame, unanswered bodies held, beside the recorded one."""
        if turn.verdict.error is not None:
            return None
        guess = fill(turn.verdict.reading, problem.observation.prompt)
        return {"kind": "frame", "frame": guess, "recorded": problem.truth.frames[0]}

    def show_subject(self, subject: str) -> dict[str, Any]:
        """What happens in the scenario, what it keeps, and how many bodies it has."""
        return show.show_subject(subject)

    def picture(self, problem: Problem, best: Turn | None) -> str:
        """The last frame that the prompt tells."""
        return show.picture(problem)

    def explain(self, subject: str, *, level: int | None = None, index: int = 0) -> str:
        """What happens, and the header of one scene."""
        return show.explain(subject, 2 if level is None else level, index)

    def zoo_page(self) -> tuple[str, str]:
        """`scenarios.md`."""
        return "scenarios.md", show.scenarios_page()

    def examine(self, path: Path) -> Iterator[tuple[str, str | None]] | None:
        """The promises of a file that holds a function `build`."""
        return promises.examine(str(path)) if hasattr(zoo.load_file(path), "build") else None

    def roll_out(self, problem: Problem, player: Player, frames: int) -> Iterator[tuple[Array, Reading]]:
        """Let a player continue the scene on its own frames.

        Yields the frame that is fed back, shape (bodies, 6), with bodies that were not answered held, and what was
        understood of the answer.
        """
        observation: Observation = problem.observation
        writer = text.load(observation.format)
        prompt = observation.prompt
        for _ in range(frames):
            shown = Observation(observation.format, prompt)
            messages: list[Message] = [{"role": "user", "content": writer.write_prompt(_printable(prompt))}]
            reading = writer.parse_frame(player.answer(Question(messages, shown)), prompt)
            state = fill(reading, prompt)
            yield state, reading
            prompt = Prompt(prompt.header, np.concatenate([prompt.states[1:], state[None]]), prompt.first + 1)


def predict_frame(frame: str) -> str:
    """Predict the next frame.

    Args:
        frame: The frame in the format of the prompt, one line a body.

    Returns:
        How far it is from the recorded frame.
    """
    return frame


def fill(reading: Reading, prompt: Prompt) -> Array:
    """The frame that an answer stands for: bodies and numbers that it leaves out are held."""
    return np.where(np.isfinite(reading.state), reading.state, hold(prompt))


def frame_errors(guess: Array, recorded: Array, arms: Array) -> tuple[Array, Array]:
    """Position error (px) and velocity error (px/s) of each body, rotation counted at the radius of gyration.

    What the format does not say (NaN) is no error.
    """
    # Huge numbers in an answer overflow to infinity, which then is the error.
    with np.errstate(over="ignore", invalid="ignore"):
        off = np.nan_to_num(np.where(np.isfinite(recorded), guess - recorded, 0.0), nan=np.inf)
        position = np.sqrt(off[:, 0] ** 2 + off[:, 1] ** 2 + np.where(arms > 0, arms * off[:, 4], 0.0) ** 2)
        velocity = np.sqrt(off[:, 2] ** 2 + off[:, 3] ** 2 + np.where(arms > 0, arms * off[:, 5], 0.0) ** 2)
    return position, velocity


def contact_bodies(states: Array, gravity: tuple[float, float], kinematic: Array) -> Array:
    """Which bodies free flight misses by more than `EVENT` from a frame to the next, shape (frames - 1, bodies)."""
    change = np.diff(states[:, :, 2:4], axis=0)
    expected = np.where(kinematic[:, None], 0.0, np.asarray(gravity) * DT)
    return np.asarray(np.linalg.norm(change - expected, axis=2) > EVENT)


@dataclass(frozen=True, eq=False)
class _Bar:
    """What the answers to a problem are compared with.

    Attributes:
        recorded: the recorded frame as the format writes it: its rounding counts neither for nor against an answer.
        position: the least position error of any extrapolation, px.
        velocity: the least velocity error of any extrapolation, px/s.
        extrapolated: extrapolations give the recorded frame, but the standard ones do not.
    """

    recorded: Array
    position: float
    velocity: float
    extrapolated: bool


# Extrapolating takes longer than judging, and an episode has several answers.
_bars: WeakKeyDictionary[Truth, _Bar] = WeakKeyDictionary()


def _bar_of(problem: Problem) -> _Bar:
    truth: Truth = problem.truth
    bar = _bars.get(truth)
    if bar is None:
        bar = _bars[truth] = _compute_bar(problem.observation, truth)
    return bar


def _compute_bar(observation: Observation, truth: Truth) -> _Bar:
    writer, prompt = text.load(observation.format), observation.prompt

    def written(state: Array) -> Array:
        return fill(writer.parse_frame(writer.write_target(prompt, state), prompt), prompt)

    recorded = written(truth.frames[0])
    guesses = compute_bar(prompt)
    errors = {name: frame_errors(written(guess), recorded, truth.arms) for name, guess in guesses.items()}

    def least(names: Iterable[str]) -> tuple[float, float]:
        places, velocities = zip(*(map(_rms, errors[name]) for name in names), strict=True)
        return min(places), min(velocities)

    def is_exact(place: float, velocity: float) -> bool:
        return place <= POSITION_FLOOR and velocity <= VELOCITY_FLOOR

    bars = least(errors)
    return _Bar(recorded, *bars, is_exact(*bars) and not is_exact(*least(STANDARD)))


def _eventful(recording: Recording, context: int, horizon: int, rng: np.random.Generator) -> int:
    """A frame whose velocities every extrapolation misses by more than `EVENT`; if there is none, the worst one.

    The standard extrapolations choose; then the frame is moved on to one that the whole bar misses, if one of `TRIES`
    is.
    """
    header = text.load("v1").Header.of(recording.scene, recording.labels)
    frames = np.arange(context, FRAMES + 2 - horizon)

    def least_miss(frame: int, extrapolate: Callable[[Prompt], Mapping[str, Array]]) -> float:
        prompt = Prompt(header, recording.states[max(frame - context, 0) : frame])
        recorded = recording.states[frame][:, 2:4]
        return min(_rms(guess[:, 2:4] - recorded) for guess in extrapolate(prompt).values())

    def standard(prompt: Prompt) -> dict[str, Array]:
        return {name: extrapolate(prompt) for name, extrapolate in STANDARD.items()}

    misses = np.array([least_miss(int(frame), standard) for frame in frames])
    busy = frames[misses > EVENT]
    if not len(busy):
        return int(frames[np.argmax(misses)])
    first = int(rng.choice(busy))
    # Frames after each other are alike: go on in large steps, from the one that is chosen.
    places = (np.searchsorted(busy, first) + np.arange(TRIES) * max(1, len(busy) // TRIES)) % len(busy)
    tried = (int(frame) for frame in busy[places])
    return next((frame for frame in tried if least_miss(frame, compute_bar) > EVENT), first)


def _arms(scene: Scene) -> Array:
    """Radius of gyration of each body, 0 where it does not rotate."""
    return np.array([np.sqrt(body.shape.moment(1.0)) if body.rotates else 0.0 for body in scene.bodies])


def _printable(prompt: Prompt) -> Prompt:
    """The prompt with numbers that its format can write."""
    return Prompt(prompt.header, np.clip(np.nan_to_num(prompt.states), -99_999.0, 99_999.0), prompt.first)


def _rms(errors: Array) -> float:
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.mean(np.square(errors))))


def _describe(evidence: Evidence, reading: Reading) -> str:
    """The verdict in English.

    It has no value, size, direction or body in it. What a player could copy into its next answer would be paid without
    any understanding, and two errors in numbers are enough to solve for a coordinate.
    """
    parts = []
    if reading.complaints:
        more = f" (and {len(reading.complaints) - 1} more)" if len(reading.complaints) > 1 else ""
        parts.append(f"{reading.complaints[0]}{more}.")
    for name, error, bar, floor in (
        ("velocities", evidence.velocity_error, evidence.velocity_bar, VELOCITY_FLOOR),
        ("positions", evidence.position_error, evidence.position_bar, POSITION_FLOOR),
    ):
        if error <= floor:
            parts.append(f"The {name} are those of the recorded frame.")
        elif error < bar:
            parts.append(f"The {name} are nearer to the recorded frame than any extrapolation of the frames shown.")
        else:
            parts.append(f"The {name} are no nearer to the recorded frame than an extrapolation of the frames shown.")
    return " ".join(parts)


TASK = PredictTask
