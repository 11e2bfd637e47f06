"""The taskset and the environment. Judging is `gedanken.adapters.problems.replay`, as everywhere."""

import asyncio
from collections.abc import Iterator
from typing import Any, Literal

import verifiers.v1 as vf
from pydantic import Field

from gedanken.adapters.problems import check, draw, replay
from gedanken.episode import LocalEnv


class ProblemData(vf.TaskData):
    """One problem.

    Attributes:
        question: `discover` or `predict`.
        problem: keyword arguments of `LocalEnv.reset`.
    """

    question: str
    problem: dict[str, Any]


class ProblemTask(vf.Task[ProblemData]):
    """Judges the replies in a trace, so it also serves other environments and traces on disk."""

    @vf.reward(weight=1.0)
    async def match(self, trace: vf.Trace) -> float:
        """The best answer of the episode, from 0 to 1."""
        return (await self._replay(trace)).best

    @vf.metric
    async def outcome(self, trace: vf.Trace) -> dict[str, float]:
        """`first`, `best`, `turns` and `solved`, see `LocalEnv.metrics`."""
        return dict((await self._replay(trace)).metrics)

    async def validate(self, runtime: vf.Runtime) -> bool | None:
        """Whether the teacher's own answer solves the problem."""

        def solve() -> bool:
            env = LocalEnv(self.data.question)
            env.reset(**self.data.problem)
            assert env.problem is not None
            return replay(self.data.question, self.data.problem, [env.task.solve(env.problem)]).solved

        return await asyncio.to_thread(solve)

    async def _replay(self, trace: vf.Trace) -> Any:
        # A message that calls a tool is not an answer yet.
        answers = [each.content or "" for each in trace.assistant_messages if not each.tool_calls]
        return await asyncio.to_thread(replay, self.data.question, self.data.problem, answers)


class ProblemsConfig(vf.TasksetConfig):
    """Which problems: `--env.taskset.question predict --env.taskset.num-problems 50 ...`."""

    question: str = "discover"
    split: Literal["train", "val", "test"] = "train"
    num_problems: int = 1000
    seed: int = 0
    level: int | None = None
    max_turns: int | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    """Further arguments of `LocalEnv.reset`: `noise`, `hint`, `format`, ..."""


class GedankenTaskset(vf.Taskset[ProblemTask, ProblemsConfig]):
    """The problems that a seed names. Every subject of the split comes once before any comes again."""

    def load(self) -> Iterator[ProblemTask]:
        """Pose the problems one by one."""
        config = self.config
        options = {**config.options, "level": config.level, "max_turns": config.max_turns}
        for number in range(config.num_problems):
            problem = draw(config.question, number, split=config.split, seed=config.seed, **options)
            if number == 0:
                check(config.question, problem)
            env = LocalEnv(config.question)
            env.reset(**problem)
            assert env.problem is not None
            *system, asked = env.task.ask(env.problem)
            data = ProblemData(
                id=f"{config.question}-{config.split}-{config.seed}-{number}",
                prompt=asked["content"],
                system_prompt=system[0]["content"] if system else None,
                question=config.question,
                problem=problem,
            )
            yield ProblemTask(data, config.task)


class EpisodeConfig(vf.EnvConfig):
    """Who plays: a plain chat program on this machine unless told otherwise, since nothing here runs a model's code."""

    solver: vf.AgentConfig = vf.AgentConfig(harness={"id": "null"}, runtime=vf.SubprocessConfig())


class GedankenEnv(vf.Env[EpisodeConfig]):
    """Plays an episode: every answer is told where it misses, until it is solved or the turns are used up."""

    async def run(self, task: ProblemTask, agents: vf.Agents) -> None:
        """Be the user of the solver's conversation."""
        env = LocalEnv(task.data.question)
        await asyncio.to_thread(lambda: env.reset(**task.data.problem))
        async with agents.solver.interaction(task) as conversation:
            segment = await conversation.turn()
            while not segment.terminated:
                result = await asyncio.to_thread(env.step, segment.last_reply)
                if result.done:
                    break
                segment = await conversation.turn(result.observation.prompt)
