"""Each consumer of step rewards comes to the episode's best answer with the reward mode that the guide names for it."""

import re
from pathlib import Path

import pytest

from gedanken.episode import REWARD_MODES, LocalEnv

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "environments.md"
# Names of answers of a case: the best one is neither the first nor the last.
ANSWERS = ("prose", "near", "prose", "prose")


def over_the_wire(case, mode):
    """The step rewards that an OpenEnv client receives, and the last observation."""
    pytest.importorskip("openenv.core")
    from starlette.testclient import TestClient

    from gedanken.serve.openenv.app import create_app

    rewards = []
    with TestClient(create_app(case.task)) as client, client.websocket_connect("/ws") as socket:
        options = {**case.problem, "reward_mode": mode, "max_turns": len(ANSWERS)}
        socket.send_json({"type": "reset", "data": options})
        socket.receive_json()
        for name in ANSWERS:
            socket.send_json({"type": "step", "data": {"answer": case.answers[name]}})
            data = socket.receive_json()["data"]
            rewards.append(data["reward"])
        socket.send_json({"type": "state"})
        state = socket.receive_json()["data"]
    return rewards, data, state


@pytest.mark.parametrize("mode", ["improvement", "terminal"])
def test_clients_that_sum(mode, case):
    """The generic OpenEnv adapters of verifiers and NeMo Gym."""
    rewards, last, state = over_the_wire(case, mode)
    assert sum(rewards) == pytest.approx(case.expected["near"], abs=1e-9)
    metrics = {"first": 0.0, "best": pytest.approx(case.expected["near"]), "turns": 4.0, "solved": 0.0}
    assert last["done"]
    assert last["observation"]["metrics"] == metrics
    assert state["metrics"] == metrics


def test_clients_that_take_the_last(case):
    rewards, _, _ = over_the_wire(case, "terminal")
    assert rewards[-1] == pytest.approx(case.expected["near"], abs=1e-9)


@pytest.mark.parametrize("mode", REWARD_MODES)
def test_openenvs_harness_takes_the_last(mode, case):
    """`collect` and the TRL rollout function of OpenEnv: only `terminal` gives them the episode's best."""
    harness = pytest.importorskip("openenv.core.harness")
    from openenv.core.env_server.mcp_types import Tool

    tool = Tool(name="submit_answer", description="", input_schema={"type": "object"})
    session = harness.StepEnvSessionAdapter(
        LocalEnv(case.task, reward_mode=mode),
        tool_specs=[tool],
        action_builder=lambda name, arguments: arguments,
        initial_messages_builder=lambda result, task: [{"role": "user", "content": result.observation.prompt}],
        reset_kwargs={**case.problem, "max_turns": len(ANSWERS)},
    )
    results = [session.call_tool("submit_answer", {"answer": case.answers[name]}) for name in ANSWERS]
    verified = session.verify([])
    assert (verified.done, results[-1].done, results[0].done) == (True, True, False)
    expected = case.expected["near"] if mode == "terminal" else 0.0
    assert verified.env_reward == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("mode", REWARD_MODES)
def test_inspect_and_verifiers_judge_the_conversation_in_any_mode(mode, case):
    """What both call: `replay`."""
    from gedanken.adapters.problems import replay

    options = {**case.problem, "reward_mode": mode, "max_turns": len(ANSWERS)}
    played = replay(case.task, options, [case.answers[name] for name in ANSWERS])
    assert played.best == played.metrics["best"] == pytest.approx(case.expected["near"], abs=1e-9)
    assert (played.metrics["first"], played.metrics["turns"], played.metrics["solved"]) == (0.0, 4.0, 0.0)


def test_the_sum_of_r2_pays_for_repetition(case):
    """Why the guide names `improvement` for consumers that sum."""
    env = LocalEnv(case.task, reward_mode="r2")
    env.reset(**case.problem, max_turns=3)
    total = sum(env.step(case.answers["near"]).reward for _ in range(3))
    assert total == pytest.approx(3 * case.expected["near"])


def test_the_guide_names_a_mode_for_every_consumer():
    rows = dict(re.findall(r"^\| ([^|]+?) \| [^|]+? \| ([^|]+?) \|$", GUIDE.read_text(), re.MULTILINE))
    for consumer, mode in {
        "TRL, `environment_factory`": "any",
        "OpenEnv's harness: `openenv collect`, `build_harness_rollout_func`": "`terminal`",
        "verifiers' and NeMo Gym's own adapters for any OpenEnv server": "`improvement`",
        "`gedanken_verifiers`": "any",
        "Inspect": "any",
        "reasoning-gym": "any",
    }.items():
        assert rows[consumer].startswith(mode), consumer
