"""The archive of machine code that a wheel brings along (`worlds.ode.kernel.machine_code`).

    python -m gedanken.sparse.ahead

About two minutes on one core, for the Python that it runs in.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np

from gedanken.sparse.warm import compile_search
from gedanken.worlds.ode.kernel import machine_code
from gedanken.worlds.ode.misfit import measure_shapes
from gedanken.worlds.ode.simulate import warm_up


def main() -> None:
    """Compile in a process that has no code from before, for the processor that archives are made for."""
    machine_code.archive().unlink(missing_ok=True)
    features = ",".join(f"+{name}" for name in machine_code.FEATURES)
    with tempfile.TemporaryDirectory() as empty:
        settings = {
            "NUMBA_CPU_NAME": machine_code.CPU,
            "NUMBA_CPU_FEATURES": features,
            "NUMBA_CACHE_DIR": empty,
            machine_code.COLLECT: "1",
        }
        code = f"import sys; sys.path[:] = {sys.path!r}; from gedanken.sparse.ahead import build; build()"
        subprocess.run([sys.executable, "-c", code], env={**os.environ, **settings}, check=True)
    print(f"{machine_code.archive()}: {machine_code.archive().stat().st_size / 1e6:.1f} MB")


def build() -> None:
    """Compile what `gedanken warm` compiles into the archive of this Python."""
    warm_up()
    compile_search()
    # In what way a law that was refused misses the record.
    t = np.linspace(0.0, 1.0, 10)
    measure_shapes(t, np.cos(t)[:, None], np.sin(t)[:, None], 0.5)
    machine_code.write()


if __name__ == "__main__":
    main()
