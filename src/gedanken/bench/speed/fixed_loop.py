"""The compiled limit of `gedanken bench verifier`: `fixed_loop.c`, built for this machine."""

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gedanken.worlds.ode.simulate import Track


class FixedLoop:
    """Simulation of the eight seed systems with each equation written by hand."""

    def __init__(self, library: ctypes.CDLL):
        """Wrap a built library."""
        self.library = library

    @classmethod
    def build(cls) -> "FixedLoop | None":
        """Compile with the system's C compiler, or None where there is none."""
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            return None
        with tempfile.TemporaryDirectory() as place:
            output = Path(place) / "fixed_loop.so"
            source = Path(__file__).with_name("fixed_loop.c")
            flags = ["-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC"]
            made = subprocess.run([compiler, *flags, "-o", output, source, "-lm"], capture_output=True, check=False)
            return cls(ctypes.CDLL(str(output))) if made.returncode == 0 else None

    def repeat(self, name: str, params: Mapping[str, float], track: Track, times: int) -> None:
        """Simulate the law of a system that often from the start of a track.

        Raises:
            AssertionError: the hand-written equation is not the system's.
        """
        observed = track.trajectory
        values = np.zeros(observed.values.shape)
        arguments = [
            np.array(list(params.values())),
            np.ascontiguousarray(observed.t),
            track.y0,
            np.ascontiguousarray(observed.values.std(0)),
        ]
        pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in arguments]
        function = getattr(self.library, f"run_{name}")
        rtol, atol = ctypes.c_double(1e-6), ctypes.c_double(1e-9)
        out = values.ctypes.data_as(ctypes.c_void_p)
        written = function(times, pointers[0], pointers[1], len(observed.t), pointers[2], rtol, atol, pointers[3], out)
        if written != len(observed.t) or not np.allclose(values, observed.values, rtol=1e-3, atol=1e-3):
            raise AssertionError(f"fixed_loop.c does not hold the law of {name}")
