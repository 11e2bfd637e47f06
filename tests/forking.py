"""Commands and programs as forks of one process that has imported what they need: they begin at once, not in seconds.

`python tests/forking.py SOCKET` serves. A client hands over what it was called with, its folder, its environment and
its standard streams, and ends as the fork does. `Commands.folder` holds such a client called `gedanken`, for the PATH
of a shell. That the installed command itself begins is tested in `cli/test_module.py`.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

# These run until they are stopped by a signal, or import what is not there in the server.
THEMSELVES = ("serve", "train", "warm")

CLIENT = """#!{python} -sE
import json, os, socket, sys
if sys.argv[1:2] and sys.argv[1] in {themselves!r}:
    os.execv({installed!r}, [{installed!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as line:
    line.connect({path!r})
    body = json.dumps([None, sys.argv, os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(line, [len(body).to_bytes(8, "big")], [0, 1, 2])
    line.sendall(body)
    code = line.recv(1)
os._exit(code[0] if code else 70)
"""


class Commands:
    """The server, from a client's side. Use it in a `with` statement."""

    def __init__(self, folder: Path):
        """Begin the server; its socket and the command are in `folder`, whose path must be short."""
        self.folder = folder
        self._path = str(folder / "s")
        installed = str(Path(sys.executable).parent / "gedanken")
        told = {"python": sys.executable, "themselves": THEMSELVES, "installed": installed, "path": self._path}
        (folder / "gedanken").write_text(CLIENT.format(**told))
        (folder / "gedanken").chmod(0o755)
        self._server = subprocess.Popen([sys.executable, __file__, self._path], stdout=subprocess.PIPE)
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == b"ready\n"

    def __enter__(self) -> "Commands":
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.kill()
        self._server.communicate()

    def run(self, program: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a program in Python, as `python -c` does."""
        with open(cwd / ".out", "w+") as out, open(cwd / ".err", "w+") as err, open(os.devnull) as nothing:
            body = json.dumps([program, ["-c"], str(cwd), env]).encode()
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(self._path)
                streams = [nothing.fileno(), out.fileno(), err.fileno()]
                socket.send_fds(line, [len(body).to_bytes(8, "big")], streams)
                line.sendall(body)
                code = line.recv(1)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(program, code[0] if code else 70, out.read(), err.read())


def serve(path: str) -> None:
    """Fork for every client, until killed."""
    import signal

    from gedanken.cli.main import build_app
    from gedanken.tasks.discover.task import DiscoverTask
    from gedanken.tasks.predict.task import PredictTask

    build_app()
    # Compiled functions are loaded where they are first called.
    for task, subject in ((DiscoverTask(), "damped_spring"), (PredictTask(), "billiards")):
        problem = task.pose(subject)
        task.verify(problem, task.solve(problem))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        print("ready", flush=True)
        while True:
            line, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                _answer(line)
            line.close()


def _answer(line: socket.socket) -> None:
    """Do what a client asks, tell it the exit code, and end."""
    import atexit
    import runpy
    import traceback

    size, streams, _, _ = socket.recv_fds(line, 8, 3)
    body = b""
    while len(body) < int.from_bytes(size, "big"):
        body += line.recv(1 << 16)
    program, sys.argv, folder, environment = json.loads(body)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = ["", *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    code = 0
    try:
        if program is None:
            runpy.run_module("gedanken", run_name="__main__")
        else:
            exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()
    line.send(bytes([code & 255]))
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
