"""OpenEnv's RFC 008 on both environments: what its released tool does not grade yet."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gedanken import LocalEnv
from gedanken.adapters.problems import draw
from gedanken.serve.openenv import validation

ENVS = Path(__file__).resolve().parents[2] / "envs"
TASKS = ("discover", "predict")
PROBLEMS = {task: [draw(task, number, split="test", seed=8, level=2) for number in range(6)] for task in TASKS}
# `validation.reward` of openenv.yaml.
ORACLE_TOLERANCE, FLOOR_MARGIN = 0.07, 0.5


@pytest.fixture(params=TASKS)
def task(request):
    return request.param


def canaries(task):
    pairs = json.loads((ENVS / f"{task}_env/validation/canaries.json").read_text())["canaries"]
    return [(each["name"], each["answer"]) for each in pairs]


def pose(task, problem):
    env = LocalEnv(task)
    env.reset(**problem)
    return env.task, env.problem


def test_the_numbers_are_those_of_the_manifest(task):
    yaml = pytest.importorskip("yaml")
    reward = yaml.safe_load((ENVS / f"{task}_env/openenv.yaml").read_text())["validation"]["reward"]
    assert (reward["oracle_tolerance"], reward["floor_margin"]) == (ORACLE_TOLERANCE, FLOOR_MARGIN)


def test_golden_answers_earn_the_maximum(task):
    assert all(validation.golden(task, problem) >= 1 - ORACLE_TOLERANCE for problem in PROBLEMS[task])


def test_canaries_and_echoes_earn_the_floor(task):
    for problem in PROBLEMS[task]:
        _, posed = pose(task, problem)
        answers = [*canaries(task), *validation.echoes(posed)]
        if task == "discover":
            # "Nothing acts" is a law of y, here as everywhere else a wrong one: no canary but an honest answer.
            answers = [(name, answer) for name, answer in answers if name != "nothing acts"]
        assert validation.find_canaries_above(task, problem, answers) == []
        assert validation.golden(task, problem) >= FLOOR_MARGIN


def polynomial(task, posed, degree):
    """The record written down as polynomials in t: what copies, not what explains."""
    trial = posed.observation.trajectories[0]
    states = posed.observation.states
    sides = []
    for left, k in zip(states.left_sides, [k for k, v in enumerate(states.derivative_of) if v is None], strict=True):
        seen = np.isfinite(trial.values[:, k])
        fitted = np.polynomial.Polynomial.fit(trial.t[seen], trial.values[seen, k], degree).convert()
        order = 2 if left.startswith("d2") else 1
        terms = [f"({value:.9g})*t**{power}" for power, value in enumerate(fitted.deriv(order).coef)]
        sides.append(f"{left} = {' + '.join(terms)}")
    return json.dumps({"equation": "; ".join(sides), "params": {}})


def cheats(task, posed):
    found = validation.echoes(posed)
    if task == "discover":
        found += [(f"a polynomial of degree {degree} in t", polynomial(task, posed, degree)) for degree in (4, 6)]
        found += [("the law of the prompt's example", '{"equation": "dq/dt = c*q*t", "params": {"c": 0.5}}')]
    else:
        blocks = posed.prompt.rsplit("Frame ", 1)[-1].split("\n", 1)[-1].rpartition("Predict")[0]
        found += [("the last frame", blocks), ("the last frame 100 times", blocks * 100)]
    return found


def test_no_cheat_earns_more_than_an_honest_wrong_answer(task):
    for problem in PROBLEMS[task]:
        _, posed = pose(task, problem)
        gained = validation.find_gamed(task, problem, cheats(task, posed))
        assert gained == [], problem


def test_a_cheat_that_pays_is_found(task):
    problem = PROBLEMS[task][0]
    judge, posed = pose(task, problem)
    pairs = [("leaked", judge.solve(posed)), ("empty", "")]
    (gain,) = validation.find_gamed(task, problem, pairs)
    assert gain.name == "leaked"
    assert gain.earned > 0.93 > gain.allowed
    assert [each.name for each in validation.find_canaries_above(task, problem, pairs)] == ["leaked"]


def worse(judge, posed, share):
    """The teacher's answer, wrong by a share of each parameter or of each movement."""
    if judge.name == "discover":
        law = json.loads(judge.solve(posed))
        # In turns too small and too large, since a common factor would leave their ratios right.
        signs = itertools.cycle([-1, 1])
        law["params"] = {name: value * (1 + next(signs) * share) for name, value in law["params"].items()}
        return json.dumps(law)
    from gedanken.tasks.predict.extrapolation import hold
    from gedanken.worlds.rigid import text

    prompt = posed.observation.prompt
    between = (1 - share) * posed.truth.frames[0] + share * hold(prompt)
    return text.load(posed.observation.format).write_target(prompt, between)


@pytest.mark.parametrize("mode", ["r2", "improvement", "terminal"])
def test_stored_rollouts_are_scored_again_to_the_same_numbers(task, mode, tmp_path):
    """In another process, from a file."""
    file = tmp_path / "rollouts.jsonl"
    rollouts = []
    for problem in PROBLEMS[task][:3]:
        judge, posed = pose(task, problem)
        answers = ["no idea", worse(judge, posed, 0.9), "", judge.solve(posed), "after the end"]
        rollouts.append(validation.record_rollout(task, {**problem, "max_turns": 6}, answers, mode))
    assert [len(rollout["steps"]) for rollout in rollouts] == [4, 4, 4]
    file.write_text("".join(json.dumps(rollout) + "\n" for rollout in rollouts))
    code = (
        "import json, sys; from gedanken.serve.openenv.validation import find_differences;"
        "print([find_differences(json.loads(line)) for line in open(sys.argv[1])])"
    )
    done = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True)
    assert done.stdout.strip() == "[[], [], []]", done.stderr
    rollouts[0]["steps"][1]["reward"] += 1e-6
    rollouts[0]["metrics"]["turns"] = 3.0
    differences = validation.find_differences(rollouts[0])
    assert [each.split(" was")[0] for each in differences] == ["the reward of step 2", "turns"]


def test_players_of_rising_skill_earn_rising_rewards(task):
    rungs = [
        ("nothing", lambda judge, posed: "I do not know."),
        *(
            (f"wrong by {share:.0%}", lambda judge, posed, share=share: worse(judge, posed, share))
            for share in SHARES[task]
        ),
        ("right", lambda judge, posed: judge.solve(posed)),
    ]
    rewards = list(validation.climb(task, PROBLEMS[task], rungs).values())
    assert rewards[0] == 0.0
    assert rewards == sorted(rewards)
    assert all(later > earlier + 0.02 for earlier, later in itertools.pairwise(rewards)), rewards


SHARES = {"discover": (0.2, 0.1, 0.05), "predict": (0.6, 0.3, 0.1)}
