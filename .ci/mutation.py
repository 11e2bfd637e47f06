"""Mutation testing with Cosmic Ray's operators: each mutant in a fork of one warm process, one after another.

Usage: `.ci/mutation [--again LOG] [MODULE ...]`. Modules and their tests stand in `mutation.toml`. With `--again`, only
the survivors that an earlier run printed to LOG are judged.

No file is changed: the mutated module is compiled in memory. It and the modules that import it are imported anew in the
fork; everything else, above all numba's compiled kernels, stays loaded. Cosmic Ray's own runner starts an interpreter
for each mutant instead, which takes several times as long here.
"""

import ast
import importlib.machinery
import importlib.util
import io
import os
import random
import re
import resource
import signal
import sys
import textwrap
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider
from parso.python.tree import Number

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / ".ci" / "mutation.toml"

# Cosmic Ray replaces each operator by each other one, twelve mutants where two tell as much.
BINARY = ["Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Pow_Mul", "FloorDiv_Mul", "Mod_Mul"]
COMPARISON = [
    "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt", "Eq_NotEq", "NotEq_Eq", "Is_IsNot",
    "IsNot_Is",
]  # fmt: skip
OPERATORS = [
    *(f"ReplaceBinaryOperator_{name}" for name in BINARY),
    *(f"ReplaceComparisonOperator_{name}" for name in COMPARISON),
    "ReplaceUnaryOperator_USub_UAdd", "ReplaceUnaryOperator_Delete_Not", "AddNot", "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak", "ZeroIterationForLoop", "NumberReplacer",
]  # fmt: skip
# A mutant may take this many times the CPU time of the unchanged module's tests, and these seconds more.
CPU_FACTOR, CPU_SECONDS = 5, 10
MEMORY = 8 << 30


class Mutant(NamedTuple):
    """One change: its line and operator, the line as it was and as it is, and the mutated source."""

    line: int
    operator: str
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.line}: {self.before}  ->  {self.after}"


class Decimal(Operator):
    """Moves a decimal by a quarter, where Cosmic Ray adds 1: 0.93 becomes 1.1625 and 0.744."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Two for each decimal."""
        if isinstance(node, Number) and set(node.value) & set(".e"):
            yield from [(node.start_pos, node.end_pos)] * 2

    def mutate(self, node: Any, index: int) -> Any:
        """The number made larger, then smaller."""
        node.value = repr((float(node.value) or 0.1) * (1.25, 0.8)[index])
        return node

    @classmethod
    def examples(cls) -> Sequence[Any]:
        """None; Cosmic Ray's own tests read them."""
        return ()


class DeleteStatement(Operator):
    """Deletes a call whose value is dropped, an assignment to an item, or an augmented assignment."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """One for each statement."""
        if node.type == "simple_stmt" and _has_effect(node.get_code()):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """`pass` instead of the statement."""
        prefix = node.get_first_leaf().prefix
        node.children = node.children[-1:]  # the line's end
        node.children[0].prefix = f"{prefix}pass"
        return node

    @classmethod
    def examples(cls) -> Sequence[Any]:
        """None; Cosmic Ray's own tests read them."""
        return ()


def _has_effect(code: str) -> bool:
    try:
        (statement,) = ast.parse(textwrap.dedent(code)).body
    except (SyntaxError, ValueError):
        return False
    if isinstance(statement, ast.Assign):
        return isinstance(statement.targets[0], ast.Subscript)
    return isinstance(statement, ast.AugAssign) or (
        isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant)
    )


def mutants(path: Path) -> list[Mutant]:
    """Every mutant of a module that compiles to something else than the module."""
    core = OperatorProvider()
    operators = {name: core[name]() for name in OPERATORS}
    operators |= {"Decimal": Decimal(), "DeleteStatement": DeleteStatement()}
    source = path.read_text()
    lines = source.splitlines(keepends=True)
    made = []
    # Statement by statement, since every mutation parses all that it is given.
    for statement in ast.parse(source).body:
        first = min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", []))])
        head, tail = "".join(lines[: first - 1]), "".join(lines[statement.end_lineno :])
        own = lines[first - 1 : statement.end_lineno]
        original = ast.dump(ast.parse("".join(own)))
        for name, operator in operators.items():
            for occurrence in range(len(source)):
                mutated = mutate_code("".join(own), operator, occurrence)
                if mutated is None:
                    break
                try:
                    if ast.dump(ast.parse(mutated)) == original:
                        continue
                except SyntaxError:
                    continue
                pairs = zip(own, mutated.splitlines(keepends=True), strict=False)
                number, pair = next((k, pair) for k, pair in enumerate(pairs) if pair[0] != pair[1])
                before, after = (" ".join(line.split()) for line in pair)
                # Cosmic Ray adds 1 to decimals, too.
                if name == "NumberReplacer" and _has_decimal(before, after):
                    continue
                made.append(Mutant(first + number, name, before, after, head + mutated + tail))
    return sorted(made)


def _has_decimal(before: str, after: str) -> bool:
    """Whether the number in which two lines differ is a decimal."""
    numbers = [re.findall(r"(?<![\w.])\d[\w.]*(?:e-\d+)?", line) for line in (before, after)]
    return any(a != b and not a.isdigit() for a, b in zip(*numbers, strict=False))


class Loader(importlib.machinery.SourceFileLoader):
    """Compiles the mutated source instead of the file."""

    def __init__(self, name: str, path: Path, source: str):
        super().__init__(name, str(path))
        self.source = source

    def get_code(self, fullname: str) -> Any:
        """The mutant's code."""
        return compile(self.source, self.path, "exec", dont_inherit=True)


class Finder:
    """Finds the mutant first."""

    def __init__(self, name: str, path: Path, source: str):
        self.name, self.path, self.source = name, path, source

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The mutant's spec; None for every other module."""
        if name != self.name:
            return None
        folder = [str(self.path.parent)] if self.path.name == "__init__.py" else None
        loader = Loader(name, self.path, self.source)
        return importlib.util.spec_from_file_location(name, self.path, loader=loader, submodule_search_locations=folder)


class Profile:
    """A pytest plugin: a few examples a property, the same in every run."""

    def __init__(self, examples: int, deselect: Sequence[str]):
        self.examples, self.deselect = examples, deselect

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Leave out what is deselected, and give every property few examples."""
        from hypothesis import settings  # imported before pytest starts, it would be a warning

        items[:] = [item for item in items if item.originalname not in self.deselect]
        for item in items:
            own = getattr(item.obj, "_hypothesis_internal_use_settings", None)
            if own is not None:
                few = min(own.max_examples, self.examples)
                chosen = settings(own, max_examples=few, derandomize=True, database=None, deadline=None)
                function = getattr(item.obj, "__func__", item.obj)
                function._hypothesis_internal_use_settings = chosen


def run_tests(entry: dict[str, Any], examples: int) -> int:
    """Exit code of pytest: 0 where every test passed."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-o", "timeout=0", "--no-header"]
    return int(pytest.main([*options, *entry["tests"]], plugins=[Profile(examples, entry.get("deselect", []))]))


def dependents(target: str) -> set[str]:
    """Loaded modules that import `target`, directly or not.

    A package that loads its modules by name imports all of them.
    """
    imports: dict[str, set[str]] = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.startswith("gedanken.") and file and file.endswith(".py"):
            source = Path(file).read_text()
            imports[name] = {
                each for each in sys.modules if "zoo.load(PACKAGE" in source and each.startswith(name + ".")
            }
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Import):
                    imports[name] |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    imports[name] |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    stale = {target}
    while more := {name for name, used in imports.items() if used & stale} - stale:
        stale |= more
    return stale


def forget(names: set[str]) -> None:
    """Drop modules, and every test module, so that they are imported anew."""
    for name in list(sys.modules):
        if name in names or name.startswith(("tests.", "test_", "conftest")):
            del sys.modules[name]
            parent, _, child = name.rpartition(".")
            if parent in sys.modules and hasattr(sys.modules[parent], child):
                delattr(sys.modules[parent], child)


def judge(
    mutant: Mutant, name: str, path: Path, entry: dict[str, Any], examples: int, cpu: int, stale: set[str]
) -> str:
    """`killed`, `survived` or `timeout`."""
    child = os.fork()
    if child == 0:
        os.setsid()
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.alarm(20 * cpu)
        code = 1
        try:
            forget(stale)
            sys.meta_path.insert(0, Finder(name, path, mutant.source))
            code = run_tests(entry, examples)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "timeout" if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL) else "killed"
    return "survived" if os.WEXITSTATUS(status) == 0 else "killed"


def run_module(key: str, entry: dict[str, Any], examples: int, again: set[str] | None) -> Counter[str]:
    """Judge the mutants of one module and print those that survive; of `again`, if given, and of no others."""
    path = ROOT / key
    name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
    every = mutants(path)
    drawn = every
    if entry.get("sample", len(every)) < len(every):
        drawn = sorted(random.Random(f"mutation of {key}").sample(every, entry["sample"]))
    if again is not None:
        drawn = [mutant for mutant in every if f"{key}:{mutant}" in again]

    # Twice: the first run compiles kernels, the second is timed.
    importlib.import_module(name)
    for _ in range(2):
        output, began = io.StringIO(), time.process_time()
        forget(set())
        with redirect_stdout(output), redirect_stderr(output):
            code = run_tests(entry, examples)
        spent = time.process_time() - began
        if code:
            raise SystemExit(f"{key}: the tests fail without any mutation:\n{output.getvalue()}")
    cpu = round(CPU_FACTOR * spent) + CPU_SECONDS
    stale = dependents(name)
    control = Mutant(0, "control", "", "", "raise AssertionError('the mutant was imported')\n")
    nothing = Mutant(0, "control", "", "", path.read_text())
    if judge(control, name, path, entry, examples, cpu, stale) != "killed":
        raise SystemExit(f"{key}: the tests pass although the module does not import")
    if judge(nothing, name, path, entry, examples, cpu, stale) != "survived":
        raise SystemExit(f"{key}: the tests fail in a fork without any mutation")

    harmless = {line: why for line, why in entry.get("harmless", [])}
    counts: Counter[str] = Counter(mutants=len(every), drawn=len(drawn))
    print(f"{key}: {len(drawn)} of {len(every)} mutants, tests take {spent:.1f} s", flush=True)
    for mutant in drawn:
        outcome = judge(mutant, name, path, entry, examples, cpu, stale)
        if outcome == "survived" and {mutant.after, f"{mutant.before}  ->  {mutant.after}"} & set(harmless):
            outcome = "harmless"
        counts[outcome] += 1
        if outcome == "survived":
            print(f"  {key}:{mutant}", flush=True)
    return counts


def main(names: Sequence[str]) -> None:
    """Judge the named modules, or all, each in a process of its own; print a table."""
    config = tomllib.loads(CONFIG.read_text())
    examples = config.pop("examples")["hypothesis"]
    again = None
    if names[:1] == ["--again"]:
        again = {line.strip() for line in Path(names[1]).read_text().splitlines()}
        names = names[2:]
    if unknown := [name for name in names if name not in config]:
        raise SystemExit(f"{', '.join(unknown)}: not in .ci/mutation.toml")
    chosen = {name: entry for name, entry in config.items() if not names or name in names}
    os.chdir(ROOT)
    table = {}
    for key, entry in chosen.items():
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            if not entry.get("jit", True):
                os.environ["NUMBA_DISABLE_JIT"] = "1"
            counts = run_module(key, entry, examples, again)
            os.write(writing, repr(dict(counts)).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            received = pipe.read()
        if os.waitpid(child, 0)[1]:
            raise SystemExit(1)
        table[key] = Counter(ast.literal_eval(received.decode()))

    columns = ["mutants", "drawn", "killed", "timeout", "survived", "harmless"]
    width = max(map(len, table))
    print(f"{'':{width}} " + " ".join(f"{column:>8}" for column in columns) + "    score")
    for key, counts in table.items():
        score = (counts["killed"] + counts["timeout"]) / max(counts["drawn"] - counts["harmless"], 1)
        print(f"{key:{width}} " + " ".join(f"{counts[column]:8}" for column in columns) + f" {score:8.1%}")


if __name__ == "__main__":
    main(sys.argv[1:])
