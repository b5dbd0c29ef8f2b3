"""Looks for bytes that break an invariant of the codec; see `invariants`.

    python fuzz/fuzz_codec.py -max_total_time=600    look for ten minutes
    python fuzz/fuzz_codec.py FILE ...               check these inputs again

A quarter of the time goes to inputs near the seeds. Then atheris steers the search by coverage of
the codec; without atheris, hypothesis draws inputs. Other arguments go to libFuzzer (`-max_len=`, a
folder with a corpus ...). Findings are minimised and written to `fuzz/findings/`, and the search
continues.
"""

import argparse
import hashlib
import importlib
import importlib.util
import itertools
import os
import secrets
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
FINDINGS: Final = ROOT / "fuzz" / "findings"
ENGINES: Final = ("atheris", "hypothesis")
MAX_FINDINGS: Final = 50  # different ones; the codec is broken then
PROGRESS_S: Final = 10.0
NEAR_SHARE: Final = 0.25  # of the time, for inputs near the seeds
MINIMISING_RUNS: Final = 3000
ROUND: Final = 500  # inputs between two seeds of hypothesis
LIBFUZZER_OPTIONS: Final = (
    *("-max_len=1500", "-timeout=30", "-rss_limit_mb=4096", "-verbosity=0"),
    *("-handle_int=0", "-handle_term=0"),  # handled by Python, so that the result is printed
)

Check = Callable[[bytes], None]
Key = tuple[str, ...]


class Search:
    """One search: counts inputs, keeps the first of each kind of failure, reports progress."""

    def __init__(self, check: Check, engine: str, seconds: float, findings: Path) -> None:
        self._check = check
        self._engine = engine
        self._seconds = seconds
        self._findings = findings
        self._began = time.monotonic()
        self._told = self._began
        self._known: set[Key] = set()
        self._stopped = False
        self.inputs = 0

    @property
    def over(self) -> bool:
        """Whether the time is up, or enough failures were found."""
        return self.share >= 1.0 or self._stopped or len(self._known) >= MAX_FINDINGS

    @property
    def share(self) -> float:
        """The part of the time that has passed."""
        return self._elapsed / self._seconds if self._seconds else 1.0

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def run(self, data: bytes) -> None:
        """Check one input; a failure of a new kind is minimised and written."""
        self.inputs += 1
        key = failure_of(self._check, data)
        if key is not None and key not in self._known:
            self._known.add(key)
            self._keep(minimised(data, lambda less: failure_of(self._check, less) == key))
        if time.monotonic() - self._told >= PROGRESS_S:
            self._told = time.monotonic()
            self.tell(f"{self._elapsed:.0f} of {self._seconds:.0f} s, {self._so_far()}")

    def stop_on_signals(self) -> None:
        """Stop at SIGINT or SIGTERM; at the second one, end at once."""

        def stop(number: int, _: object) -> None:
            self._stopped = True
            signal.signal(number, signal.SIG_DFL)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)

    def finish(self) -> int:
        """Print the result; returns the exit code."""
        self.tell(f"{self._engine} ran for {self._elapsed:.0f} s: {self._so_far()}")
        return 1 if self._known else 0

    def tell(self, line: str) -> None:
        """Print a line."""
        print(f"fuzz: {line}", flush=True)

    def _so_far(self) -> str:
        if not self._known:
            return f"{self.inputs} inputs, nothing was found"
        return f"{self.inputs} inputs, findings: {len(self._known)}, see {self._findings}"

    def _keep(self, data: bytes) -> None:
        self._findings.mkdir(parents=True, exist_ok=True)
        path = self._findings / f"finding-{hashlib.sha256(data).hexdigest()[:12]}"
        path.write_bytes(data)
        self.tell(f"FOUND {path}\n{report_of(self._check, data)}")


def failure_of(check: Check, data: bytes) -> Key | None:
    """The kind of failure of an input, None if there is none.

    The kind is the exception's class, the line that raised it, and the class of message or the
    function that a broken invariant is about.
    """
    try:
        check(data)
    except Exception as error:  # noqa: BLE001 - any at all is a finding
        lines = traceback.extract_tb(error.__traceback__)
        named = [line for line in lines if line.name != "_hold"]
        return type(error).__name__, f"{named[-1].filename}:{named[-1].lineno}", about_of(error)
    return None


def about_of(error: Exception) -> str:
    """The subject of a broken invariant, "" for another exception."""
    return f"{getattr(error, 'number', '')} {getattr(error, 'about', '')}"


def report_of(check: Check, data: bytes) -> str:
    """The traceback of an input that fails, "" for one that does not."""
    try:
        check(data)
    except Exception:  # noqa: BLE001 - any at all is a finding
        return f"{data!r}\n{traceback.format_exc()}"
    return ""


def minimised(data: bytes, still_fails: Callable[[bytes], bool]) -> bytes:
    """A shorter, plainer input that still fails, found by leaving pieces out."""
    runs = 0
    found = True
    while found:
        found = False
        for less in simpler(data):
            runs += 1
            if runs > MINIMISING_RUNS:
                return data
            if still_fails(less):
                data = less
                found = True
                break
    return data


def simpler(data: bytes) -> Iterator[bytes]:
    """Inputs that are shorter than `data`, or equally long and simpler; the shortest first."""
    size = len(data)
    while size:
        for at in range(0, len(data) - size + 1, size):
            yield data[:at] + data[at + size :]
        size //= 2
    for at, byte in enumerate(data):
        for plain in b"\0a":
            if byte not in b"\0a" or (byte == ord("a") and not plain):
                yield data[:at] + bytes([plain]) + data[at + 1 :]


# -- engines ---------------------------------------------------------------------------------


def run_near(search: Search, corpus: ModuleType) -> None:
    """Search near the seeds: quick, and covers the known corner cases."""
    seeds: list[bytes] = corpus.seeds()
    for seed in seeds:
        search.run(seed)
    for number in itertools.count(secrets.randbits(32)):
        if search.over or search.share >= NEAR_SHARE:
            return
        search.run(corpus.mutated(seeds[number % len(seeds)], number))


def run_atheris(seconds: float, options: list[str]) -> int:
    """Search with atheris; returns only if libFuzzer does not accept its options."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["dcs_codec"]):
        shapes = importlib.import_module("fuzz.shapes")
        invariants = importlib.import_module("fuzz.invariants")
        corpus = importlib.import_module("fuzz.corpus")
    for plan in shapes.PLANS:  # generated, so the import does not instrument them
        for function in (plan.decode, plan.encode):
            atheris.instrument_func(function)
    folder = tempfile.TemporaryDirectory(prefix="fuzz-codec-")
    begin = Path(folder.name) / "seeds"
    begin.mkdir()
    corpus.write_seeds(begin)
    corpus.write_dictionary(Path(folder.name) / "words.dict")
    FINDINGS.mkdir(parents=True, exist_ok=True)
    search = Search(invariants.check, "atheris", seconds, FINDINGS)
    search.stop_on_signals()
    run_near(search, corpus)

    def run(data: bytes) -> None:
        search.run(data)
        if search.over:  # libFuzzer would end the process silently
            code = search.finish()
            folder.cleanup()
            os._exit(code)

    def mutate(data: bytes, max_size: int, number: int) -> bytes:
        if number % 2:
            return bytes(atheris.Mutate(data, max_size))
        changed: bytes = corpus.mutated(data, number)
        return changed[:max_size]

    own = [f"-dict={folder.name}/words.dict", f"-artifact_prefix={FINDINGS}/"]
    atheris.Setup(
        [sys.argv[0], *LIBFUZZER_OPTIONS, *own, *options, str(begin)], run, custom_mutator=mutate
    )
    atheris.Fuzz()
    return search.finish()


def run_hypothesis(seconds: float) -> int:
    """Search with inputs drawn by hypothesis."""
    hypothesis = importlib.import_module("hypothesis")
    invariants = importlib.import_module("fuzz.invariants")
    corpus = importlib.import_module("fuzz.corpus")
    search = Search(invariants.check, "hypothesis", seconds, FINDINGS)
    search.stop_on_signals()

    def run(data: bytes) -> None:
        if not search.over:
            search.run(data)

    run_near(search, corpus)
    settings = hypothesis.settings(
        max_examples=ROUND,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    while not search.over:
        drawn = settings(hypothesis.given(corpus.inputs())(run))
        hypothesis.seed(secrets.randbits(64))(drawn)()
    return search.finish()


def run_files(paths: list[Path]) -> int:
    """Check inputs that were found before."""
    check: Check = importlib.import_module("fuzz.invariants").check
    failed = 0
    for path in paths:
        report = report_of(check, path.read_bytes())
        failed += bool(report)
        print(f"{path}: {report or 'every invariant holds'}")
    return 1 if failed else 0


def main(arguments: list[str]) -> int:
    """Check files, or search."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("-max_total_time", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--engine", choices=ENGINES, help="by default the first there is")
    parser.add_argument("paths", nargs="*", type=Path, metavar="FILE")
    options, others = parser.parse_known_args(arguments)
    files = [path for path in options.paths if path.is_file()]
    if files:
        return run_files(files)
    there = [name for name in ENGINES if importlib.util.find_spec(name)]
    engine = options.engine or there[0]
    if engine == "atheris":
        folders = [str(path) for path in options.paths]
        return run_atheris(options.max_total_time, [*others, *folders])
    return run_hypothesis(options.max_total_time)


if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    sys.exit(main(sys.argv[1:]))
