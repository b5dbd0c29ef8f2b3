"""Runs the tests of a package on mutants of it: in a copy, one forked process for each.

The first process imports slow modules that do not change, but nothing of the package. So a mutant
costs only the import of the package and its tests, and can harm only its own child process.
"""

import contextlib
import gc
import importlib
import importlib.metadata
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    import pytest

TIME_LIMIT: Final = "time limit"
_PRELOADED: Final = (
    *("attrs", "cattrs", "cattrs.gen", "decimal", "doctest", "hypothesis.strategies", "pytest"),
    *("_pytest.assertion.rewrite", "_pytest.fixtures", "_pytest.python"),
)
_TEST_TIMEOUT_S: Final = 10  # of one test, so that its name is reported
_MIN_LIMIT_S: Final = 20.0
_SLOWER: Final = 4.0  # times the duration of the tests on the unchanged source
_MEMORY: Final = 3 << 30  # bytes, because a mutant may request any amount
_FORK: Final = multiprocessing.get_context("fork")


@attrs.frozen
class Stage:
    """Tests that are run together.

    Attributes:
        files: Their files, in the copy.
        examples: How many examples each property gets.
    """

    files: tuple[str, ...]
    examples: int


@attrs.frozen
class Project:
    """A package and its tests.

    Attributes:
        root: Where both are.
        package: Name of the package.
        tests: Folder of its tests, below the root.
        others: Files and folders at the root that the tests need.
        slow: Test files that are left out.
    """

    root: Path
    package: str
    tests: str
    others: tuple[str, ...] = ()
    slow: frozenset[str] = frozenset()

    def source(self, module: str) -> Path:
        """The file of a module, below the root."""
        return Path(self.package, f"{module}.py")

    def stages(self, module: str) -> list[Stage]:
        """The module's own test files, which find most mistakes; then the others.

        Own are `test_MODULE.py` and `test_MODULE_*.py`.
        """
        folder = self.root / self.tests
        own = {folder / f"test_{module}.py", *folder.glob(f"test_{module}_*.py")}
        every = {path for path in folder.glob("test_*.py") if path.name not in self.slow}
        stages = [Stage(self._names(own & every), 40), Stage(self._names(every - own), 10)]
        return [stage for stage in stages if stage.files]

    def _names(self, paths: set[Path]) -> tuple[str, ...]:
        return tuple(sorted(str(path.relative_to(self.root)) for path in paths))


@attrs.frozen
class Verdict:
    """The result of the tests.

    Attributes:
        killed: Whether one failed.
        by: The first that failed, or what else ended it; "" if it survived.
        seconds: How long it took.
    """

    killed: bool
    by: str
    seconds: float


class TestsFailError(Exception):
    """The tests fail without any change, so they say nothing about a mutant."""


class Bench:
    """A copy of a project, in which one module after the other is changed."""

    def __init__(self, project: Project, folder: Path, limit: float | None = None) -> None:
        self._project = project
        self._folder = folder
        self._limit = limit

    def check(self) -> None:
        """Run all tests on the unchanged source; sets the time limit from that, unless it is given.

        Raises:
            TestsFailError: If one fails.
        """
        verdict = self._run(self._project.stages(""), None)
        if verdict.killed:
            raise TestsFailError(f"fails on the source as it is: {verdict.by}")
        self._limit = self._limit or max(_MIN_LIMIT_S, _SLOWER * verdict.seconds)

    def verdict(self, module: str, source: str) -> Verdict:
        """Run the tests with another source of a module."""
        path = self._folder / self._project.source(module)
        for old in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            old.unlink()  # may seem to belong to the mutant: same size, same second
        original = path.read_text(encoding="utf-8")
        path.write_text(source, encoding="utf-8")
        try:
            return self._run(self._project.stages(module), self._limit)
        finally:
            path.write_text(original, encoding="utf-8")

    def _run(self, stages: Sequence[Stage], limit: float | None) -> Verdict:
        began = time.monotonic()
        failed = ""
        for stage in stages:
            failed = failed or self._failed(stage, limit)
        return Verdict(bool(failed), failed, time.monotonic() - began)

    def _failed(self, stage: Stage, limit: float | None) -> str:
        return _in_a_child(limit, self._folder, self._project.package, stage)


@contextlib.contextmanager
def bench(project: Project, limit: float | None = None) -> Iterator[Bench]:
    """A copy of a project in a temporary folder; its tests have passed there.

    Args:
        project: The project to copy.
        limit: Seconds that the tests of a stage may take.

    Raises:
        TestsFailError: If they do not pass.
    """
    _preload(project.package)
    with tempfile.TemporaryDirectory(prefix="mutation-") as name:
        folder = Path(name)
        for entry in (project.package, project.tests.partition("/")[0], *project.others):
            if (project.root / entry).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(project.root / entry, folder / entry, ignore=ignored)
            else:
                shutil.copy(project.root / entry, folder / entry)
        made = Bench(project, folder, limit)
        made.check()
        yield made


def _preload(package: str) -> None:
    os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"  # the package's would import it
    for name in _PRELOADED:
        importlib.import_module(name)
    del os.environ["HYPOTHESIS_NO_PLUGINS"]
    if package in sys.modules:
        raise RuntimeError(f"{package} is imported already, and would be in each child")
    gc.freeze()  # so that the children do not traverse all this


# -- the child -------------------------------------------------------------------------------


def _in_a_child(limit: float | None, folder: Path, package: str, stage: Stage) -> str:
    """The first test that fails in a separate process, or what ended it; "" if all pass."""
    receiver, sender = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_child, args=(folder, package, stage, sender))
    process.start()
    sender.close()
    try:
        if not receiver.poll(limit):
            return TIME_LIMIT
        return str(receiver.recv())
    except EOFError:
        return "died"
    finally:
        with contextlib.suppress(ProcessLookupError):  # it may not have its own group yet
            os.killpg(process.pid or 0, signal.SIGKILL)
        process.kill()
        process.join()
        receiver.close()


def _child(folder: Path, package: str, stage: Stage, sender: "Connection[str, str]") -> None:
    os.setsid()
    with contextlib.suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the tests would undo it with that
    try:
        for plugin in importlib.metadata.entry_points(group="hypothesis"):
            if plugin.module.partition(".")[0] == package:
                plugin.load()()
        failed = _failed(stage)
    except BaseException as error:  # noqa: BLE001 - a mutant may raise anything
        failed = f"import: {type(error).__name__}"
    sender.send(failed)


def _failed(stage: Stage) -> str:
    hypothesis: Any = importlib.import_module("hypothesis")
    hypothesis.settings.register_profile(
        "mutation",
        max_examples=stage.examples,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    first = _FirstFailure()
    code = importlib.import_module("pytest").main(
        [
            *("-x", "-q", "--tb=no", "-p", "no:cacheprovider"),
            *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # of what was preloaded
            *("-o", f"timeout={_TEST_TIMEOUT_S}", "--hypothesis-profile=mutation"),
            *stage.files,
        ],
        plugins=[first],
    )
    return first.name or (f"pytest: {code!r}" if code else "")


class _FirstFailure:
    """A plugin of pytest."""

    def __init__(self) -> None:
        self.name = ""

    def pytest_collectreport(self, report: "pytest.CollectReport") -> None:
        """Notice a file that cannot be imported."""
        self._see(report)

    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:
        """Notice a test that fails."""
        self._see(report)

    def _see(self, report: "pytest.CollectReport | pytest.TestReport") -> None:
        if report.failed and not self.name:
            self.name = report.nodeid
