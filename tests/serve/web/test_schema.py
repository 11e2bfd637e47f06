"""Generated requests against the OpenAPI description: whatever is sent, the answer is one that it tells."""

import contextlib
import itertools

import pytest

pytest.importorskip("fastapi")
schemathesis = pytest.importorskip("schemathesis")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis.errors import Unsatisfiable  # noqa: E402
from schemathesis.generation import GenerationMode  # noqa: E402
from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: E402

from gedanken import UserError  # noqa: E402
from gedanken.serve.web import endpoints  # noqa: E402
from gedanken.serve.web.app import create_app  # noqa: E402
from gedanken.serve.web.settings import Settings  # noqa: E402


def refuse(host, port):
    raise UserError(f"{host} is not asked in this test")


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setattr(endpoints, "resolve_public", refuse)  # generated hosts must never be asked
    folder = tmp_path_factory.mktemp("schema")
    app = create_app(Settings(database=f"sqlite:///{folder}/history.sqlite", hosted=True, client_episodes=2))
    yield schemathesis.openapi.from_asgi("/openapi.json", app)
    patch.undo()


@pytest.mark.slow
def test_every_answer_is_described(described):
    # Driven by hand: Schemathesis's own pytest plugin does not know pytest 9's nodes.
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) >= 40
    asked = 0

    for operation, mode in itertools.product(operations, (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)):

        @settings(
            max_examples=5, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(operation.as_strategy(generation_mode=mode))
        def check(case):
            nonlocal asked
            asked += 1
            # A subject that does not exist fits the description and is refused all the same, as it tells.
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        # Nothing can be wrong with a request that has no input.
        with contextlib.suppress(*([Unsatisfiable] if mode is GenerationMode.NEGATIVE else [])):
            check()
    assert asked > 3 * len(operations) / 2
