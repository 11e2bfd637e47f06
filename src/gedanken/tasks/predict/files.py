"""A file as a `predict` problem: a text in any format, a published recording (JSONL), a scene in JSON or YAML."""

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.errors import UserError
from gedanken.loop import Key, Problem
from gedanken.tasks.predict.observation import CONTEXT, Observation, Truth, gyration
from gedanken.worlds.rigid import foreign, text
from gedanken.worlds.rigid.engine.simulate import Labels, Recording, memoryless, record, resume
from gedanken.worlds.rigid.scene.document import SUFFIXES, read_scene
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import Prompt
from gedanken.worlds.rigid.text._header import TITLE


@dataclass(frozen=True)
class Request:
    """How a file is to be posed.

    Attributes:
        frames: how many frames are asked for.
        context: how many are shown; None shows what there is, 10 at most where the file has more.
        format: of the prompt; None leaves the file's own.
        exact: simulate without memory, which only a scene without frames can be.
        assume: what to assume where a published recording is silent.
    """

    frames: int
    context: int | None = None
    format: str | None = None
    exact: bool = False
    assume: str | None = None


def is_scene(path: Path) -> bool:
    """Whether a file holds a scene without frames."""
    return path.suffix.lower() in SUFFIXES


def pose(path: Path, request: Request) -> Problem:
    """The problem that a file poses.

    Frames after the context are the truth; a file without any is compared with a restart of the simulator from it.

    Raises:
        UserError: the file cannot be read, or an option cannot hold for it.
    """
    if is_scene(path):
        if request.assume:
            raise UserError("--assume is for published recordings (JSONL); a scene tells everything")
        return _pose_scene(path, request)
    content = _read(path)
    if request.exact:
        raise UserError(f"--exact simulates a scene anew; the frames of {path} are what they are")
    if foreign.is_recording(content):
        return _pose_recording(path, foreign.read(content, str(path)), request)
    if request.assume:
        raise UserError(f"--assume is for published recordings (JSONL); {path} is a text, and tells all that it can")
    try:
        written = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    name, prompt = parse(path, written)
    scene = getattr(prompt.header, "scene", None)
    labels: Labels | None = getattr(prompt.header, "labels", None)
    shown, after = split(path, prompt, request)
    name, shown, labels = _rewritten(path, name, shown, labels, request.format)
    return _problem(path, name, shown, scene, after, labels or "pushed", request)


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    except (EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def parse(path: Path, written: str) -> tuple[str, Prompt]:
    """The format of a text, and what it says.

    Raises:
        UserError: it is in none of the formats.
    """
    complaints = {}
    for name in text.names():
        prompt = text.load(name).parse_prompt(written)
        if not isinstance(prompt, list):
            return name, prompt
        complaints[name] = prompt[0]
    tried = ", ".join(complaints)
    likely = _likely(written)
    if not likely:
        raise UserError(
            f"{path} is in none of the text formats ({tried}): it has no line `{TITLE}` (v1, {', '.join(_marks())}) "
            "and no line `Scene: ...` (lfm, card); a scene of your own is a .py, .json or .yaml file"
        )
    reasons = "; ".join(f"{name}: {complaints.pop(name)}" for name in likely)
    raise UserError(f"{path} is in none of the text formats ({tried}); {reasons}")


def _marks() -> dict[str, str]:
    """Formats whose header is v1's with one line more, and how that line begins."""
    return {name: mark for name in text.names() if (mark := getattr(text.load(name), "MARK", None))}


def _likely(written: str) -> list[str]:
    """The formats whose first line a text has, the likeliest first."""
    lines = [line.strip() for line in text.unmarked(written).split("\n")]
    if any(line.startswith(TITLE) for line in lines):
        own = [name for name, start in _marks().items() if any(line.startswith(start) for line in lines)]
        return own or ["v1"]
    if any(line.startswith("Scene:") for line in lines):
        return ["card" if "Objects:" in lines else "lfm"]
    return []


def split(path: Path, prompt: Prompt, request: Request) -> tuple[Prompt, Array]:
    """The frames that are shown, and those after them that are asked for, shape (at most `request.frames`, bodies, 6).

    Raises:
        UserError: the context asks for more frames than there are.
    """
    there = len(prompt.states)
    context = min(CONTEXT, there) if request.context is None else request.context
    if context > there:
        raise UserError(f"{path} has {there} frame{'s'[: there != 1]}, not the {context} that --context asks for")
    return replace(prompt, states=prompt.states[:context]), prompt.states[context : context + request.frames]


def _rewritten(
    path: Path, name: str, prompt: Prompt, labels: Labels | None, wanted: str | None
) -> tuple[str, Prompt, Labels | None]:
    """Format, prompt and labels in the format that is wanted."""
    if wanted in (None, name):
        return name, prompt, labels
    writer = text.load(str(wanted))
    scene = getattr(prompt.header, "scene", None)
    if scene is None:
        raise UserError(f"{path} is {name}, which does not tell enough to be written as {wanted}")
    # The start of a scene is before any push.
    if prompt.first == 0 and len(prompt.states) == 1:
        labels = writer.LABELS
    if labels != writer.LABELS:
        raise UserError(
            f"{path} has {labels} positions, and models of the format {wanted} know {writer.LABELS} ones; "
            f"`gedanken predict SCENARIO --format {wanted}` records those"
        )
    told = Prompt(writer.Header.of(scene, labels), prompt.states, prompt.first)
    return str(wanted), replace(told, states=writer.visible(told)), labels


def _problem(
    path: Path, name: str, shown: Prompt, scene: Scene | None, after: Array, labels: Labels, request: Request
) -> Problem:
    restarted = not len(after) and scene is not None
    if scene is not None and restarted:
        after = resume(scene, shown.states, request.frames, labels)
    bodies = shown.states.shape[1]
    truth = Truth(scene, after, np.zeros(bodies) if scene is None else gyration(scene), restarted)
    options: dict[str, Any] = {"context": len(shown.states), "horizon": request.frames, "format": name}
    key = Key(path.name, options=options)
    return Problem("predict", key, Observation(name, shown), text.load(name).write_prompt(shown), truth)


def _pose_scene(path: Path, request: Request) -> Problem:
    scene = read_scene(path)
    return pose_scene(path.name, memoryless(scene) if request.exact else scene, request)


def pose_scene(title: str, scene: Scene, request: Request) -> Problem:
    """The problem that a scene of one's own poses: its recording from frame 0 on."""
    name = request.format or "v1"
    context = CONTEXT if request.context is None else request.context
    writer = text.load(name)
    labels: Labels = "pushed" if scene.solver.memoryless else writer.LABELS
    recording: Recording = record(scene, context + request.frames - 1, labels)
    prompt = Prompt(writer.Header.of(scene, labels), recording.states[:context])
    shown = replace(prompt, states=writer.visible(prompt))
    truth = Truth(scene, recording.states[context:], gyration(scene))
    options: Mapping[str, Any] = {"context": context, "horizon": request.frames, "format": name}
    return Problem("predict", Key(title, options=options), Observation(name, shown), writer.write_prompt(prompt), truth)


def _pose_recording(path: Path, recording: foreign.Foreign, request: Request) -> Problem:
    """A published recording: in `lfm` as it stands, in `v1` once the rest is assumed."""
    whole = text.load("lfm")
    told: Prompt = whole.read_records(recording.records())  # type: ignore[attr-defined]
    shown, after = split(path, told, request)
    if request.assume is None:
        if request.format not in (None, "lfm"):
            raise UserError(
                f"{path} does not tell enough to be written as {request.format}: say what to assume, "
                "--assume 'wall_radius=2, iterations=10, damping=1'"
            )
        seen = replace(shown, states=whole.visible(shown))
        return _problem(path, "lfm", seen, None, after, "raw", request)
    scene = foreign.build(recording, foreign.Assumptions.parse(request.assume), shown.states, str(path))
    name = request.format or "v1"
    writer = text.load(name)
    prompt = Prompt(writer.Header.of(scene, "raw"), np.round(shown.states, 4), shown.first)
    return _problem(path, name, replace(prompt, states=writer.visible(prompt)), scene, after, "raw", request)
