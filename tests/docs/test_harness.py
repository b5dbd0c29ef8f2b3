"""The harness: wrong output in a page fails, right output passes."""

import re
import socket
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from dhs_runtime.process.config_file import ConfigFileError
from tests.docs import test_every_block
from tests.docs.pages import INDENTED, Block, Page
from tests.docs.running import load_sample, run_page
from tests.docs.sessions import STAYS, Session, as_pattern, steps

PAGE = Page("docs/page.md")
DCSS = "$ dhs simulate dcss --dhs x --motor m\n...\nsimulated DCSS: ...; type help\n"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(tmp_path) as made:
        made.use_ports_of([])
        yield made


# -- reading a page --------------------------------------------------------------------------


def test_blocks_have_language_line_and_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.docs.pages.ROOT", tmp_path)
    (tmp_path / "page.md").write_text(
        "text\n\n```python\n# a/b.py\nx = 1\n```\n- item\n\n  ```yaml title\n  a: 1\n  ```\n\n"
        "      indented\n\n~~~\nnone\n~~~\n"
    )
    blocks = Page("page.md").blocks()
    assert [(block.language, block.text, block.line, block.file) for block in blocks] == [
        ("python", "# a/b.py\nx = 1\n", 4, "a/b.py"),
        ("yaml", "a: 1\n", 10, None),
        (INDENTED, "indented\n", 13, None),
        ("", "none\n", 16, None),
    ]


@pytest.mark.parametrize("block", ["```python\n1\n```", "```sh\nls\n```", "```\nx\n```"])
def test_a_new_block_without_a_test_fails(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page("docs/howto/testing.md" if "python" in block else "docs/howto/new.md")
    text = page.text if "python" in block else ""
    monkeypatch.setattr("tests.docs.pages.ROOT", tmp_path)
    (tmp_path / "docs" / "howto").mkdir(parents=True)
    (tmp_path / page.path).write_text(f"{text}\n{block}\n")
    with pytest.raises(AssertionError, match=r"see that tests/lab/testing|nobody runs blocks of"):
        test_every_block.check_blocks(page)


# -- Python and samples ----------------------------------------------------------------------


def test_python_shares_a_namespace_and_files_can_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = [
        Block("python", "# of_page.py\nvalue = 2\n", 1),
        Block("python", "from of_page import value\ntwice = 2 * value\n", 5),
        Block("python", "assert twice == 4\n", 10),
    ]
    run_page(PAGE, blocks, tmp_path, monkeypatch)
    assert "of_page" not in sys.modules
    with pytest.raises(ZeroDivisionError) as caught:
        run_page(PAGE, [Block("python", "1 / 0\n", 7)], tmp_path, monkeypatch)
    assert caught.traceback[-1].lineno == 6  # it counts from 0


@pytest.mark.parametrize(
    "text",
    ["dcs: {port: 1}\n", "osci_time: soon\n", "hosts: {x: {motor: [m]}}\n"],
    ids=["run", "loop", "database"],
)
def test_a_sample_with_a_mistake_fails(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError):
        load_sample(text, tmp_path / "sample.yaml")


# -- consoles --------------------------------------------------------------------------------


def test_a_block_is_taken_apart() -> None:
    taken = steps("shown\n$ a \\\n  b\nout\n\ndcss> who\n^C\nend\n")
    assert [(step.typed, step.shown) for step in taken] == [
        ("", ["shown"]),
        ("$ a   b", ["out", ""]),
        ("dcss> who", []),
        ("^C", ["end"]),
    ]


@pytest.mark.parametrize(
    ("expected", "came", "fits"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("", "a\n", False),
        ("...\n", "", True),
        ("...\nb\n", "a\na\nb\n", True),
        ("a ... c.d\n", "a b c.d\n", True),
        ("a ... c.d\n", "a b c-d\n", False),
        ("2020-01-01 00:00:00.000 x\n", "TIME x\n", True),
        ("    1.234 x\n", "TIME x\n", True),
    ],
)
def test_what_fits(expected: str, came: str, fits: bool) -> None:
    assert bool(as_pattern(expected).match(came)) is fits


def test_commands_share_a_shell(session: Session) -> None:
    session.run("$ mkdir sub && cd sub\n$ export WORD=x\n$ basename $PWD; echo $WORD\nsub\nx\n")
    session.run("$ printf half\nhalf\n$ false # exit code 1\n")
    assert len(session.terminals) == 1


@pytest.mark.parametrize(
    "block", ["$ echo a\nb\n", "$ echo a\n", "$ false\n", "dcss> who\n", "x\n"]
)
def test_what_is_shown_wrong_fails(
    block: str, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.docs.terminal.DEADLINE_S", 1)
    with pytest.raises(AssertionError):
        session.run(block)


def test_a_server_stays_and_its_prompt_is_typed_at(session: Session) -> None:
    session.run(DCSS)
    session.run("dcss> who\nno DHS is connected\ndcss> state x\n  motor m 0.0 mm\nx offline\n")
    session.run("$ echo in another terminal\nin another terminal\n")
    session.run("simulated DCSS: ...\n")
    session.run("dcss> quit\n")
    session.run(f"{DCSS}^C\n...\n")
    assert len(session.terminals) == 2
    assert all(terminal.is_idle for terminal in session.terminals)


@pytest.mark.parametrize(
    "step",
    [
        "dcss> who\n",
        "dcss> who\nanybody\n",
        "dcss> state\nx offline\n",
        "dcss> who\n... ERROR ... a log that does not come\nno DHS is connected\n",
    ],
)
def test_the_prompt_too_says_just_what_is_shown(
    step: str, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.run(DCSS)
    monkeypatch.setattr("tests.docs.terminal.DEADLINE_S", 1)
    with pytest.raises(AssertionError):
        session.run(step)


def test_a_server_that_ends_fails(session: Session) -> None:
    with pytest.raises(AssertionError, match=r"nosuch\.yaml ended"):
        session.run("$ dhs simulate dcss --database nosuch.yaml\nsimulated\n")


def test_ports_of_the_page_are_free_ones(session: Session) -> None:
    session.use_ports_of(["$ dhs simulate dcss --web 8000\n", "port: 4001\n"])
    with socket.create_server(("127.0.0.1", int(session.free(":8000")[1:]))):
        pass  # reserved for us, but a server can still listen on it
    text = session.free("dhs simulate dcss --web 8000; http://localhost:8000; port: 4001")
    assert "--port " in text
    assert not re.search(r"\b(8000|4001)\b", text)


@pytest.mark.parametrize(
    ("command", "stays"),
    [
        ("dhs run a.py:dhs", True),
        ("dhs simulate dcss -d x", True),
        ("dhs simulate dcss -d x -e who", False),
        ("dhs simulate dcss --sample-database > x", False),
        ("dhs loop --sample-config > x", False),
        ("dhs replay x --dcss y:1", False),
        ("dhs replay x --listen y:1", True),
        ("dhs decode x", False),
    ],
)
def test_what_stays(command: str, stays: bool) -> None:
    assert bool(STAYS.match(command)) is stays


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("print(1 + 1)  # 2\n", True),
        ("print(1 + 1)  # 3\n", False),
        ("print('a b c')  # a ...\n", True),
        ("print('before')\nprint('it')  # it\n", True),
        ("print('second')  # first\nprint('first')  # second\n", False),
        ("if True:\n    print('it')  # not its output\n", True),
    ],
)
def test_a_comment_after_a_print_is_its_output(
    text: str, is_right: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nullcontext() if is_right else pytest.raises(AssertionError, match="--- came"):
        run_page(PAGE, [Block("python", text, 1)], tmp_path, monkeypatch)
