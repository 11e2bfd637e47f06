"""`gedanken pose`: write one problem as a model would see it."""

from typing import Annotated

import typer

from gedanken.cli._options import ConditionOption, IndexArgument, SubjectArgument, TaskArgument, parse_conditions

EXAMPLES = (
    "gedanken pose discover simple_pendulum --index 3",
    "gedanken pose discover free_fall_drag --with noise=0.1 --with hint=anonymous --json | jq .prompt",
)


def pose(
    task: TaskArgument,
    subject: SubjectArgument,
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    index: IndexArgument = 0,
    conditions: ConditionOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: key, messages.")] = False,
    answer: Annotated[bool, typer.Option("--answer", help="Add the teacher's answer.")] = False,
) -> None:
    """Write one problem as a model would see it."""
    import orjson

    from gedanken import tasks

    chosen = tasks.load(task)
    problem = chosen.pose(subject, split=split, index=index, **parse_conditions(conditions))
    if as_json:
        shown = {"task": task, "key": problem.key.to_dict(), "prompt": problem.prompt, "messages": chosen.ask(problem)}
        if answer:
            shown["answer"] = chosen.solve(problem)
        print(orjson.dumps(shown).decode())
        return
    print(problem.prompt)
    if answer:
        print(f"\nThe teacher's answer:\n{chosen.solve(problem)}")
