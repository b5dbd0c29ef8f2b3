"""`dhs draw`."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dhs_runtime import ConfigError, MachineError
from dhs_runtime.cli import group
from dhs_runtime.loop.collection import CollectedImage
from dhs_runtime.loop.run_folder import RunFolder
from tests.loop.test_drawing import jpeg
from tests.loop.test_run_folder import FOUND, finished


def kept(parent: Path, *pictures: bytes) -> Path:
    images = tuple(CollectedImage(index, data, FOUND) for index, data in enumerate(pictures))
    return finished(RunFolder(parent, "run", 2.0), images)


def test_it_says_what_it_drew(tmp_path: Path) -> None:
    folder = kept(tmp_path, jpeg(), b"garbage", jpeg())
    result = CliRunner().invoke(group, ["draw", str(folder)])
    assert result.exit_code == 0, result.output
    assert result.stdout == f"2 pictures with boxes and two plots are in {folder}\n"
    assert result.stderr.startswith(f"{folder}/loop_0001.jpeg is not drawn: ")


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"loop_info\.csv: No such file or directory"):
        CliRunner().invoke(group, ["draw", str(tmp_path)], catch_exceptions=False)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    folder = kept(tmp_path, jpeg())
    (folder / "bboxes").write_text("a file where the folder should be")
    with pytest.raises((ConfigError, MachineError), match=f"cannot write to {folder}: "):
        CliRunner().invoke(group, ["draw", str(folder)], catch_exceptions=False)


def test_a_missing_extra_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "dhs_runtime.loop.drawing", raising=False)
    for name in [name for name in sys.modules if name.startswith("matplotlib.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ConfigError, match=r"matplotlib.* pip install 'dcs-codec\[plots\]'"):
        CliRunner().invoke(group, ["draw", str(tmp_path)], catch_exceptions=False)
