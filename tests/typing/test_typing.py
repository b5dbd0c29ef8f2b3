"""Both type checkers accept right use of the packages, and refuse wrong use in the right place.

They run as in a downstream project: outside this tree, strict, on the installed packages. In the
wrong samples, a comment `# error: KIND` marks each line that both must refuse; they must refuse
nothing else. A few errors come with others on the same line, which does not matter.
"""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
import pytest

from dcs_codec import HtosReportIonChambers, StohStartMotorMove, decode_text, default_codec
from tests.measuring import unmeasured
from tests.typing import downstream

HERE: Final = Path(__file__).resolve().parent
RIGHT: Final = HERE / "downstream.py"
WRONG: Final = sorted((HERE / "wrong-samples").glob("*.py"))
CHECKERS: Final = ("mypy", "basedpyright")
DEADLINE_S: Final = 150

# Kind of error: the codes of each checker for it; empty if the checker need not see it.
KINDS: Final[Mapping[str, Mapping[str, set[str]]]] = {
    "argument": {"mypy": {"arg-type"}, "basedpyright": {"reportArgumentType"}},
    "attribute": {"mypy": {"attr-defined"}, "basedpyright": {"reportAttributeAccessIssue"}},
    "call": {"mypy": {"call-arg"}, "basedpyright": {"reportCallIssue"}},
    "class": {"mypy": {"type-var"}, "basedpyright": {"reportArgumentType"}},
    "frozen": {"mypy": {"misc"}, "basedpyright": {"reportAttributeAccessIssue"}},
    "match": {"mypy": set(), "basedpyright": {"reportMatchNotExhaustive"}},
    "operator": {"mypy": {"operator"}, "basedpyright": {"reportOperatorIssue"}},
    "positional": {"mypy": {"call-arg", "misc"}, "basedpyright": {"reportCallIssue"}},
    "union": {"mypy": {"union-attr"}, "basedpyright": {"reportAttributeAccessIssue"}},
}
_MARK: Final = re.compile(r"# error: (\w+)$")


@attrs.frozen
class Refusal:
    """One error that a checker reports."""

    path: Path
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}: {self.message} [{self.code}]"


@attrs.frozen
class Mark:
    """One error that a sample announces."""

    path: Path
    line: int
    kind: str


def commands(folder: Path) -> dict[str, list[str]]:
    """How each checker is called in a folder of its own."""
    config = folder / "pyrightconfig.json"
    config.write_text('{"typeCheckingMode": "strict"}')
    files = [str(RIGHT), *map(str, WRONG)]
    mypy = ["--strict", "--config-file=", "--output=json", f"--cache-dir={folder / 'cache'}"]
    basedpyright = ["--outputjson", "--project", str(config), "--pythonpath", sys.executable]
    return {
        "mypy": [sys.executable, "-m", "mypy", *mypy, *files],
        "basedpyright": [sys.executable, "-m", "basedpyright", *basedpyright, *files],
    }


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Refusal]]:
    """The reports of each checker for all files; both run once, in parallel."""
    missing = [name for name in CHECKERS if importlib.util.find_spec(name) is None]
    assert not missing, f"not installed: {', '.join(missing)} (the extra `test` has both)"
    folder = tmp_path_factory.mktemp("downstream")
    running = {
        name: subprocess.Popen(
            command,
            cwd=folder,
            env=unmeasured(),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for name, command in commands(folder).items()
    }
    try:
        said = {name: run.communicate(timeout=DEADLINE_S) for name, run in running.items()}
    finally:
        for run in running.values():
            run.kill()
            run.communicate()
    for name, run in running.items():  # 1: there are errors, as there must be
        assert run.returncode == 1, f"{name} came to no end of its own: {said[name]}"
    return {
        "mypy": refusals_of_mypy(said["mypy"][0]),
        "basedpyright": refusals_of_basedpyright(said["basedpyright"][0]),
    }


def refusals_of_mypy(output: str) -> list[Refusal]:
    found = map(json.loads, output.splitlines())
    return [
        Refusal(Path(one["file"]), one["line"], one["code"], one["message"])
        for one in found
        if one["severity"] == "error"
    ]


def refusals_of_basedpyright(output: str) -> list[Refusal]:
    report = json.loads(output)
    assert report["summary"]["filesAnalyzed"] == len(WRONG) + 1
    return [
        Refusal(
            Path(one["file"]), one["range"]["start"]["line"] + 1, one.get("rule"), one["message"]
        )
        for one in report["generalDiagnostics"]
    ]


def marks() -> list[Mark]:
    """The errors marked in the wrong samples."""
    found = []
    for path in WRONG:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if mark := _MARK.search(line):
                found.append(Mark(path, number, mark[1]))
            else:
                assert "# error" not in line, f"{path.name}:{number}: a mark without a kind"
    return found


MARKS: Final = marks()


def test_the_samples_announce_every_kind_of_error() -> None:
    assert {mark.kind for mark in MARKS} == set(KINDS)
    assert {mark.path for mark in MARKS} == set(WRONG)


@pytest.mark.parametrize("checker", CHECKERS)
def test_right_use_is_accepted(refusals: dict[str, list[Refusal]], checker: str) -> None:
    assert not [str(one) for one in refusals[checker] if one.path not in WRONG]


@pytest.mark.parametrize("checker", CHECKERS)
def test_nothing_but_what_is_marked_is_refused(
    refusals: dict[str, list[Refusal]], checker: str
) -> None:
    marked = {(mark.path, mark.line) for mark in MARKS if KINDS[mark.kind][checker]}
    wrong = [one for one in refusals[checker] if one.path in WRONG]
    assert not [str(one) for one in wrong if (one.path, one.line) not in marked]


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: f"{mark.path.stem}:{mark.line}")
def test_wrong_use_is_refused_where_it_is(
    refusals: dict[str, list[Refusal]], checker: str, mark: Mark
) -> None:
    codes = KINDS[mark.kind][checker]
    here = [one for one in refusals[checker] if (one.path, one.line) == (mark.path, mark.line)]
    assert not codes or any(one.code in codes for one in here), list(map(str, here))


def test_the_right_use_runs() -> None:
    """The types that the checkers infer for the sample are right when it runs."""
    move = decode_text("stoh_start_motor_move phi home")
    assert isinstance(move, StohStartMotorMove)
    assert downstream.describe(move) == "phi goes where HOME is"
    assert downstream.where_to(attrs.evolve(move, destination=2.5)) == 2.5
    report = decode_text("htos_report_ion_chambers 1.0 i0 5 i1 6")
    assert isinstance(report, HtosReportIonChambers)
    assert downstream.counted(report) == 11.0
    assert downstream.parked("stoh_park_robot a b") == "stoh_park_robot a"
    codec = default_codec()
    written = [codec.encode(answer) for answer in downstream.answers()]
    assert [codec.decode(frame) for frame in written] == list(downstream.answers())
