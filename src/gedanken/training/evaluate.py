"""Models on fixed problems, played side by side: while they train, and for the table of before and after."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gedanken import tasks
from gedanken.loop import BatchPlayer, Problem, play_batch
from gedanken.markdown import table
from gedanken.statistics import summarise_mean, summarise_rate
from gedanken.training.pairs import Source

Progress = Callable[[int, int, str], None]
# Evaluations take instances from here on, far from any that a benchmark suite uses.
FIRST = 100_000


@dataclass(frozen=True)
class Outcome:
    """What a model made of one problem.

    Attributes:
        subject: what it was about.
        index: which instance.
        held_out: no training problem is about this subject.
        valid: its first answer could be read and simulated.
        first: match of the first answer (skill, for `predict`).
        best: match of the best answer of the episode.
        solved_first: the first answer solved it.
        solved: some answer did.
        turns: how many answers it gave.
        answer: the first answer.
    """

    subject: str
    index: int
    held_out: bool
    valid: bool
    first: float
    best: float
    solved_first: bool
    solved: bool
    turns: int
    answer: str


def evaluation_sources(task: str, problems: int, conditions: Mapping[str, Any]) -> list[Source]:
    """The fixed evaluation problems of a task: test instances, of training subjects and of held-out ones."""
    judge = tasks.load(task)
    names = judge.evaluation_subjects or tuple(sorted(judge.held_out()))
    return [Source(task, names, problems, "test", FIRST, dict(conditions))]


def evaluate(
    player: BatchPlayer,
    sources: Sequence[Source],
    *,
    turns: int = 1,
    batch: int = 16,
    progress: Progress = lambda done, total, note: None,
) -> list[Outcome]:
    """Play every problem; one after the other in batches of `batch` episodes side by side."""
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
            for (subject, index), episode in zip(
                chosen, play_batch(judge, player, problems, min(turns, judge.max_turns)), strict=True
            ):
                verdicts = [turn.verdict for turn in episode]
                matches = [verdict.match for verdict in verdicts]
                outcomes.append(
                    Outcome(
                        subject,
                        index,
                        subject in held_out,
                        verdicts[0].error is None,
                        matches[0],
                        max(matches),
                        verdicts[0].solved,
                        any(verdict.solved for verdict in verdicts),
                        len(episode),
                        episode[0].answer,
                    )
                )
            progress(len(outcomes), total, chosen[-1][0])
    return outcomes


def summarise(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Rates (in percent, Wilson intervals) and mean matches (bootstrap intervals) over all problems."""
    return {
        "n": len(outcomes),
        "valid": summarise_rate([[outcome.valid] for outcome in outcomes]),
        "match": _mean([outcome.first for outcome in outcomes]),
        "best_match": _mean([outcome.best for outcome in outcomes]),
        "solved_first": summarise_rate([[outcome.solved_first] for outcome in outcomes]),
        "solved": summarise_rate([[outcome.solved] for outcome in outcomes]),
    }


def summarise_subjects(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """`summarise` of each subject by itself."""
    names = list(dict.fromkeys(outcome.subject for outcome in outcomes))
    return {name: summarise([outcome for outcome in outcomes if outcome.subject == name]) for name in names}


def render_table(results: Mapping[str, Sequence[Outcome]], turns: int) -> str:
    """Before and after as a Markdown table: a row for each model, over all problems and subject by subject."""
    head = ["problems", "model", "n", "valid %", "mean match", "solved in 1 %"]
    if turns > 1:
        head += [f"best match of {turns}", f"solved in {turns} %"]
    rows = []
    names = list(dict.fromkeys(outcome.subject for outcomes in results.values() for outcome in outcomes))
    for group in ("all", *names):
        for model, outcomes in results.items():
            some = [outcome for outcome in outcomes if group in ("all", outcome.subject)]
            if not some:
                continue
            summary = summarise(some)
            label = f"{group} (held out)" if some[0].held_out and group != "all" else group
            cells = [
                label,
                model,
                str(summary["n"]),
                _cell(summary["valid"], "rate", 1),
                _cell(summary["match"], "mean", 3),
                _cell(summary["solved_first"], "rate", 1),
            ]
            if turns > 1:
                cells += [_cell(summary["best_match"], "mean", 3), _cell(summary["solved"], "rate", 1)]
            rows.append(cells)
    return "\n".join(table(head, rows)) + "\n"


def _cell(value: Mapping[str, Any], name: str, digits: int) -> str:
    low, high = value["ci"]
    return f"{value[name]:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _mean(values: Sequence[float]) -> dict[str, Any]:
    return summarise_mean(values, "evaluation interval", len(values))
