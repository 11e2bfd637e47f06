"""Fixed answers to fixed problems, and what `Task.verify` says to them: what every door has to repeat to 1e-9."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from gedanken import tasks
from gedanken.episode import LocalEnv
from gedanken.loop import Question

# As `LocalEnv.reset` takes them.
PROBLEMS = {
    "drag": ("discover", {"system_id": "free_fall_drag", "split": "test", "index": 42, "level": 3}),
    "seasons": ("discover", {"system_id": "sir", "split": "test", "index": 7, "level": 5}),
    "known": (
        "discover",
        {"system_id": "free_fall_drag", "split": "test", "index": 42, "forbid": "t, cos", "bound": "vy**2=0:"},
    ),
    "billiards": ("predict", {"scenario": "billiards", "split": "test", "index": 3, "level": 1}),
    "tower": ("predict", {"scenario": "tower", "split": "test", "index": 11, "level": 2, "format": "card"}),
}


@dataclass(frozen=True)
class Case:
    """One problem and what answers to it are worth.

    Attributes:
        task: `discover` or `predict`.
        problem: keyword arguments of `LocalEnv.reset`.
        answers: the answers by name: good, poor and malformed ones.
        expected: `match` of each, by `Task.verify`.
        rewards: the reward of each, by `Task.verify`.
        subject: the problem's subject.
    """

    task: str
    problem: dict[str, Any]
    answers: dict[str, str]
    expected: dict[str, float]
    rewards: dict[str, float]
    subject: str


def discover_answers(task, problem):
    truth = task.solve(problem)
    for factor in (0.9, 0.8, 0.7, 0.6):
        wrong = json.loads(truth)
        wrong["params"] = {name: factor * value for name, value in wrong["params"].items()}
        verdict = task.verify(problem, json.dumps(wrong))
        if verdict.match > 0 and not verdict.solved:
            break
    still = "; ".join(f"{side} = 0" for side in problem.observation.states.left_sides)
    return {
        "teacher": truth,
        "fenced": f"The law is\n```json\n{truth}\n```",
        "near": json.dumps(wrong),
        "nothing acts": json.dumps({"equation": still, "params": {}}),
        "unknown name": json.dumps({"equation": still + " + wind", "params": {}}),
        "a clock": json.dumps({"equation": still + " + 0*t", "params": {}}),
        "half": truth[: len(truth) // 2],
        "prose": "I do not know.",
        "empty": "",
    }


def predict_answers(task, problem):
    from gedanken import zoo
    from gedanken.tasks.predict import extrapolation
    from gedanken.worlds.rigid import text

    def play(name):
        player = zoo.load("gedanken.tasks.predict.players", name).load()
        return player.answer(Question(task.ask(problem), problem.observation))

    truth = task.solve(problem)
    observation = problem.observation
    between = 0.8 * problem.truth.frames[0] + 0.2 * extrapolation.hold(observation.prompt)
    return {
        "teacher": truth,
        "near": text.load(observation.format).write_target(observation.prompt, between),
        "extrapolated": play("linear"),
        "held": play("hold"),
        "half": truth[: len(truth) // 2],
        "prose": "The ball goes on.",
        "empty": "",
    }


@cache
def make_case(name):
    kind, problem = PROBLEMS[name]
    task = tasks.load(kind)
    named = dict(problem)
    subject = named.pop("system_id", None) or named.pop("scenario")
    posed = task.pose(subject, **named)
    answers = (discover_answers if kind == "discover" else predict_answers)(task, posed)
    verdicts = {label: task.verify(posed, answer) for label, answer in answers.items()}
    return Case(
        kind,
        problem,
        answers,
        {label: verdict.terms.get("match", verdict.reward) for label, verdict in verdicts.items()},
        {label: verdict.reward for label, verdict in verdicts.items()},
        subject,
    )


@pytest.fixture(params=PROBLEMS)
def case(request):
    found = make_case(request.param)
    # A comparison of zeros would prove nothing.
    assert found.expected["teacher"] > 0.93
    assert len({round(value, 6) for value in found.expected.values()}) >= 3
    return found


@pytest.fixture
def locally():
    """What an episode in this process says to answers in turn."""

    def play(case, answers):
        env = LocalEnv(case.task)
        env.reset(**case.problem)
        results = []
        for answer in answers:
            results.append(env.step(answer))
            if results[-1].done:
                break
        return results

    return play
