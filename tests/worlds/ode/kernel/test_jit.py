import os
import subprocess
import sys
from pathlib import Path

import pytest

from gedanken.worlds.ode.kernel import jit, machine_code

# A copy of the loader with a tiny kernel and a dependant, so that the tests compile for a second and not for thirty.
KERNEL = """
from gedanken.worlds.ode.kernel.jit import jit


@jit()
def one(x):
    return x + {value}
"""
DEPENDANT = """
from gedanken.worlds.ode.kernel.jit import announce, jit
from gedanken.worlds.ode.kernel.tiny import one


@jit()
def two(x):
    return one(one(x))


if __name__ == "__main__":
    compiled = []
    with announce(compiled.append):
        print(two(1.0))
    print(" ".join(compiled))
"""


@pytest.fixture
def package(tmp_path):
    """A package `gedanken` with the loader, a kernel, and a file that imports it."""
    place = tmp_path / "gedanken" / "worlds" / "ode" / "kernel"
    place.mkdir(parents=True)
    for folder in (place, *place.parents[:3]):
        (folder / "__init__.py").touch()
    for part in (jit, machine_code):
        (place / Path(part.__file__).name).write_text(Path(part.__file__).read_text())
    (place / "tiny.py").write_text(KERNEL.format(value=1))
    (place / "dependant.py").write_text(DEPENDANT)
    return place


def start(package, **environment):
    """Run the dependant in a process of its own."""
    command = [sys.executable, "-m", "gedanken.worlds.ode.kernel.dependant"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    places = {"PYTHONPATH": str(package.parents[3]), "XDG_CACHE_HOME": str(package / "cache")}
    environment = {**inherited, **places, **environment}
    return subprocess.Popen(
        command, cwd=package.parents[3], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(package, **environment):
    process = start(package, **environment)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    value, compiled = out.splitlines()
    return float(value), compiled.split()


def test_the_second_process_compiles_nothing(package):
    assert run(package) == (3.0, ["two", "one"])
    assert run(package) == (3.0, [])


def test_a_change_in_a_kernel_reaches_the_files_that_import_it(package):
    run(package)
    (package / "tiny.py").write_text(KERNEL.format(value=10))
    assert run(package) == (21.0, ["two", "one"])


def test_a_change_elsewhere_does_not(package):
    run(package)
    (package / "unrelated.py").write_text("x = 1\n")
    assert run(package) == (3.0, [])


def test_two_processes_may_compile_at_once(package):
    processes = [start(package) for _ in range(2)]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert out.startswith("3.0"), err
    assert run(package) == (3.0, [])


def test_works_where_nothing_can_be_written(package):
    """A file in the place of each cache folder: nobody, not even root, can make a folder there."""
    (package / "__pycache__").write_text("")
    (package / "cache").write_text("")
    environment = {"PYTHONDONTWRITEBYTECODE": "1"}
    assert run(package, **environment) == (3.0, ["two", "one"])
    assert run(package, **environment) == (3.0, ["two", "one"])


def test_a_read_only_install_uses_the_cache_of_the_user(package):
    (package / "__pycache__").write_text("")
    assert run(package, PYTHONDONTWRITEBYTECODE="1")[1] == ["two", "one"]
    assert run(package, PYTHONDONTWRITEBYTECODE="1")[1] == []
    assert any((package / "cache" / "gedanken").rglob("*.nbc"))


def test_the_wish_of_the_user_comes_first(package, tmp_path):
    run(package, NUMBA_CACHE_DIR=str(tmp_path / "wish"))
    assert any((tmp_path / "wish").rglob("*.nbc"))
    assert not any(package.rglob("*.nbc"))


def test_a_change_of_a_constant_reaches_the_kernels_that_import_it(package):
    (package / "constants.py").write_text("VALUE = 1\n")
    (package / "tiny.py").write_text(
        "from gedanken.worlds.ode.kernel.constants import VALUE\n" + KERNEL.format(value="VALUE")
    )
    assert run(package) == (3.0, ["two", "one"])
    (package / "constants.py").write_text("VALUE = 10\n")
    assert run(package) == (21.0, ["two", "one"])


def imported(path):
    """Names of the kernel files that a file's stamp depends on, found by changing nothing but their stamps."""
    found = []
    for other in sorted(jit.HERE.parent.glob("*.py")):
        content = other.read_bytes()
        jit.stamp.cache_clear()
        with pytest.MonkeyPatch.context() as patch:
            read = Path.read_bytes
            patch.setattr(Path, "read_bytes", lambda self: b"" if self == other else read(self))  # noqa: B023
            changed = jit.stamp(path)
        jit.stamp.cache_clear()
        if content and jit.stamp(path) != changed:
            found.append(other.stem)
    return found


def test_stamps_follow_imports():
    everything = [
        "dopri5",
        "driven",
        "jit",
        "limits",
        "linear",
        "machine",
        "machine_code",
        "program",
        "rodas4",
        "score",
        "status",
        "tokens",
    ]
    assert imported(jit.HERE.with_name("score.py")) == everything
    assert imported(jit.HERE.with_name("linear.py")) == ["jit", "linear", "machine_code"]
    fitting = jit.HERE.parents[1] / "fit" / "kernels.py"
    common = ["dopri5", "driven", "jit", "limits", "linear", "machine", "machine_code", "rodas4", "status"]
    assert imported(fitting) == common


def test_an_outer_function_is_compiled_with_little_optimisation_and_its_callees_in_full():
    import numba
    from numba.core import config, event

    levels = {}

    class Watch(event.Listener):
        def on_start(self, event):
            levels[event.data["dispatcher"].py_func.__name__] = int(config.OPT)

        def on_end(self, event):
            pass

    @numba.njit
    def work(x):
        return x * x

    def calls(x):
        return work(x) + 1.0

    jit._levels.outer.add(calls)
    full = int(config.OPT)
    with event.install_listener("numba:compile", Watch()):
        assert numba.njit(calls)(3.0) == 10.0
    assert levels == {"calls": 1, "work": full}
    assert int(config.OPT) == full


def test_what_is_cached_is_known_before_it_is_called(package):
    said = (
        "from gedanken.worlds.ode.kernel import jit, tiny; print(jit.is_cacheable(tiny.one), jit.is_cached(tiny.one))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    environment |= {"PYTHONPATH": str(package.parents[3]), "XDG_CACHE_HOME": str(package / "cache")}

    def ask():
        return subprocess.run(
            [sys.executable, "-c", said], env=environment, capture_output=True, text=True, check=True
        ).stdout.split()

    assert ask() == ["True", "False"]
    run(package)
    assert ask() == ["True", "True"]


# Two processes would write a part each.
MAKE = """
import sys
from pathlib import Path

from gedanken.worlds.ode.kernel import dependant, machine_code, tiny

parts = [Path(sys.argv[1], name) for name in ("one.zip", "two.zip")]
tiny.one(1.0)
machine_code.write(parts[0])
dependant.two(1.0)
machine_code.write(parts[1])
print(machine_code.merge(parts))
"""


@pytest.fixture
def shipped(package, tmp_path):
    """The package with an archive of machine code for this very processor."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    environment |= {"PYTHONPATH": str(package.parents[3]), "NUMBA_CACHE_DIR": str(tmp_path / "empty")}
    made = subprocess.run(
        [sys.executable, "-c", MAKE, tmp_path],
        env={**environment, machine_code.COLLECT: "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(made.stdout.strip()).parent == package / "machine_code"
    return package


needs_level = pytest.mark.skipif(
    not all(machine_code.llvmlite.binding.get_host_cpu_features().get(name) for name in machine_code.FEATURES),
    reason=f"this processor is no {machine_code.CPU}",
)


@needs_level
def test_code_that_comes_with_the_package_is_not_compiled(shipped):
    assert run(shipped) == (3.0, [])
    assert not any(shipped.rglob("*.nbc")), "nor copied"


@needs_level
def test_it_serves_where_nothing_can_be_written(shipped):
    (shipped / "cache").write_text("")
    assert run(shipped, PYTHONDONTWRITEBYTECODE="1", NUMBA_CACHE_DIR="/proc/nowhere") == (3.0, [])


@needs_level
def test_it_is_not_used_for_other_sources_another_compiler_or_another_processor(shipped):
    import zipfile

    (shipped / "tiny.py").write_text(KERNEL.format(value=10))
    assert run(shipped) == (21.0, ["two", "one"])
    (shipped / "tiny.py").write_text(KERNEL.format(value=1))
    assert run(shipped, NUMBA_CPU_NAME="generic") == (3.0, ["two", "one"])
    [archive] = (shipped / "machine_code").iterdir()
    with zipfile.ZipFile(archive) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(archive, "w") as new:
        for name, content in {**entries, machine_code.VERSIONS: b"numba 0.1, llvmlite 0.1"}.items():
            new.writestr(name, content)
    assert run(shipped, NUMBA_CACHE_DIR=str(shipped / "other")) == (3.0, ["two", "one"])
    archive.write_bytes(b"broken")
    assert run(shipped, NUMBA_CACHE_DIR=str(shipped / "third")) == (3.0, ["two", "one"])


@needs_level
def test_it_counts_as_cached(shipped):
    said = "from gedanken.worlds.ode.kernel import jit, tiny; print(jit.is_cached(tiny.one))"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    environment |= {"PYTHONPATH": str(shipped.parents[3])}
    asked = subprocess.run([sys.executable, "-c", said], env=environment, capture_output=True, text=True, check=True)
    assert asked.stdout.split() == ["True"]
