import json
import math
import subprocess
import sys

import pytest

from gedanken import LocalEnv, UserError, tasks
from gedanken.episode import INDICES, REWARD_MODES, EpisodeError, read_action

DROP = {"system_id": "free_fall_drag", "seed": 42}
GOOD = '{"equation": "d2y/dt2 = -g + k*vy**2", "params": {"g": 9.81, "k": 0.05}}'
POOR = '{"equation": "d2y/dt2 = -g + k*vy**2", "params": {"g": 4.0, "k": 0.007}}'
# Every one of these must be answered with a verdict of zero, and the session go on.
NONSENSE = [
    "",
    " ",
    "no idea",
    "{}",
    "[" * 5000,
    '{"equation": NaN}',
    '{"equation": "d2y/dt2 = 1e999"}',
    '{"equation": "d2y/dt2 = ' + "(" * 500 + '"}',
    "x" * 200_000,
    "\x00\ud800",
    '{"equation": "__import__(\'os\').system(\'true\')", "params": {}}',
    {"equations": {"y": "v"}},
    {"answer": None},
    {"answer": {"equation": 3}},
    None,
    7,
    b"bytes",
    [float("nan")],
]


def numbers(observation):
    yield from (observation.best_r_match, *observation.components.values())
    yield from (value for value in (observation.reward, observation.r_match) if value is not None)


@pytest.mark.parametrize("task", ["discover", "predict"])
def test_the_teachers_answer_ends_every_kind_of_episode(task):
    for mode in ("r2", "improvement", "terminal"):
        env = LocalEnv(task, reward_mode=mode)
        start = env.reset(seed=5)
        assert (start.reward, start.done, start.observation.turns_left) == (None, False, env.task.max_turns)
        result = env.step(env.task.solve(env.problem))
        assert result.done
        assert result.reward == result.observation.reward == result.observation.best_r_match > 0.93
        assert result.observation.prompt == ""


@pytest.mark.parametrize("answer", NONSENSE, ids=range(len(NONSENSE)))
@pytest.mark.parametrize("task", ["discover", "predict"])
def test_nonsense_earns_nothing_and_keeps_the_session(task, answer):
    env = LocalEnv(task)
    env.reset(seed=1, max_turns=2)
    result = env.step(answer)
    assert result.reward == result.observation.r_match == 0.0
    assert result.observation.error
    assert all(math.isfinite(value) for value in numbers(result.observation))
    assert env.step(env.task.solve(env.problem)).observation.r_match > 0.93


def test_reward_modes_of_one_episode():
    rewards = {}
    for mode in ("r2", "improvement", "terminal"):
        env = LocalEnv()
        env.reset(**DROP, reward_mode=mode, max_turns=4)
        near = json.loads(env.task.solve(env.problem))
        near["params"]["k"] *= 0.8
        answers = [POOR, "nonsense", json.dumps(near), POOR]
        results = [env.step(answer) for answer in answers]
        rewards[mode] = [result.reward for result in results]
        best = results[-1].observation.best_r_match
    assert rewards["r2"] == [pytest.approx(r) for r in (rewards["r2"][0], 0.0, best, rewards["r2"][0])]
    assert sum(rewards["improvement"]) == pytest.approx(best)
    assert rewards["improvement"][1] == rewards["improvement"][3] == 0.0
    assert rewards["terminal"] == [0.0, 0.0, 0.0, best]


@pytest.mark.parametrize("mode", REWARD_MODES)
def test_metrics_at_the_end_are_those_of_the_episode_in_every_reward_mode(mode):
    env = LocalEnv(reward_mode=mode)
    env.reset(**DROP, max_turns=3)
    results = [env.step(answer) for answer in ("nonsense", POOR, "nonsense")]
    poor = results[1].observation.r_match
    assert 0.0 < poor < 0.93
    assert [dict(result.observation.metrics) for result in results[:2]] == [{}, {}]
    assert results[-1].observation.metrics == {"first": 0.0, "best": poor, "turns": 3.0, "solved": 0.0}
    assert env.state()["metrics"] == results[-1].observation.metrics
    env.reset(**DROP)
    solved = env.step(env.task.solve(env.problem)).observation
    assert solved.metrics == {"first": solved.r_match, "best": solved.r_match, "turns": 1.0, "solved": 1.0}


def test_same_key_same_problem_in_another_process():
    code = (
        "from gedanken import LocalEnv;"
        "print([LocalEnv(t).reset(seed=9).observation.prompt for t in ('discover', 'predict')])"
    )
    here = [LocalEnv(task).reset(seed=9).observation.prompt for task in ("discover", "predict")]
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == str(here)


def test_a_seed_is_never_ignored():
    env = LocalEnv()
    prompts = {env.reset(seed=seed).observation.prompt for seed in (0, 1, INDICES, INDICES + 1, 2**62)}
    prompts |= {env.reset(split="val", index=3, seed=seed).observation.prompt for seed in (0, 1)}
    prompts |= {env.reset(system_id="lorenz", index=3, seed=seed).observation.prompt for seed in (0, 1)}
    prompts |= {env.reset().observation.prompt for _ in range(3)}
    assert len(prompts) == 12


def test_a_subject_and_an_index_or_seed_are_the_tasks_own_key():
    prompt = tasks.load("discover").pose("free_fall_drag", split="train", index=42).prompt
    env = LocalEnv()
    assert env.reset(**DROP).observation.prompt.endswith(prompt)
    assert env.reset(system_id="free_fall_drag", index=42).observation.prompt.endswith(prompt)
    assert env.state() | {"episode_id": ""} == {
        "episode_id": "",
        "system_id": "free_fall_drag",
        "seed": None,
        "split": "train",
        "index": 42,
        "level": None,
        "max_turns": 8,
        "reward_mode": "r2",
        "step_count": 0,
        "best_r_match": 0.0,
        "done": False,
        "metrics": {"first": 0.0, "best": 0.0, "turns": 0.0, "solved": 0.0},
    }


def test_the_task_list_goes_through_every_subject():
    env = LocalEnv("predict")
    seen = []
    for index in range(len(tasks.load("predict").subjects("train"))):
        env.reset(split="train", index=index, level=1)
        seen.append(env.state()["scenario"])
    assert tuple(seen) == tasks.load("predict").subjects("train")


def test_a_held_out_subject_is_posed_from_the_test_split():
    env = LocalEnv()
    env.reset(system_id="charged_b_field", seed=0)
    assert env.state()["split"] == "test"
    with pytest.raises(UserError, match="held out"):
        env.reset(system_id="charged_b_field", split="train", seed=0)


def test_steps_where_there_is_nothing_to_step_raise():
    env = LocalEnv()
    with pytest.raises(EpisodeError, match="reset"):
        env.step(GOOD)
    env.reset(**DROP, max_turns=1)
    env.step(POOR)
    with pytest.raises(EpisodeError, match="over"):
        env.step(GOOD)
    env.reset(**DROP)
    env.close()
    env.close()
    with pytest.raises(EpisodeError, match="closed"):
        env.step(GOOD)
    with pytest.raises(EpisodeError, match="closed"):
        env.reset(**DROP)


@pytest.mark.parametrize(
    "bad",
    [
        {"seed": -1},
        {"seed": 1.5},
        {"seed": "3"},
        {"seed": True},
        {"seed": 2**63},
        {"index": -1},
        {"index": []},
        {"split": "dev"},
        {"split": 3},
        {"level": 9},
        {"level": {}},
        {"noise": float("nan")},
        {"noise": "much"},
        {"noise": 7.0},
        {"max_turns": 0},
        {"max_turns": 10**9},
        {"reward_mode": "sum"},
        {"reward_mode": ["r2"]},
        {"system_id": "free_fal"},
        {"system_id": "/etc/passwd"},
        {"system_id": ["lorenz"]},
        {"system_id": "x" * 100_000},
        {"episode_id": 4},
        {"episode_id": "x" * 1000},
        {"hint": 4},
        {"trials": 10**6},
    ],
    ids=str,
)
def test_a_bad_reset_is_refused_in_one_sentence_and_the_episode_goes_on(bad):
    env = LocalEnv()
    env.reset(**DROP)
    with pytest.raises(UserError) as caught:
        env.reset(**bad)
    assert len(str(caught.value)) < 300
    assert env.step(POOR).observation.turns_left == 7


@pytest.mark.parametrize("scenario", ["/tmp/evil.py", "evil.py", "Tower", 3])
def test_no_file_is_read_or_run_by_name(scenario):
    with pytest.raises(UserError):
        LocalEnv("predict").reset(scenario=scenario, seed=0)


@pytest.mark.parametrize(
    "bad", [{"format": 3}, {"format": "nope"}, {"exact": 1}, {"context": 0}, {"at": 10**9}], ids=str
)
def test_bad_conditions_of_predict(bad):
    with pytest.raises(UserError):
        LocalEnv("predict").reset(seed=0, **bad)


def test_unknown_options_are_reported():
    env = LocalEnv("predict")
    assert env.reset(seed=0, nois=0.1, noise=0.1).metadata["ignored"] == ["nois", "noise"]


@pytest.mark.parametrize("subject", tasks.load("discover").subjects())
def test_no_observation_tells_the_law(subject):
    env = LocalEnv()
    start = env.reset(system_id=subject, index=1, hint="anonymous")
    told = [start, env.step("nonsense"), env.step(json.dumps({"equation": "d2q1/dt2 = 0", "params": {}}))]
    text = " ".join(repr(result) for result in told)
    truth = env.problem.truth
    assert subject not in text
    assert truth.equation not in text
    for value in truth.params.values():
        assert f"{value:.6g}" not in text or len(f"{value:.6g}") < 5


def test_actions_of_every_shape_are_read():
    assert read_action({"answer": "a", "metadata": {}}) == "a"
    assert read_action({"answer": {"b": 1}}) == '{"b": 1}'
    assert read_action({"equation": "e", "metadata": {}}) == '{"equation": "e"}'
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert isinstance(read_action({"answer": deep}), str)


def test_importing_the_package_loads_no_framework():
    code = "import sys, gedanken; sys.exit(any(m in sys.modules for m in ('openenv', 'fastapi', 'pydantic', 'numba')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_first_episodes_of_a_process_may_all_begin_at_once():
    """The compiled simulator is loaded by the first that needs it; a second one must wait, not fail."""
    code = (
        "from concurrent.futures import ThreadPoolExecutor as Pool; from gedanken import LocalEnv;"
        "play = lambda k: LocalEnv().reset(system_id='free_fall_drag', seed=k).observation.turns_left;"
        "print(list(Pool(16).map(play, range(16))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == str([8] * 16), done.stderr


@pytest.mark.parametrize("task", ["discover", "predict"])
def test_a_steps_prompt_is_the_last_message_of_the_conversation(task):
    env = LocalEnv(task)
    env.reset(seed=3, max_turns=4)
    for answer in ("nonsense", POOR, "{}"):
        seen = env.step(answer).observation
        assert seen.prompt == env.task.ask(env.problem, env.turns)[-1]["content"]
