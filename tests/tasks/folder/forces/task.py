"""The question: which force acts on this body? A third task, to show that a task is one folder and nothing else."""

from collections.abc import Sequence
from typing import Any, ClassVar

from gedanken.errors import UserError
from gedanken.loop import Key, Problem, Subject, Task, Turn, Verdict, check_split
from gedanken.seeding import stream
from gedanken.tasks.terms import RewardTable
from gedanken.worlds.rigid import Attractor, Body, Circle, Scene, Wind
from gedanken.worlds.rigid.engine.simulate import record

FORCES = ("attraction", "gravity", "nothing", "wind")

TABLE: RewardTable[float] = RewardTable("forces-rewards-1")


@TABLE.term(weight=1.0, training=1.0)
def match(evidence: float) -> float:
    """Whether the right force was named."""
    return evidence


class ForcesTask(Task):
    """Shows where a body is over half a second; the answer is the name of the force."""

    name = "forces"
    title = "Name the force that acts on a moving body."
    subject_option = "force"
    options: ClassVar = {"frames": (int,)}
    default_player = "cautious"
    turns = 2

    tables: ClassVar = {"match": TABLE}

    def subjects(self, split: str = "test") -> tuple[str, ...]:
        return tuple(force for force in FORCES if split != "train" or force != "wind")

    def describe(self, subject: str) -> Subject:
        return Subject(subject, "force", subject == "wind", f"A body under {subject}.")

    def pose(
        self, subject: str, *, split: str = "train", index: int = 0, level: int = 1, frames: int = 30, **unknown: Any
    ) -> Problem:
        if subject not in FORCES or unknown:
            raise UserError(f"forces cannot pose {subject!r} with {sorted(unknown)}")
        check_split(split, subject, subject == "wind")
        rng = stream("forces", subject, split, index)
        body = Body(Circle(10), mass=1.0, x=rng.uniform(200, 600), y=rng.uniform(250, 450), vx=rng.uniform(-50, 50))
        scene = Scene(
            [body],
            gravity=(0.0, -200.0) if subject == "gravity" else (0.0, 0.0),
            fields={"wind": [Wind(0, 0, 800, 600, 150.0, 0.0)], "attraction": [Attractor(400, 300, 4e6, 50)]}.get(
                subject, []
            ),
        )
        states = record(scene, frames).states
        rows = "\n".join(f"{x:.3f} {y:.3f}" for x, y in states[:, 0, :2])
        prompt = f"A body is at (x, y), 60 times a second:\n{rows}\nWhich force acts: {', '.join(FORCES)}?"
        return Problem(self.name, Key(subject, split, index, level, {"frames": frames}), states, prompt, subject)

    def solve(self, problem: Problem) -> str:
        return str(problem.truth)

    def verify(self, problem: Problem, answer: str, turns: Sequence[Turn] = ()) -> Verdict:
        word = answer.strip().lower()
        if word not in FORCES:
            reason = f"an answer is one of {', '.join(FORCES)}"
            return Verdict(
                self.table.compute(0.0), self.weights, False, f"This answer scores 0: {reason}.", error=reason
            )
        right = word == problem.truth
        feedback = "Right." if right else f"It is not {word}."
        return Verdict(self.table.compute(float(right)), self.weights, right, feedback, details={"force": word})


TASK = ForcesTask
