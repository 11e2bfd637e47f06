"""What a scene teaches: groups of contacts and joints, what each has by now, and what is to be added to it.

A scene is simulated again from its data: a recording does not hold impulses. Now and then all bodies are disturbed
by the size of error that a model makes, so that a rollout, which stands on the model's own frames, is nothing new.
Groups whose rows contradict each other come first: where each law's own impulse is right there is nothing to learn.

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
from gedanken.training.scratch.loader import Example
from gedanken.training.scratch.scenes import SHAKEN, trace
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.laws import explain_from
from gedanken.worlds.rigid.engine.simulate import FRAMES
from gedanken.worlds.rigid.rounds import ENOUGH, Step, left
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import _quantities as q

EVENT = 1.0
"""Velocity error (px/s) from which on something happens in a group (for the last impulses, repeated), or its rows
contradict each other (for each row's impulse by its own law)."""

RESTING = 0.3
"""Share of the groups that are examples whose rows contradict each other and which do again what they did before."""

QUIET = 0.02
"""Share of the other groups that are examples."""

PUSHES = 0.05
"""Share of the groups whose pushes are examples, too: impulses of their own kind, without friction."""

FIRST_ROUND = 0.45
"""Share of the examples that begin as a step begins; the others stand between that and the right answer, or near it."""

SCENE_TOKENS = 8000
"""Tokens that a scene gives, if it has so many: then the next scene."""

FIT = q.SWEEPS
"""Sweeps of the search for the impulses that are taught."""

MISFIT = 0.3
"""Largest velocity error (px/s) of the impulses that are taught; where the search leaves more, the solver's are."""

SORTED = 0.5
"""Share of the examples whose rows are said in the order that a reader lists them."""


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
        last: impulses of the step before, shape (rows, 3).
    """

    flown: Array
    rows: Array
    told: Array
    impulses: Array
    after: Array
    news: Array
    last: Array


def walk(scene: Scene, rng: np.random.Generator, shaken: float = SHAKEN, frames: int = FRAMES) -> Iterator[Moment]:
    """The steps of a scene's simulation, some frames disturbed.

    Raises:
        UserError: the scene is unstable.
    """
    before: Array | None = None
    for tracer, step in trace(scene, rng, shaken, frames):
        masses = tracer.physics.masses
        acting = ~c.slack(step.rows)
        rows = step.rows[acting]
        change = np.zeros((len(masses), 3)) if before is None else (step.before - before)[:, [2, 3, 5]]
        last = q.recall(step.flown, rows, masses, change)
        told = q.describe(step.flown, rows, masses, last, True)
        warm = tracer.physics.settle(step.flown, rows, last, False)
        news = np.hypot(*(warm - step.after)[:, 2:4].T)
        yield Moment(step.flown, rows, told, step.impulses[acting], step.after, news, last)
        before = step.flown


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
    if split != "train" or scenarios.held_out(scenario):
        raise UserError(f"{scenario} {index} of split {split} is not for training")
    rng = stream("scratch", "examples", scenario, level, index, turn)
    return choose(scene, rng, most_rows, tokens, frames)


def choose(scene: Scene, rng: np.random.Generator, most_rows: int, tokens: int, frames: int = FRAMES) -> list[Example]:
    """Examples of a scene, at random, until there are so many tokens."""
    movable = np.array([not body.kinematic for body in scene.bodies])
    physics = c.Physics.of(scene)
    found: list[tuple[Moment, Ids, bool]] = []
    shaken = SHAKEN if rng.random() < 2 / 3 else 0.0
    for moment in walk(scene, rng, shaken, frames):
        if not len(moment.rows):
            continue
        step = Step(moment.flown, moment.rows, physics.masses)
        off = np.hypot(*(step.book(step.alone()) - moment.after)[:, 2:4].T)
        bodies = moment.rows[:, c.A].astype(int)
        news, contradiction = moment.news[bodies], off[bodies]
        group = q.islands(moment.rows, len(movable), physics.masses)
        for number in np.unique(group):
            members = np.flatnonzero(group == number)
            if len(members) > most_rows:
                continue
            share = QUIET
            if contradiction[members].max() > EVENT:
                share = 1.0 if news[members].max() > EVENT else RESTING
            if rng.random() < share:
                found.append((moment, members, False))
            if len(members) > 1 and moment.impulses[members, c.APART].max() > EVENT and rng.random() < PUSHES:
                found.append((moment, members, True))
    examples: list[Example] = []
    used = 0
    for place in rng.permutation(len(found)).tolist():
        moment, members, pushes = found[place]
        example = _teach(moment, members, pushes, physics, movable, scene.solver.iterations, rng)
        if example is None:
            continue
        examples.append(example)
        used += len(example.ids)
        if used >= tokens:
            break
    return examples


def _teach(
    moment: Moment,
    members: Ids,
    pushes: bool,
    physics: c.Physics,
    movable: np.ndarray,
    iterations: int,
    rng: np.random.Generator,
) -> Example | None:
    """A group at some round, and what is to be added; None where there is nothing to ask for."""
    if pushes:
        step = Step.of_pushes(moment.flown, moment.rows, physics.masses).part(members)
        right = np.column_stack([moment.impulses[members, c.APART], np.zeros((len(members), 2))])
        after, begin = step.book(right), step.alone()
    else:
        step = Step(moment.flown, moment.rows, physics.masses).part(members)
        right, after, begin = moment.impulses[members], moment.after, step.begin(moment.last[members])
    now = pick_round(step, after, right, begin, rng)
    if left(step.look(now)) <= ENOUGH:
        return None
    changes = teach_changes(step, after, right, now) - now
    return say(step, now, changes, movable, iterations, rng)


def teach_changes(step: Step, after: Array, right: Array, now: Array) -> Array:
    """The impulses of a group that are the right answer when it has some already, shape (rows, 3).

    A frame does not tell each impulse of a stack: a box on two points has one weight, and the solver's share for each
    comes from its whole history. Taught are therefore impulses near those of now that give the same frame, and the
    solver's own where there are none.
    """
    found = np.asarray(explain_from(now, step.flown, step.rows, step.masses, after, FIT))
    bodies = np.unique(step.rows[:, c.A].astype(int))
    off = (step.book(found) - after)[bodies, 2:4]
    return found if np.hypot(*off.T).max() < MISFIT else right * (1.0, 1.0, 0.0)


def pick_round(step: Step, after: Array, right: Array, begin: Array, rng: np.random.Generator) -> Array:
    """The impulses of some round: the first, or one on the way that a model's answers might take."""
    if rng.random() < FIRST_ROUND:
        return begin
    if rng.random() < 0.2:
        begin = step.alone()
    goal = teach_changes(step, after, right, begin)
    gap = begin - goal
    size = np.abs(gap[:, :2]).mean() * np.exp(rng.normal(-2.0, 1.0))
    share = rng.uniform(0.0, 1.0) * rng.uniform(0.0, 1.5, (len(gap), 1)) ** 2
    noise = rng.normal(0.0, 1.0, gap.shape) * (size + 0.1 * np.abs(gap)) * (1.0, 1.0, 0.0)
    return step.add(goal, share * gap + noise)


def say(
    step: Step, now: Array, changes: Array, movable: np.ndarray, iterations: int, rng: np.random.Generator
) -> Example:
    """A group as tokens, one of the many ways to say it."""
    members = np.arange(len(step.rows))
    if rng.random() > SORTED:
        members = rng.permutation(members)
    look = step.look(now)
    rows, told = exchange_ends(step.rows, look, movable, rng)
    turn, mirror, shift = int(rng.integers(360)), bool(rng.integers(2)), int(rng.integers(v.ROWS))
    text, cues = v.encode(rows, told, members, movable, iterations, turn, mirror, shift)
    answer, asked = v.encode_answer(rows, changes / v.unit(look), members, cues, mirror)
    return Example(np.concatenate([text, answer]).astype(np.int32), np.concatenate([np.zeros(len(text), bool), asked]))


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
