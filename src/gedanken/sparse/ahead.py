"""The archive of machine code that a wheel brings along (`worlds.ode.kernel.machine_code`).

    python -m gedanken.sparse.ahead

About a minute and a half on two cores, for the Python that it runs in.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from gedanken.sparse.warm import compile_search
from gedanken.worlds.ode.kernel import machine_code
from gedanken.worlds.ode.misfit import measure_shapes
from gedanken.worlds.ode.simulate import warm_up


def main() -> None:
    """Compile in processes that have no code from before, for the processor that archives are made for."""
    machine_code.archive().unlink(missing_ok=True)
    features = ",".join(f"+{name}" for name in machine_code.FEATURES)
    with tempfile.TemporaryDirectory() as folder:
        running, parts = [], []
        for name in PARTS:
            empty = Path(folder, name)
            empty.mkdir()
            settings = {
                "NUMBA_CPU_NAME": machine_code.CPU,
                "NUMBA_CPU_FEATURES": features,
                "NUMBA_CACHE_DIR": str(empty),
                machine_code.COLLECT: "1",
            }
            parts.append(Path(folder, f"{name}.zip"))
            arguments = f"{name!r}, {str(parts[-1])!r}"
            code = (
                f"import sys; sys.path[:] = {sys.path!r}; from gedanken.sparse.ahead import build; build({arguments})"
            )
            running.append(subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **settings}))
        failed = [name for name, process in zip(PARTS, running, strict=True) if process.wait()]
        if failed:
            raise RuntimeError(f"the code of the {failed[0]} was not compiled")
        made = machine_code.merge(parts)
    print(f"{made}: {made.stat().st_size / 1e6:.1f} MB")


def _compile_simulator() -> None:
    warm_up()
    # In what way a law that was refused misses the record.
    t = np.linspace(0.0, 1.0, 10)
    measure_shapes(t, np.cos(t)[:, None], np.sin(t)[:, None], 0.5)


PARTS = {"simulator": _compile_simulator, "search": compile_search}
"""What `gedanken warm` compiles of `discover`, in two processes; both compile the integrator."""


def build(part: str, path: str) -> None:
    """Compile one of `PARTS` into an archive of its own."""
    PARTS[part]()
    machine_code.write(Path(path))


if __name__ == "__main__":
    main()
