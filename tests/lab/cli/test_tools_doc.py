"""docs/reference/tools.md is right."""

import re
import shlex
from pathlib import Path
from typing import Final

import click
import pytest
from click.testing import CliRunner

from dhs_lab.tools.sniffing import Format
from dhs_runtime.cli import group

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = (ROOT / "docs" / "reference" / "tools.md").read_text(encoding="utf-8")
TOOLS: Final = ("decode", "encode", "messages", "stats", "record", "replay")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def command(name: str) -> click.Command:
    found = group.get_command(click.Context(group), name)
    assert found is not None, name
    return found


LINES: Final = [line[2:] for block in blocks("console") for line in block.splitlines() if line]
EXAMPLES: Final = [
    line.strip()
    for name in TOOLS
    for line in (command(name).help or "").splitlines()
    if line.strip().startswith(("dhs ", "ssh "))
]


@pytest.mark.parametrize("line", [*LINES, *EXAMPLES])
def test_every_command_of_the_page_and_the_helps_is_one(line: str) -> None:
    commands = [part for part in line.split(" | ") if not part.startswith("ssh")]
    for part in commands:
        program, name, *words = shlex.split(re.split(r" [<>] ", part)[0])
        assert program == "dhs"
        found = command(name)
        found.make_context(name, words, parent=click.Context(group, info_name="dhs"))


def test_every_tool_is_on_the_page_with_its_exit_codes() -> None:
    for name in TOOLS:
        assert f"({'dhs-' + name})=\n## `dhs {name}`" in PAGE
        text = command(name).help or ""
        assert "Exit codes: 0" in text
        assert "Example" in text
    assert PAGE.count("Exit codes") == len(TOOLS)
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [
        kind.value for kind in (Format.LOG, Format.RAW, Format.HEX, Format.PCAP, Format.JSONL)
    ]


def test_its_log_is_read_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, shown, errors, *_ = blocks("text")
    monkeypatch.chdir(tmp_path)
    Path("dcss.log").write_text(log)
    done = CliRunner().invoke(group, ["decode", "dcss.log"])
    assert (done.stdout, done.stderr, done.exit_code) == (shown, errors, 1)


def test_its_frame_is_what_is_printed() -> None:
    words = shlex.split(next(line for line in LINES if line.startswith("dhs encode '")))
    done = CliRunner().invoke(group, words[1:])
    assert done.stdout in blocks("text")


def test_its_refusal_is_what_is_said() -> None:
    lines = "stoh_abort_all\nstoh_set_motor_position phi x\n"
    done = CliRunner().invoke(group, ["encode", "--hex"], input=lines)
    assert done.stderr in blocks("text")


def test_its_message_is_what_is_shown() -> None:
    done = CliRunner().invoke(group, ["messages", "stoh_start_motor_move"])
    assert any(done.stdout.startswith(block) for block in blocks("text"))
