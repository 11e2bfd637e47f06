"""Coverage-guided fuzzing of both parsers of equations, and of the JSON door in front of them.

    pip install atheris        # Linux, Python 3.11 or 3.12; not a dependency
    python benchmarks/fuzz_verifier.py -runs=200000 -max_len=600

Fails on any exception, on a text that one parser reads and the other refuses, and on a score outside of [0, 1]. atheris
sees the branches of the Python parser; the compiled one is checked against it on every text that is found.
"""

import sys

import atheris

# First and outside of the instrumented imports: numba compiles the bytecode that it finds.
from gedanken.worlds.ode.kernel import status, workspace  # noqa: F401

with atheris.instrument_imports(include=["gedanken.worlds.ode.law.parser", "gedanken.worlds.ode.simulate"]):
    from gedanken.worlds.ode import simulate
    from gedanken.worlds.ode.law import parser

from gedanken.bench.fuzz import make_track
from gedanken.errors import Unanswerable

TRACK = make_track()
PARAMS = {"k": 1.7, "c": -0.4}


def test_one_input(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")  # bytes that are no text become lone surrogates
    found = simulate.score_json(TRACK, text)
    assert 0.0 <= found.r2 <= 1.0
    assert found.reason or found.status in (status.OK, status.S_ZERO)
    for equation in (text, "d2y/dt2 = " + text):
        try:
            again = parser.parse(equation, TRACK.states, PARAMS)
        except Unanswerable:
            again = None
        found = simulate.score(TRACK, equation, PARAMS, predict=False)
        assert (again is not None) == (found.status == status.OK or status.S_NONFINITE <= found.status < 30), equation
        if again is not None:
            assert found.operators == again.operators
            if len(again.text()) <= parser.MAX_TEXT:  # 1e300 is printed as 1e+300
                assert parser.parse(again.text(), TRACK.states, PARAMS) == again


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
