"""Every file that `dhs check` calls right starts: tested with the limits of every key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from dhs_runtime import Dhs, LinkState
from dhs_runtime.cli.options import LogFlags
from dhs_runtime.loop import LoopDhs, load_loop_config
from dhs_runtime.loop.config import LoopConfig
from dhs_runtime.process import key_kinds
from dhs_runtime.process.config_file import ConfigFileError
from dhs_runtime.process.guard import Guard
from dhs_runtime.process.settings import ProcessConfig, RunConfig, load_run_config
from tests.runtime.peers import eventually, stopped

ENDS: Final[dict[object, tuple[object, ...]]] = {
    bool: (True, False),
    int: (0, 1, -1, 100, 1000, 1001, 65535, 65536, 10**18 - 1),
    float: (0, 1, -1, 5e-324, 1e-9, 86400, 86400.001, 1e300, 1.7e308, 10**17, 1000, 180),
    str: (
        *("", "a", "a b", "x" * 39, "x" * 40, "[::1]", "::1", "ä", "a:1", "127.0.0.1", "a\nb"),
        *("\0", "\ud7ff", "~", "v1", "info", "everything", "x" * 5000, "a.", "_", "%", "[", "("),
    ),
    Path: ("a/b.log", "~/x", "", "x" * 300, "a\0b", ".", "..", "a.log", "/proc/x.log", "/dev/null"),
}
QUIET: Final = LogFlags(
    verbosity=0,
    log_format=None,
    log_file=None,
    log_bytes=None,
    log_backups=None,
    trace=False,
    trace_file=None,
)


def samples(config_class: type, at: tuple[str, ...] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each key with each value, as nested mappings."""
    for name, (_, hint) in key_kinds.fields_of(config_class).items():
        path = (*at, name)
        if hasattr(hint, "__attrs_attrs__"):
            yield from samples(hint, path)
            continue
        for kind in key_kinds.parts_of(hint):
            values = ENDS.get(kind, ()) or tuple([text] for text in ENDS[str])
            for value in (*values, *key_kinds.options_of(kind)):
                tree: Any = value
                for key in reversed(path):
                    tree = {key: tree}
                yield f"{'.'.join(path)}={value!r:.20}", tree


def write(folder: Path, tree: dict[str, Any]) -> Path:
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return path


def goes(dhs: Dhs, config: ProcessConfig) -> None:
    """Log, guard, start and stop as `dhs run` does, with a DCSS that is not there."""
    QUIET.set_up(config.log, config.trace)
    Guard.of(config.production, "file", production=True).check_host(config.dcss.host)
    dhs.start(config.dcss)
    try:
        eventually(lambda: dhs.state is not LinkState.OFFLINE)
    finally:
        assert stopped(dhs) == ()


@pytest.mark.usefixtures("loggers_as_before")
def test_what_is_right_for_dhs_run_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    right = []
    for what, tree in samples(RunConfig):
        tree.setdefault("dcss", {}).setdefault("host", "127.0.0.1")
        try:
            config = load_run_config(write(tmp_path, tree))
        except ConfigFileError:
            continue
        right.append(what)
        goes(Dhs(config.name or "x"), config)
    assert len(right) > 50


@pytest.mark.usefixtures("loggers_as_before")
def test_what_is_right_for_dhs_loop_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    right = []
    for what, tree in samples(LoopConfig):
        if what.startswith(("dcss.", "trace.", "production", "status_port")):
            continue  # as above
        tree.setdefault("jpeg_receiver", {}).setdefault("port", 0)
        tree.setdefault("dcss", {}).setdefault("host", "127.0.0.1")
        try:
            config = load_loop_config(write(tmp_path, tree))
        except ConfigFileError:
            continue
        right.append(what)
        QUIET.set_up(config.effective_log, config.trace)
        made = LoopDhs(config)
        assert config.expected_images >= 1
        goes(made.dhs, config)
    assert len(right) > 50
