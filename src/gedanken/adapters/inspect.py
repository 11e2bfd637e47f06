"""Inspect tasks: `inspect eval gedanken/discover --model openai/gpt-4o-mini`, or `eval(discover(n=20), model=...)`.

The solver plays an episode turn by turn. The scorer reads the answers from the conversation and has them judged again,
so it also scores logs, and any other solver.
"""

from typing import Any

from gedanken import tasks
from gedanken.adapters.problems import check, draw, replay
from gedanken.episode import LocalEnv

try:
    import anyio.to_thread
    from inspect_ai import Task, task
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser
    from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
    from inspect_ai.solver import Generate, Solver, TaskState, solver
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("inspect_ai", "anyio"):
        raise
    raise ImportError("this needs Inspect; install it with: pip install 'gedanken[inspect]'") from None


def task_of(name: str) -> Any:
    """The Inspect task of one of our tasks."""

    def problems(
        n: int = 100,
        split: str = "test",
        seed: int = 0,
        level: int | None = None,
        max_turns: int | None = None,
        **options: Any,
    ) -> Task:
        return _make(name, n, split, seed, level=level, max_turns=max_turns, **options)

    problems.__name__ = problems.__qualname__ = name
    problems.__doc__ = f"""{tasks.load(name).title}

    Args:
        n: how many problems.
        split: `train`, `val` or `test`.
        seed: names the sequence of problems.
        level: 1 to 5.
        max_turns: how many answers may be given.
        options: how problems are posed: {", ".join(tasks.load(name).options)}.
    """
    return task(name=name)(problems)


# Inspect looks for its tasks among this module's names.
globals().update({name: task_of(name) for name in tasks.names()})


def _make(name: str, n: int, split: str, seed: int, **options: Any) -> Task:
    problems = [draw(name, number, split=split, seed=seed, **options) for number in range(n)]
    for problem in problems[:1]:
        check(name, problem)
    samples = [_sample(name, number, problem) for number, problem in enumerate(problems)]
    return Task(
        dataset=MemoryDataset(samples, name=f"gedanken_{name}"),
        solver=converse(name),
        scorer=match(name),
        metadata={"task": name, "split": split, "seed": seed},
    )


def _sample(name: str, number: int, problem: dict[str, Any]) -> Sample:
    env = LocalEnv(name)
    env.reset(**problem)
    assert env.problem is not None
    kinds = {"system": ChatMessageSystem, "user": ChatMessageUser}
    asked = [kinds[message["role"]](content=message["content"]) for message in env.task.ask(env.problem)]
    return Sample(input=asked, id=number, metadata={"problem": problem})


@solver
def converse(task_name: str) -> Solver:
    """Ask, have the answer judged, tell the verdict, and ask again until the episode is over."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        env = LocalEnv(task_name)
        # Physics off the event loop: other samples wait for their models there.
        await anyio.to_thread.run_sync(lambda: env.reset(**state.metadata["problem"]))
        while not state.completed:
            state = await generate(state)
            result = await anyio.to_thread.run_sync(env.step, state.output.completion)
            if result.done:
                break
            state.messages.append(ChatMessageUser(content=result.observation.prompt))
        return state

    return solve


@scorer(metrics={"*": [mean(), stderr()]})
def match(task_name: str) -> Scorer:
    """`match` is the best answer of the episode and `first` the first one, from 0 to 1; `solved` is 0 or 1.

    `turns` is how many answers were given.
    """

    async def score(state: TaskState, target: Target) -> Score:
        answers = [message.text for message in state.messages if isinstance(message, ChatMessageAssistant)]
        played = await anyio.to_thread.run_sync(lambda: replay(task_name, state.metadata["problem"], answers))
        told = played.observations
        best = max(range(len(told)), key=lambda number: told[number].r_match or 0.0, default=None)
        return Score(
            value={
                "match": played.metrics["best"],
                "first": played.metrics["first"],
                "solved": played.metrics["solved"],
                "turns": played.metrics["turns"],
            },
            answer=None if best is None else answers[best],
            explanation="\n\n".join(each.feedback for each in told) or "There is no answer.",
            metadata={"components": {} if best is None else dict(told[best].components)},
        )

    return score
