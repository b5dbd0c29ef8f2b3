"""Mistakes are made where there is something to mistake, and the tests' word on each is told."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from mutation.__main__ import CODEC, NAMES, drawn
from mutation.finding import mutants
from mutation.generated import generated_changes_of
from tests.measuring import unmeasured

ROOT: Final = Path(__file__).resolve().parents[1]

SNIPPET: Final = '''
"""Not changed."""
import os
T = TypeVar("T")

@attrs.frozen
class Box:
    """Not changed either."""
    size: int = 3

    @property
    def name(self) -> "str":
        return f"box {self.size!r} {-1:>3}"

def f(a: "int | None", *, b=True):
    """Nor this."""
    total = b""
    for x in a[1:]:
        if x < 2 and a or not b:
            continue
        total += g(x, key=2.5)
    while total:
        break
    try:
        h()
    except (KeyError, ValueError):
        raise Wrong(str(a)) from None
    return [y.strip() for y in a if y]
'''


# -- finding ---------------------------------------------------------------------------------


def test_every_mutant_is_another_valid_source() -> None:
    original = ast.unparse(ast.parse(SNIPPET))
    found = [mutant.source() for mutant in mutants(SNIPPET)]
    assert len(found) == len(set(found)) > 40
    assert original not in found
    for source in found:
        compile(source, "mutant", "exec")


@pytest.mark.parametrize(
    "difference",
    [
        ("@attrs.frozen", ""),
        ("@property", ""),
        ("size: int = 3", "size: int = 4"),
        ("size: int = 3", "size: int = None"),
        ("return f'box {self.size!r} {-1:>3}'", "return f'box {self.size!r} {1:>3}'"),
        ("return f'box {self.size!r} {-1:>3}'", "return f'XXbox {self.size!r} {-1:>3}XX'"),
        ("def f(a: 'int | None', *, b=True):", "def f(a: 'int | None', *, b=False):"),
        ("total = b''", "total = b'XXXX'"),
        ("for x in a[1:]:", "for x in ():"),
        ("for x in a[1:]:", "for x in a[:]:"),
        ("if x < 2 and a or not b:", "if not (x < 2 and a or not b):"),
        ("if x < 2 and a or not b:", "if x <= 2 and a or not b:"),
        ("if x < 2 and a or not b:", "if (x < 2 or a) or not b:"),
        ("if x < 2 and a or not b:", "if x < 2 and a or b:"),
        ("continue", "break"),
        ("total += g(x, key=2.5)", "total -= g(x, key=2.5)"),
        ("total += g(x, key=2.5)", "total = g(x, key=2.5)"),
        ("total += g(x, key=2.5)", "total += g(x)"),
        ("total += g(x, key=2.5)", "total += g(None, key=2.5)"),
        ("while total:", "while False:"),
        ("break", "continue"),
        ("h()", "pass"),
        ("except (KeyError, ValueError):", "except (ValueError,):"),
        ("raise Wrong(str(a)) from None", "pass"),
        ("raise Wrong(str(a)) from None", "raise Wrong(str(None)) from None"),
        ("return [y.strip() for y in a if y]", "return [y.lstrip() for y in a if y]"),
        ("return [y.strip() for y in a if y]", "return [y.strip() for y in a if not y]"),
        ("return [y.strip() for y in a if y]", "return None"),
    ],
    ids=lambda difference: difference[1],
)
def test_a_mistake_is_found(difference: tuple[str, str]) -> None:
    assert difference in [mutant.difference() for mutant in mutants(SNIPPET)]


def test_what_is_no_code_is_left_alone() -> None:
    changed = {line for mutant in mutants(SNIPPET) for line in mutant.difference()}
    assert not [line for line in changed if "Not" in line or "Nor" in line or "XXint" in line]
    assert not [line for line in changed if "import" in line or "TypeVar" in line]
    assert "raise Wrong(None) from None" not in changed


def test_a_mutant_knows_its_line() -> None:
    lines = SNIPPET.splitlines()
    for mutant in mutants(SNIPPET):
        if mutant.operator in ("drop raise", "loop", "drop statement"):
            assert mutant.difference()[0] == lines[mutant.place.line - 1].strip()


def test_generated_source_is_changed_in_its_texts() -> None:
    text = "code = f'if {x!r} <= 2 and y is not None:' + ' in '"
    assert {mutant.difference()[1] for mutant in mutants(text, generated_changes_of)} == {
        "code = f'if {x!r} < 2 and y is not None:' + ' in '",
        "code = f'if {x!r} <= 2 or y is not None:' + ' in '",
        "code = f'if {x!r} <= 2 and y is None:' + ' in '",
        "code = f'if not {x!r} <= 2 and y is not None:' + ' in '",
        "code = f'if {x} <= 2 and y is not None:' + ' in '",
        "code = f'if {x!r} <= 2 and y is not None:' + ' not in '",
    }


def test_the_same_seed_draws_the_same() -> None:
    found = mutants(SNIPPET)
    assert drawn(found, 5, "1") == drawn(found, 5, "1") != drawn(found, 5, "2")
    assert drawn(found, 1000, "1") == found


def test_modules_are_there_and_have_tests() -> None:
    for name in NAMES:
        module = name.partition(":")[0]
        assert (ROOT / CODEC.source(module)).is_file()
        own, others = CODEC.stages(module)
        assert f"tests/codec/test_{module}.py" in own.files
        assert not set(own.files) & set(others.files)


# -- running ---------------------------------------------------------------------------------

PACKAGE: Final = """
def add(a, b):
    return a + b

def unseen(a):
    return a < 1
"""
TESTS: Final = """
from tiny import sums

def test_add():
    assert sums.add(1, 2) == 3
"""
TRY_THREE: Final = """
import sys
from pathlib import Path
from mutation.running import Project, bench

project = Project(Path(sys.argv[1]), package="tiny", tests="tests")
path = project.root / project.source("sums")
text = path.read_text()
def tell(old, new, limit=None):
    with bench(project, limit) as made:
        verdict = made.verdict("sums", text.replace(old, new))
        print(verdict.killed, verdict.by)
tell("a + b", "a - b")
tell("a < 1", "a > 1")
tell("return a +", "while True: a +", limit=0.5)
assert path.read_text() == text
"""
COMMAND: Final = """
import sys
from pathlib import Path
from mutation.__main__ import main
from mutation.running import Project

main(sys.argv[2:], Project(Path(sys.argv[1]), package="tiny", tests="tests"))
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    for name, text in {
        "tiny/__init__.py": "",
        "tiny/sums.py": PACKAGE,
        "tests/__init__.py": "",
        "tests/test_sums.py": TESTS,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def python(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a script in a process that has imported nothing and has no threads."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        env=unmeasured(),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def test_mistakes_are_killed_that_a_test_sees(tiny: Path) -> None:
    done = python(TRY_THREE, tiny)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "True tests/test_sums.py::test_add",
        "False ",
        "True time limit",
    ]


def test_tests_that_fail_anyway_say_nothing(tiny: Path) -> None:
    (tiny / "tests/test_sums.py").write_text(TESTS.replace("== 3", "== 4"))
    done = python(TRY_THREE, tiny)
    assert done.stderr.endswith("as it is: tests/test_sums.py::test_add\n")


def test_the_command_tells_what_survives(tiny: Path) -> None:
    path = tiny / "results.jsonl"
    done = python(COMMAND, tiny, "sums", "--per-module=2", "--seed=5", f"--results={path}")
    assert done.stderr == ""
    rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) == 2
    alive = [row for row in rows if not row["killed"]]
    assert len(alive) == 1
    assert [row["by"] for row in rows] == ["tests/test_sums.py::test_add", ""]
    counts = done.stdout.splitlines()[1].split()
    assert counts[:1] + counts[2:5] == ["sums", "2", "1", "1"]
    (row,) = alive
    told = f"\nsums.py:{row['line']}: {row['operator']}\n  - {row['before']}\n  + {row['after']}\n"
    assert done.stdout.endswith(told)
