"""Runs the blocks of a page in order, in its own folder."""

import contextlib
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from dhs_lab.simulators.dcss.database_file import load_database
from dhs_runtime.loop import load_loop_config
from dhs_runtime.loop.config import is_loop_config
from dhs_runtime.process.settings import load_run_config
from tests.docs.pages import ROOT, Block, Page
from tests.docs.sessions import Session, as_pattern

_PRINTED: Final = re.compile(r"^print\(.*\)  # (.+)$", re.MULTILINE)


def run_page(
    page: Page,
    blocks: Iterable[Block],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run these blocks of a page.

    Python blocks share one namespace. A block whose first line names a file is written to that
    file; such Python runs only if something imports or starts it. A comment after a `print` at the
    start of a line is its output.
    """
    blocks = list(blocks)
    if any("examples/" in block.text for block in blocks):
        (folder / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    names: dict[str, Any] = {"__name__": "page"}
    with forgetting(folder), Session(folder, environment) as session:
        session.use_ports_of(block.text for block in blocks)
        for block in blocks:
            if block.file is not None:
                path = folder / block.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(session.free(block.text), encoding="utf-8")
            if block.language == "console":
                session.run(block.text)
            elif block.language == "yaml":
                load_sample(session.free(block.text), folder / (block.file or "sample.yaml"))
            elif block.language == "python" and block.file is None:
                lines = "\n" * (block.line - 1)
                with contextlib.redirect_stdout(io.StringIO()) as said:
                    exec(compile(lines + session.free(block.text), page.path, "exec"), names)
                check_printed(block.text, said.getvalue())


def check_printed(text: str, said: str) -> None:
    """Compare what a block printed with the comments of its lines `print(...)  # OUTPUT`."""
    shown = "".join(f"...\n{line}\n" for line in _PRINTED.findall(text))
    assert as_pattern(shown, is_whole=False).match(said), f"{text}\n--- came\n{said}"


@contextlib.contextmanager
def forgetting(folder: Path) -> Iterator[None]:
    """Remove the modules of a folder afterwards; the next page may have one with the same name."""
    try:
        yield
    finally:
        for name, module in list(sys.modules.items()):
            if Path(getattr(module, "__file__", None) or "/").is_relative_to(folder):
                del sys.modules[name]


def load_sample(text: str, path: Path) -> None:
    """Load a sample file as what its keys say it is: a database, `dhs loop`'s or `dhs run`'s."""
    path.write_text(text, encoding="utf-8")
    values = yaml.safe_load(text)
    load: Callable[[Path], object] = load_run_config
    if "hosts" in values:
        load = load_database
    elif is_loop_config(values):
        load = load_loop_config
    load(path)
