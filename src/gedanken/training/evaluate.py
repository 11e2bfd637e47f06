"""Models on fixed problems, played side by side: while they train, and for the table of before and after."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gedanken import tasks
from gedanken.errors import PlayerError, UserError
from gedanken.loop import Player, Problem, Question, Task, Turn, play, play_batch
from gedanken.training.outcomes import Outcome
from gedanken.training.pairs import Source
from gedanken.training.samples import write_failure, write_sample

Progress = Callable[[int, int, str], None]
# Evaluations take instances from here on, far from any that a benchmark suite uses.
FIRST = 100_000


def evaluation_sources(
    task: str,
    problems: int,
    conditions: Mapping[str, Any],
    subjects: Sequence[str] = (),
    levels: Sequence[int] = (),
    split: str = "test",
) -> list[Source]:
    """The fixed evaluation problems of a task: of the test split those of training subjects and of held-out ones.

    Args:
        task: the task's name.
        problems: how many of each subject.
        conditions: of every problem.
        subjects: what they are about; the task's evaluation subjects when empty.
        levels: one source for each; the task's own level when empty.
        split: `test`, or another whose answers are no evaluation but what a model may learn from (`train`).

    Raises:
        UserError: a subject is not known or not of this split, or the level is given twice.
    """
    judge = tasks.load(task)
    if split == "train":
        names = tuple(subjects) or judge.training_subjects
    else:
        names = tuple(subjects) or judge.evaluation_subjects or tuple(sorted(judge.held_out()))
    if levels and "level" in conditions:
        raise UserError("the level is given twice, as a condition and by --levels; leave one out")
    each = [{"level": level} for level in levels] or [{}]
    return [Source(task, names, problems, split, FIRST, {**conditions, **level}) for level in each]


def evaluate(
    player: Player,
    sources: Sequence[Source],
    *,
    turns: int = 1,
    batch: int = 16,
    sample: int = 0,
    progress: Progress = lambda done, total, note: None,
) -> list[Outcome]:
    """Play every problem; one after the other in batches of `batch` episodes side by side.

    A player that answers several questions at once (`BatchPlayer`) is asked so.

    A problem that the player cannot answer at all (it does not fit into the context) becomes a failed outcome, which is
    counted and not scored.

    Raises:
        PlayerError: the player could answer none of the problems.
    """
    outcomes: list[Outcome] = []
    total = sum(len(source.keys()) for source in sources)
    for source in sources:
        judge = tasks.load(source.task)
        held_out = judge.held_out()
        keys = source.keys()
        # Problems of one subject have prompts of about one length, which wastes least on padding.
        keys = sorted(keys, key=lambda key: source.subjects.index(key[0]))
        for at in range(0, len(keys), batch):
            chosen = keys[at : at + batch]
            problems: list[Problem] = [source.pose(judge, *key) for key in chosen]
            for problem, episode in zip(
                problems, _play(judge, player, problems, min(turns, judge.max_turns)), strict=True
            ):
                outcomes.append(_make_outcome(judge, problem, episode, problem.subject in held_out, sample))
            progress(len(outcomes), total, chosen[-1][0])
    if outcomes and all(outcome.failed for outcome in outcomes):
        raise PlayerError(f"{player.name} could answer none of {len(outcomes)} problems: {outcomes[-1].failed}")
    return outcomes


@dataclass
class _Episode:
    """The turns of an episode, whether its first answer was cut, and why it broke off, if it did."""

    turns: list[Turn] = field(default_factory=list)
    cut: bool | None = None
    failed: str = ""


def _make_outcome(judge: Task, problem: Problem, episode: _Episode, held_out: bool, sample: int) -> Outcome:
    tier = judge.describe(problem.subject).tier
    if not episode.turns:
        row = write_failure(judge, problem, episode.failed)
        return Outcome(problem.key, held_out, row, tier, sample, failed=episode.failed)
    first, verdicts = episode.turns[0], [turn.verdict for turn in episode.turns]
    return Outcome(
        problem.key,
        held_out,
        write_sample(judge, problem, first.answer, first.verdict, cut=episode.cut),
        tier,
        sample,
        best=max(verdict.match for verdict in verdicts),
        solved=any(verdict.solved for verdict in verdicts),
        turns=len(verdicts),
        solved_in=next((k for k, verdict in enumerate(verdicts, 1) if verdict.solved), None),
        letters=sum(len(turn.answer) for turn in episode.turns),
    )


class _Witness:
    """A player that remembers which of its first answers were cut, where the player within knows it."""

    def __init__(self, player: Player):
        self.name, self._player = player.name, player
        self.cut: list[bool] | None = None

    def answer(self, question: Question) -> str:
        return self.answer_batch([question])[0]

    def answer_batch(self, questions: Sequence[Question]) -> list[str]:
        write = getattr(self._player, "write_batch", None)
        if write is None:
            ask = getattr(self._player, "answer_batch", None)
            return [self._player.answer(question) for question in questions] if ask is None else [*ask(questions)]
        pairs: list[tuple[str, bool]] = write(questions)
        if self.cut is None:
            self.cut = [cut for _, cut in pairs]
        return [answer for answer, _ in pairs]


def _play(judge: Task, player: Player, problems: Sequence[Problem], turns: int) -> list[_Episode]:
    """The episodes of all problems, side by side; one by one where the player fails at some problem among them."""
    witness = _Witness(player)
    try:
        episodes = play_batch(judge, witness, problems, turns)
    except PlayerError:
        return [_play_alone(judge, player, problem, turns) for problem in problems]
    cuts: Sequence[bool | None] = witness.cut or [None] * len(problems)
    return [_Episode(episode, cut) for episode, cut in zip(episodes, cuts, strict=True)]


def _play_alone(judge: Task, player: Player, problem: Problem, turns: int) -> _Episode:
    """One episode. What was answered before the player failed counts: the rest of the turns were not solved."""
    witness, episode = _Witness(player), _Episode()
    try:
        for turn in play(judge, witness, problem, turns):
            episode.turns.append(turn)
    except PlayerError as fault:
        episode.failed = str(fault)
    episode.cut = witness.cut[0] if witness.cut else None
    return episode
