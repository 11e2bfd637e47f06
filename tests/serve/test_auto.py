"""OpenEnv finds the environments by name, as it finds any package that pip has installed, and plays through them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("openenv.core")

from gedanken import LocalEnv

ENVS = Path(__file__).resolve().parents[2] / "envs"

# Run where nothing but the installed package can be found. A provider starts what a container would.
CLIENT = """
import atexit, json, socket, subprocess, sys
from openenv import AutoAction, AutoEnv
from openenv.core.containers.runtime.providers import ContainerProvider

task, url, answers = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])


class Processes(ContainerProvider):
    def start_container(self, image, port=None, env_vars=None, **_):
        assert image == f"{task}-env:latest", image
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", f"{task}_env.server.app", "--port", str(port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(self.process.kill)
        return f"http://127.0.0.1:{port}"

    def wait_for_ready(self, base_url, timeout_s=120.0):
        import time, urllib.request
        for _ in range(600):
            try:
                return urllib.request.urlopen(base_url + "/health", timeout=2).close()
            except OSError:
                time.sleep(0.2)

    def stop_container(self):
        self.process.terminate()
        self.process.wait()


def play(env, make):
    with env as session:
        start = session.reset(seed=5, episode_id="auto", max_turns=3)
        results = [session.step(make(answer)) for answer in answers]
        seen = start.observation
        state = session.state()
        return {
            "prompt": seen["prompt"] if isinstance(seen, dict) else seen.prompt,
            "rewards": [result.reward for result in results],
            "done": results[-1].done,
            "episode_id": state["episode_id"] if isinstance(state, dict) else state.episode_id,
        }


def act(answer):
    return Action(answer=answer)


Action = AutoAction.from_env(task)
info = AutoEnv.get_env_info(task)
typed, generic = AutoEnv.from_env(task, base_url=url), AutoEnv.from_env(task, base_url=url, skip_install=True)
provider = Processes()
# What `AutoEnv.from_env(task, container_provider=provider)` does, which locks its client to asynchronous use.
own = AutoEnv.get_env_class(task).from_docker_image(info["default_image"], provider=provider)
played = {
    "short name": play(typed.sync(), act),
    "module name": play(AutoEnv.from_env(f"{task}_env", base_url=url).sync(), act),
    "nothing installed": play(generic.sync(), lambda answer: {"answer": answer}),
    "a server of its own": play(own.sync(), act),
}
print(json.dumps({
    "played": played,
    "clients": [f"{type(env).__module__}.{type(env).__name__}" for env in (typed, generic)],
    "left running": provider.process.poll() is None,
    "info": {name: info[name] for name in ("env_class", "action_class", "observation_class", "package", "module")},
    "action": AutoAction.get_action_info(task)["action_class"],
}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("task", ["discover", "predict"])
def test_an_episode_through_auto_env_and_auto_action(task, request, tmp_path):
    url = request.getfixturevalue(f"{task}_url")
    source = shutil.copytree(ENVS / f"{task}_env", tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__"))
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", site, source], check=True, capture_output=True)

    local = LocalEnv(task)
    prompt = local.reset(seed=5, max_turns=3).observation.prompt
    answers = ["no idea", local.task.solve(local.problem)]
    rewards = [local.step(answer).reward for answer in answers]
    environ = {**os.environ, "PYTHONPATH": str(site), "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, task, url, json.dumps(answers)],
        capture_output=True,
        text=True,
        env=environ,
        cwd=tmp_path,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    title = task.capitalize()
    assert found["clients"] == [f"{task}_env.client.{title}Env", "openenv.core.generic_client.GenericEnvClient"]
    for name, played in found["played"].items():
        assert played == {"prompt": prompt, "rewards": rewards, "done": True, "episode_id": "auto"}, name
    assert rewards[0] == 0.0
    assert rewards[1] > 0.93
    assert not found["left running"]
    assert found["info"] == {
        "env_class": f"{title}Env",
        "action_class": f"{title}Action",
        "observation_class": f"{title}Observation",
        "package": f"openenv-{task}_env",
        "module": f"{task}_env.client",
    }
    assert found["action"] == f"{title}Action"
