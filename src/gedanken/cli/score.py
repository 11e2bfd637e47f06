"""`gedanken score`: answers in, verdicts out, one JSON object a line."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from gedanken.cli._options import OptionalAddress, RayOption, RewardOption, TaskArgument, choose_crew
from gedanken.errors import UserError

if TYPE_CHECKING:
    from gedanken.loop import Problem, Task

EXAMPLES = (
    "gedanken score discover answers.jsonl > verdicts.jsonl",
    "head -100 answers.jsonl | gedanken score discover - --mode training | jq .reward",
    "gedanken score discover runs/rl/samples.jsonl --out runs/rl/scored.jsonl --workers 8",
    "gedanken score predict answers.jsonl --ray 10.0.0.1:6379",
)

COMMAND = OptionalAddress

CHUNK = 512
# Rewards that differ by more are not the same.
TOLERANCE = 1e-9


def score(
    task: TaskArgument,
    answers: Annotated[Path, typer.Argument(help="JSONL file, or - for standard input.", allow_dash=True)],
    split: Annotated[str, typer.Option(help="Split of rows that name none.")] = "test",
    mode: Annotated[
        str | None,
        typer.Option(
            help="Reward weights: episode or training; what a row itself says by default, else episode.",
            show_default=False,
        ),
    ] = None,
    reward: RewardOption = None,
    out: Annotated[Path | None, typer.Option(help="File to write to, instead of standard output.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; one by default.")] = None,
    ray: RayOption = None,
) -> None:
    """Score answers in a batch.

    Each line holds `subject`, `answer` and, if it likes, `split`, `index`, `level` and conditions such as `noise`; or a
    problem's `key` and an `answer`, as the `samples.jsonl` of a training run does. `earlier` lists the answers before
    it in its episode. Each line of the output is the verdict on the same line of the input. A row that names no problem
    stops the run with its line number; what was scored before it has been written.

    Where rows say what they earned, the last line on standard error says whether they earn the same now.
    """
    if str(answers) != "-" and not answers.is_file():
        raise UserError(f"there is no file {answers}")
    if out is not None and out.resolve() == answers.resolve():
        raise UserError(f"--out {out} would overwrite the answers; choose another file")
    from gedanken.spread import spread

    crew = choose_crew(workers, ray, default=1)
    rules = task, split, mode, reward
    # So that what is wrong with the options is said before the first line is read.
    _Scoring(*rules)
    source = sys.stdin.buffer if str(answers) == "-" else answers.open("rb")
    sink: BinaryIO = sys.stdout.buffer if out is None else out.open("wb")
    comparison = _Comparison()
    with source:
        try:
            for scored in spread(_score, ((rules, *chunk) for chunk in _chunks(source)), crew):
                sink.write(scored.lines)
                sink.flush()
                comparison.merge(scored.comparison)
                if scored.fault:
                    raise UserError(scored.fault)
        finally:
            if out is not None:
                sink.close()
    for sentence in comparison.describe():
        print(sentence, file=sys.stderr)


def _chunks(source: BinaryIO) -> Iterator[tuple[int, list[bytes]]]:
    """Lines in portions, each with the number of its first line."""
    first = 1
    while lines := list(islice(source, CHUNK)):
        yield first, lines
        first += len(lines)


_Rules = tuple[str, str, str | None, str | None]


@dataclass
class _Scored:
    """What became of a portion: the verdicts, one a line, and why it broke off, if it did."""

    lines: bytes
    comparison: "_Comparison"
    fault: str = ""


@cache
def _scoring(*rules: Any) -> "_Scoring":
    """What scores by the same rules in this process: problems are posed once."""
    return _Scoring(*rules)


def _score(job: tuple[_Rules, int, list[bytes]]) -> _Scored:
    """Score a portion of lines."""
    rules, first, lines = job
    scoring, batch, fault = _scoring(*rules), [], ""
    for number, line in enumerate(lines, first):
        if line.strip():
            try:
                batch.append(scoring.read(line, number))
            except UserError as error:
                fault = str(error)
                break
    scored = _Scored(b"", _Comparison(), fault)
    scored.lines = b"".join(scoring.judge(batch, scored.comparison))
    return scored


@dataclass(frozen=True)
class _Row:
    """One answer to be scored.

    Attributes:
        judge: the task, in the mode that the row asks for.
        problem: what was answered.
        answer: the answer; None where the row records that there was none.
        row: the row itself.
    """

    judge: "Task"
    problem: "Problem"
    answer: str | None
    row: Mapping[str, Any]


@dataclass
class _Comparison:
    """Recorded rewards beside those of today.

    Attributes:
        rewards: how many rows record one.
        different: how many of them earn another one today.
        largest: the largest difference.
        versions: reward versions of rows that are not today's, with the number of rows.
        today: today's reward version.
        failed: rows that record a failure instead of an answer.
    """

    rewards: int = 0
    different: int = 0
    largest: float = 0.0
    versions: dict[str, int] = field(default_factory=dict)
    today: str = ""
    failed: int = 0

    def add(self, row: Mapping[str, Any], reward: float, version: str) -> None:
        """One row and what its answer earns today. Rows of one's own record nothing."""
        if "key" not in row:
            return
        self.today = version
        if row.get("reward_version", version) != version:
            name = str(row["reward_version"])
            self.versions[name] = self.versions.get(name, 0) + 1
        if isinstance(row.get("reward"), int | float):
            self.rewards += 1
            difference = abs(row["reward"] - reward)
            self.different += difference > TOLERANCE
            self.largest = max(self.largest, difference)

    def merge(self, other: "_Comparison") -> None:
        """What was found elsewhere."""
        self.rewards += other.rewards
        self.different += other.different
        self.largest = max(self.largest, other.largest)
        for version, count in other.versions.items():
            self.versions[version] = self.versions.get(version, 0) + count
        self.today = other.today or self.today
        self.failed += other.failed

    def describe(self) -> Iterator[str]:
        """Sentences on what was compared; none where rows record nothing."""
        for version, count in self.versions.items():
            yield f"{count} rows were scored by {version}, now {self.today}: their rewards may differ"
        if self.rewards and self.different:
            yield f"{self.different} of {self.rewards} recorded rewards differ, by up to {self.largest:.6g}"
        elif self.rewards:
            yield f"all {self.rewards} recorded rewards are the same"
        if self.failed:
            yield f"{self.failed} rows hold no answer, because the model failed; they are not scored"


class _Scoring:
    """Reads rows and writes verdicts; problems and tasks are made once."""

    def __init__(self, task: str, split: str, mode: str | None, reward: str | None):
        self._task, self._split, self._mode, self._reward = task, split, mode, reward
        self._tasks: dict[tuple[str, str | None], Task] = {}
        self._problems: dict[bytes, Problem] = {}
        self._load({})

    def read(self, line: bytes, number: int) -> _Row:
        """One line.

        Raises:
            UserError: it is no row, or it names no problem.
        """
        import orjson

        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise UserError(f"line {number} is not JSON: {error}") from None
        named = isinstance(row, dict) and (isinstance(row.get("subject"), str) or isinstance(row.get("key"), dict))
        answered = named and isinstance(row.get("answer"), str)
        if not answered and not (named and isinstance(row.get("failed"), str)):
            raise UserError(
                f'line {number} needs a "subject" and an "answer", both text; a "key" may stand for the subject'
            )
        earlier = row.get("earlier", [])
        if not isinstance(earlier, list) or not all(isinstance(each, str) for each in earlier):
            raise UserError(f'line {number}: "earlier" is a list of the answers before this one')
        if "key" in row:
            if row.get("task", self._task) != self._task:
                raise UserError(f"line {number} answers a problem of {row['task']}, not of {self._task}")
            # A key names every condition; what else the row holds was found out about the answer.
            options = {**row["key"], **row["key"].get("options", {})}
            options.pop("options", None)
            # `predict` has no problem without a level, and `discover` poses one by its conditions.
            options = {name: value for name, value in options.items() if name != "level" or value is not None}
        else:
            options = {"split": self._split, **row}
            options.pop("answer")
            options.pop("earlier", None)
        try:
            judge = self._load(row if "key" in row else {})
            problem = self._pose(judge, options)
        except (UserError, TypeError) as error:
            raise UserError(f"line {number}: {error}") from None
        return _Row(judge, problem, row.get("answer"), row)

    def judge(self, batch: list[_Row], comparison: _Comparison) -> Iterator[bytes]:
        """The verdicts on a batch, one a line; what the rows record is compared with them."""
        import orjson

        from gedanken.training.turns import credit, replay

        verdicts: dict[int, Any] = {}
        for judge in self._tasks.values():
            places = [at for at, row in enumerate(batch) if row.judge is judge and row.answer is not None]
            answers = [(batch[at].problem, batch[at].answer or "") for at in places]
            judged = judge.verify_batch([problem for problem, _ in answers], [answer for _, answer in answers])
            for order, at in enumerate(places):
                if earlier := batch[at].row.get("earlier"):
                    # Read as a change of the law before, and paid as `train grpo --turns` pays.
                    turns = replay(judge, batch[at].problem, earlier)
                    judged[order] = credit(judge.verify(*answers[order], turns), turns)
            version = judge.table.version
            for at, verdict in zip(places, judged, strict=True):
                comparison.add(batch[at].row, verdict.reward, version)
                verdicts[at] = {**verdict.to_dict(), "mode": judge.mode, "reward_version": version}
        for at, row in enumerate(batch):
            if at not in verdicts:
                comparison.failed += 1
                verdicts[at] = {"failed": row.row["failed"]}
            if "key" in row.row:
                recorded = {name: row.row[name] for name in ("reward", "reward_version") if name in row.row}
                verdicts[at] = {"key": row.row["key"], **verdicts[at], "recorded": recorded}
            yield orjson.dumps(verdicts[at]) + b"\n"

    def _load(self, row: Mapping[str, Any]) -> "Task":
        """The judge of a row: as the command says, else as the row does, else the task's own."""
        from gedanken import tasks

        chosen = self._mode or row.get("mode") or "episode", self._reward or row.get("reward_table")
        if chosen not in self._tasks:
            self._tasks[chosen] = tasks.load(self._task, mode=chosen[0], reward=chosen[1])
        return self._tasks[chosen]

    def _pose(self, judge: "Task", options: Mapping[str, Any]) -> "Problem":
        import orjson

        name = orjson.dumps(options, option=orjson.OPT_SORT_KEYS)
        if name not in self._problems:
            self._problems[name] = judge.pose(**options)
        return self._problems[name]
