"""The imports of `dhs`, and its message if an extra is missing."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import pytest

from dhs_runtime.cli import group
from dhs_runtime.cli.commands import COMMANDS, EXTRA_OF, WRONG, help_text
from tests.docs.pages import ROOT

IMPORTED = "import atexit, sys; atexit.register(lambda: print(*sorted(sys.modules), sep='\\n'))"
BLOCKER = """
import sys
BLOCKED = set({names!r})
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
"""


def run(*args: str, folder: Path, site: str) -> subprocess.CompletedProcess[str]:
    """Run `dhs ARGS` after this code, before anything is imported."""
    (folder / "sitecustomize.py").write_text(site)
    return subprocess.run(
        [sys.executable, "-m", "dhs_runtime.cli", *args],
        cwd=folder,
        env={**uncovered(), "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def uncovered() -> dict[str, str]:
    """The environment without that of a coverage run, which imports things of its own."""
    mine = ("COVERAGE_", "COV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(mine)}


def imported(done: subprocess.CompletedProcess[str]) -> set[str]:
    return {line for line in done.stdout.splitlines() if re.fullmatch(r"[\w.]+", line)}


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_imports_no_command_and_nothing_that_they_need(tmp_path: Path, word: str) -> None:
    done = run(word, folder=tmp_path, site=IMPORTED)
    assert done.returncode == 0
    assert done.stdout.startswith(help_text())
    modules = imported(done)
    assert "dhs_runtime.cli.commands" in modules
    heavy = {*EXTRA_OF, "http", "attrs", "cattrs", "socket", "dcs_codec", "logging"}
    assert not modules & heavy
    assert not modules & {f"dhs_runtime.cli.{name}" for name in COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_is_the_command_s_own(name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert command.get_short_help_str(200) == COMMANDS[name].summary


def test_every_module_of_an_extra_is_known_to_be_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    modules = packages_distributions()
    for extra in ("runtime", "sim", "metrics"):
        for wanted in project["optional-dependencies"][extra]:
            name = re.split(r"[\[<>=~! ]", wanted)[0].lower()
            brings = {
                module
                for module, found in modules.items()
                if name in {each.lower() for each in found} and not module.startswith("_")
            }
            if name == "dcs-codec" or not brings:
                continue
            assert {EXTRA_OF.get(module) for module in brings} & {extra}, (name, brings)


@pytest.mark.parametrize(
    "words",
    [
        *([name, "--help"] for name in COMMANDS),
        ["--version"],
        ["run", "json:dhs"],
        ["decode", "-"],
    ],
    ids=" ".join,
)
def test_the_plain_wheel_says_what_to_install(tmp_path: Path, words: list[str]) -> None:
    done = run(*words, folder=tmp_path, site=BLOCKER.format(names=list(EXTRA_OF)))
    assert done.returncode == WRONG
    assert re.fullmatch(
        r"dhs: .* is not installed: pip install 'dcs-codec\[runtime\]'\n", done.stderr
    )


def test_the_plain_wheel_has_the_help(tmp_path: Path) -> None:
    done = run("--help", folder=tmp_path, site=BLOCKER.format(names=list(EXTRA_OF)))
    assert done.returncode == 0


@pytest.mark.parametrize(
    "words",
    [["simulate", "axis"], ["simulate", "automl"], ["demo"], ["loop", "--pretend"]],
    ids=" ".join,
)
def test_without_sim_says_what_to_install(tmp_path: Path, words: list[str]) -> None:
    names = [name for name, extra in EXTRA_OF.items() if extra == "sim"]
    done = run(*words, folder=tmp_path, site=BLOCKER.format(names=names))
    assert done.returncode == WRONG
    assert re.fullmatch(r"dhs: .*'dcs-codec\[sim\]'\n", done.stderr), done.stderr


def test_a_log_is_decoded_without_what_other_inputs_need(tmp_path: Path) -> None:
    (tmp_path / "dcss.log").write_text(
        "06/26/15 14:32:47 1981794048     INFO    write_to_hardware: out -> "
        "stoh_start_operation a 1.1 b {src/dcss_hardware_client.c 1093  }\n"
    )
    done = run("decode", "dcss.log", folder=tmp_path, site=IMPORTED)
    assert done.returncode == 0
    assert "stoh_start_operation" in done.stdout
    assert "dhs_lab.tools.log_messages" in imported(done)
    others = {
        "cattrs",
        "dcs_codec.gui",
        "dcs_codec.interchange",
        "decimal",
        "dhs_lab.tools.captures",
        "dhs_lab.tools.hexdump",
        "dhs_lab.tools.jsonl",
        "dhs_lab.tools.log_records",
        "dhs_lab.tools.splitting",
        "dhs_runtime.addresses",
        "dhs_runtime.app",
        "difflib",
        "gzip",
        "pathlib",
    }
    assert not imported(done) & others


@pytest.mark.parametrize(
    ("words", "others"),
    [
        (["run", "--help"], {"argparse", "dcs_codec.gui", "decimal", "json"}),
        (["check", "absent.yaml"], {"cattrs", "dcs_codec.gui", "rich"}),
        (["record", "--help"], {"cattrs", "dcs_codec.gui"}),
        (
            ["simulate", "dcss", "--dhs=x", "--port=0", "-e", "gui gtos_abort_all hard"],
            {"dcs_codec.gui", "dcs_codec.gui_messages", "yaml"},
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_command_starts_without_what_it_seldom_needs(
    tmp_path: Path, words: list[str], others: set[str]
) -> None:
    modules = imported(run(*words, folder=tmp_path, site=IMPORTED))
    assert f"{COMMANDS[words[0]].package}.{words[0]}" in modules
    assert not modules & others


def test_the_help_fits_a_terminal_and_cuts_no_summary() -> None:
    text = help_text()
    assert max(map(len, text.splitlines())) <= 80
    for name, entry in COMMANDS.items():
        assert f"{name} {entry.summary}" in " ".join(text.split())


def test_the_help_of_a_group_cuts_no_summary() -> None:
    simulate = group.get_command(click.Context(group), "simulate")
    assert isinstance(simulate, click.Group)
    text = simulate.get_help(click.Context(simulate, terminal_width=80))
    assert max(map(len, text.splitlines())) <= 80
    for name, command in simulate.commands.items():
        assert f"{name} {command.get_short_help_str(200)}" in " ".join(text.split())
