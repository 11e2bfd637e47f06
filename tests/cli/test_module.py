import subprocess
import sys

from gedanken import __version__


def test_the_package_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "gedanken", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, __version__)
    wrong = subprocess.run([sys.executable, "-m", "gedanken", "zoo", "show", "nothing"], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("gedanken: ")
