"""What a scene teaches: groups of contacts and joints with the impulses that the solver found for them.

A scene is simulated again from its data: a recording does not hold impulses. Now and then all bodies are disturbed
by the size of error that a model makes, so that a rollout, which stands on the model's own frames, is nothing new.
Groups where something happens come first: in most steps what rests goes on resting.

The physics knows no numbering, no left and right and no order of the ends of a contact: each example is said in random
order, turned by a random angle, mirrored half of the time, and with the ends of its rows exchanged at random.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gedanken.errors import UserError
from gedanken.models.impulses import vocabulary as v
from gedanken.models.impulses.vocabulary import Ids
from gedanken.seeding import stream
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.chipmunk import Space
from gedanken.worlds.rigid.engine.laws import explain
from gedanken.worlds.rigid.engine.simulate import FRAMES
from gedanken.worlds.rigid.engine.tracing import Tracer
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import _quantities as q

SHAKEN = 0.05
"""Share of the frames before which the bodies are disturbed, in two scenes of three."""

SHAKES = (0.2, 20.0)
"""Smallest and largest size of a disturbance of the velocities (px/s); positions get a fiftieth of it in px."""

EVENT = 1.0
"""Velocity error (px/s) of the last impulses, repeated, from which on something happens in a group."""

QUIET = 0.1
"""Share of the other groups that are examples."""

SCENE_TOKENS = 8000
"""Tokens that a scene gives, if it has so many: then the next scene."""

FIT = q.SWEEPS
"""Sweeps of the search for the impulses that are taught: what rests is taught the very impulses that the text says."""

MISFIT = 0.3
"""Largest velocity error (px/s) of the impulses that are taught; where the search leaves more, the solver's are."""

SORTED = 0.5
"""Share of the examples whose rows are said in the order that a reader lists them."""


@dataclass(frozen=True)
class Example:
    """A group with its answer.

    Attributes:
        ids: tokens, shape (tokens,), int32.
        begin: where the answer begins.
    """

    ids: np.ndarray
    begin: int


@dataclass(frozen=True, eq=False)
class Moment:
    """One step of a scene.

    Attributes:
        flown: state after motion without impulses, shape (n, 6).
        rows: what acts, without slack ropes.
        told: their quantities.
        impulses: what the solver found, shape (rows, 3).
        after: state after the step, shape (n, 6).
        news: velocity error of the last impulses, repeated, of each body, px/s, shape (n,).
    """

    flown: Array
    rows: Array
    told: Array
    impulses: Array
    after: Array
    news: Array


def walk(scene: Scene, rng: np.random.Generator, shaken: float = SHAKEN, frames: int = FRAMES) -> Iterator[Moment]:
    """The steps of a scene's simulation, some frames disturbed.

    Raises:
        UserError: the scene is unstable.
    """
    size = np.exp(rng.uniform(*np.log(SHAKES)))
    with Space(scene) as space:
        tracer = Tracer(scene, space)
        masses = tracer.physics.masses
        scale = np.array([0.02, 0.02, 1.0, 1.0, 0.001, 0.05]) * size * (masses[:, :1] > 0)
        before: Array | None = None
        for _ in range(frames):
            if rng.random() < shaken:
                space.place(tracer.state() + rng.normal(0.0, 1.0, (len(masses), 6)) * scale)
            for step in tracer.frame():
                acting = ~c.slack(step.rows)
                rows = step.rows[acting]
                change = np.zeros((len(masses), 3)) if before is None else (step.before - before)[:, [2, 3, 5]]
                last = q.recall(step.flown, rows, masses, change)
                told = q.describe(step.flown, rows, masses, last, True)
                warm = tracer.physics.settle(step.flown, rows, last, False)
                news = np.hypot(*(warm - step.after)[:, 2:4].T)
                yield Moment(step.flown, rows, told, step.impulses[acting], step.after, news)
                before = step.flown
            if not np.abs(tracer.state()).max() < 1e5:
                raise UserError("the scene is unstable: its state is beyond all bounds")


def teach(
    scene: Scene,
    key: tuple[str, int | None, str, int],
    turn: int,
    most_rows: int,
    tokens: int = SCENE_TOKENS,
    frames: int = FRAMES,
) -> list[Example]:
    """Examples of a scene of a training set, other ones each time (`turn`) that the data set is gone through.

    The simulation is as long as the recording: `frames` after frame 0.

    Raises:
        UserError: the scene is held out or not of the training split.
    """
    scenario, level, split, index = key
    if split != "train" or scenario in scenarios.HELD_OUT:
        raise UserError(f"{scenario} {index} of split {split} is not for training")
    rng = stream("scratch", "examples", scenario, level, index, turn)
    return choose(scene, rng, most_rows, tokens, frames)


def choose(scene: Scene, rng: np.random.Generator, most_rows: int, tokens: int, frames: int = FRAMES) -> list[Example]:
    """Examples of a scene, at random, until there are so many tokens."""
    movable = np.array([not body.kinematic for body in scene.bodies])
    physics = c.Physics.of(scene)
    found: list[tuple[Moment, Ids]] = []
    shaken = SHAKEN if rng.random() < 2 / 3 else 0.0
    for moment in walk(scene, rng, shaken, frames):
        if not len(moment.rows):
            continue
        group = q.islands(moment.rows, len(movable), physics.masses)
        news = moment.news[moment.rows[:, c.A].astype(int)]
        for number in np.unique(group):
            members = np.flatnonzero(group == number)
            if len(members) <= most_rows and (news[members].max() > EVENT or rng.random() < QUIET):
                found.append((moment, members))
    examples: list[Example] = []
    used = 0
    for place in rng.permutation(len(found)).tolist():
        moment, members = found[place]
        answer = teach_impulses(moment, members, physics)
        example = say(moment, members, answer, movable, scene.solver.iterations, rng)
        examples.append(example)
        used += len(example.ids)
        if used >= tokens:
            break
    return examples


def teach_impulses(moment: Moment, members: Ids, physics: c.Physics) -> Array:
    """The impulses of a group that are the right answer, shape (rows, 3), 0 for the rows of others.

    A frame does not tell each impulse of a stack: a box on two points has one weight, and the solver's share for each
    comes from its whole history. Taught are therefore the impulses that the search of the format finds for the change
    of velocities, from which also the last ones in the text come. They give the same frame.
    """
    found = np.zeros((len(moment.rows), 3))
    found[members] = moment.impulses[members]
    fitted = found.copy()
    fitted[members, :2] = explain(moment.flown, moment.rows[members], physics.masses, moment.after, FIT)[:, :2]
    bodies = np.unique(moment.rows[members, c.A].astype(int))
    off = (physics.settle(moment.flown, moment.rows, fitted, False) - moment.after)[bodies, 2:4]
    return fitted if np.hypot(*off.T).max() < MISFIT else found


def say(
    moment: Moment, members: Ids, impulses: Array, movable: np.ndarray, iterations: int, rng: np.random.Generator
) -> Example:
    """A group as tokens, one of the many ways to say it."""
    if rng.random() > SORTED:
        members = rng.permutation(members)
    rows, told = exchange_ends(moment.rows, moment.told, movable, rng)
    turn, mirror, shift = int(rng.integers(360)), bool(rng.integers(2)), int(rng.integers(v.ROWS))
    text = v.encode(rows, told, members, movable, iterations, turn, mirror, shift)
    answer = v.encode_answer(rows, impulses, members, v.has_push(told[members]), mirror, shift)
    return Example(np.concatenate([text, answer]).astype(np.int32), len(text))


def exchange_ends(rows: Array, told: Array, movable: np.ndarray, rng: np.random.Generator) -> tuple[Array, Array]:
    """The same rows with the two ends of some exchanged, where both are bodies that impulses move.

    Impulses stay as they are: the normal turns round, and with it what is positive. A motor's spins would change
    their signs, and a hinge's components with its normal, so that these stay.
    """
    b = rows[:, c.B].astype(int)
    pair = (b >= 0) & (b < len(movable))
    pair[pair] = movable[b[pair]]
    pair &= (rows[:, c.KIND] != c.MOTOR) & (rows[:, c.KIND] != c.HINGE)
    pair &= rng.random(len(rows)) < 0.5
    rows, told = rows.copy(), told.copy()
    rows[pair, c.A], rows[pair, c.B] = rows[pair, c.B], rows[pair, c.A]
    rows[pair, c.NX : c.NY + 1] *= -1.0
    told[pair, q.SHARE_A], told[pair, q.SHARE_B] = told[pair, q.SHARE_B], told[pair, q.SHARE_A]
    for one, other in ((q.ARM_A, q.ARM_B), (q.ARM_AT, q.ARM_BT)):
        told[pair, one], told[pair, other] = -told[pair, other], -told[pair, one]
    return rows, told
