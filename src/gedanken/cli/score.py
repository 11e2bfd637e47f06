"""`gedanken score`: answers in, verdicts out, one JSON object a line."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli._options import RewardOption, TaskArgument

EXAMPLES = (
    "gedanken score discover answers.jsonl > verdicts.jsonl",
    "head -100 answers.jsonl | gedanken score discover - --mode training | jq .reward",
)

CHUNK = 512


def score(
    task: TaskArgument,
    answers: Annotated[Path, typer.Argument(help="JSONL file, or - for standard input.", allow_dash=True)],
    split: Annotated[str, typer.Option(help="Split of rows that name none.")] = "test",
    mode: Annotated[str, typer.Option(help="Reward weights: episode or training.")] = "episode",
    reward: RewardOption = None,
) -> None:
    """Score answers in a batch.

    Each line holds `subject`, `answer` and, if it likes, `split`, `index`, `level` and conditions such as `noise`. Each
    line of the output is the verdict on the same line of the input. A row that names no problem stops the run with its
    line number; what was scored before it has been written.
    """
    import orjson

    from gedanken import tasks
    from gedanken.errors import UserError
    from gedanken.loop import Problem

    chosen = tasks.load(task, mode=mode, reward=reward)
    if str(answers) != "-" and not answers.is_file():
        raise UserError(f"there is no file {answers}")
    problems: dict[bytes, Problem] = {}

    def read(line: bytes, number: int) -> tuple[Problem, str]:
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise UserError(f"line {number} is not JSON: {error}") from None
        if (
            not isinstance(row, dict)
            or not isinstance(row.get("subject"), str)
            or not isinstance(row.get("answer"), str)
        ):
            raise UserError(f'line {number} needs a "subject" and an "answer", both text')
        answer = row.pop("answer")
        key = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
        if key not in problems:
            try:
                problems[key] = chosen.pose(**{"split": split, **row})
            except (UserError, TypeError) as error:
                raise UserError(f"line {number}: {error}") from None
        return problems[key], answer

    def write(batch: list[tuple[Problem, str]]) -> None:
        for verdict in chosen.verify_batch([problem for problem, _ in batch], [answer for _, answer in batch]):
            sys.stdout.buffer.write(orjson.dumps(verdict.to_dict()) + b"\n")
        sys.stdout.buffer.flush()

    source = sys.stdin.buffer if str(answers) == "-" else answers.open("rb")
    batch: list[tuple[Problem, str]] = []
    with source:
        try:
            for number, line in enumerate(source, 1):
                if line.strip():
                    batch.append(read(line, number))
                if len(batch) == CHUNK:
                    write(batch)
                    batch = []
        finally:
            write(batch)
