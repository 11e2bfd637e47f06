"""OpenEnv's own graders on both environment directories: static, over HTTP, and at run time without Docker."""

import subprocess
from pathlib import Path

import pytest

pytest.importorskip("openenv.core")

from openenv.cli._validation import validate_running_environment
from openenv.validation.providers import ExecResult
from openenv.validation.runner import run_validation
from openenv.validation.types import Level, ProviderCapability

ENVS = Path(__file__).resolve().parents[2] / "envs"
IMPLEMENTED = {"static.manifest", "runtime.startup", "runtime.reward_well_formed", "runtime.observation_schema"} | {
    "runtime.state_contract"
}


class Served:
    """A validation provider whose image is a server of this machine that is up already: no Docker is needed."""

    name = "local-process"
    capabilities = frozenset({ProviderCapability.IMAGE_BUILD})
    supported_network_modes = frozenset({"public", "no-network"})

    def __init__(self, url):
        self.base_url = url

    def build(self, root, execution):
        return "sha256:" + "0" * 64

    def start(self, spec):
        return self

    def inspect(self):
        return {"running": True}

    def logs(self, max_bytes=65536):
        return ""

    def exec(self, argv, timeout_s):
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout_s)
        return ExecResult(done.returncode, done.stdout, done.stderr, 0.0)

    def stop(self):
        pass


@pytest.mark.filterwarnings(r"ignore:connect\(\) must be used:DeprecationWarning")  # in OpenEnv's collector
@pytest.mark.parametrize("task", ["discover", "predict"])
def test_the_runtime_graders_pass(task, request):
    provider = Served(request.getfixturevalue(f"{task}_url"))
    report = run_validation(ENVS / f"{task}_env", max_level=Level.SEMANTIC, provider=provider)
    results = {check.check_id: check.status.value for check in report.results}
    assert {name for name, status in results.items() if status == "pass"} >= IMPLEMENTED, [
        r.evidence for r in report.results
    ]
    assert "fail" not in results.values()
    assert report.verdict.value in ("pass", "warn")


@pytest.mark.parametrize("task", ["discover", "predict"])
def test_the_static_graders_pass(task):
    report = run_validation(ENVS / f"{task}_env", max_level=Level.STATIC, skip_build=True)
    assert report.verdict.value == "pass"


@pytest.mark.parametrize("task", ["discover", "predict"])
def test_the_http_profile_passes(task, request):
    """What `openenv validate --url` runs."""
    report = validate_running_environment(request.getfixturevalue(f"{task}_url"), timeout_s=30)
    assert len(report["criteria"]) == 6
    assert all(each["passed"] for each in report["criteria"]), report
