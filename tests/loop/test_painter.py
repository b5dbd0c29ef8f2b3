"""Drawing in a process of its own."""

import logging
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhs_runtime.clock import Deadline
from dhs_runtime.loop import painter as painter_module
from dhs_runtime.loop.collection import CollectedImage
from dhs_runtime.loop.painter import Painter
from dhs_runtime.loop.run_folder import RunFolder
from dhs_runtime.threads import ThreadGroup
from tests.loop.test_drawing import jpeg
from tests.loop.test_run_folder import FOUND, finished
from tests.runtime.peers import eventually

DEADLINE_S = 20.0
DRAWN_S = 60.0  # by a process that imports matplotlib, on a busy machine


@pytest.fixture
def threads() -> Iterator[ThreadGroup]:
    group = ThreadGroup()
    yield group
    assert group.join(Deadline.after(DEADLINE_S)) == ()


@pytest.fixture
def painter(threads: ThreadGroup) -> Iterator[Painter]:
    made = Painter(threads)
    yield made
    made.close()


def kept(parent: Path) -> Path:
    return finished(RunFolder(parent, "run", 2.0), (CollectedImage(0, jpeg(), FOUND),))


def test_it_draws_and_says_so(
    painter: Painter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = kept(tmp_path)
    with caplog.at_level(logging.INFO):
        painter.draw(folder)
        eventually(lambda: f"{folder} is drawn" in caplog.messages, DRAWN_S)
    assert (folder / "bboxes" / "automl_loop_0000.jpeg").exists()
    assert (folder / "plot_loop_widths.png").exists()


def test_what_cannot_be_drawn_is_told_and_the_next_is_drawn(
    painter: Painter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        painter.draw(tmp_path / "-v")  # an option, to a careless reader
        painter.draw(folder := kept(tmp_path))
        eventually(lambda: f"{folder} is drawn" in caplog.messages, DRAWN_S)
    assert caplog.messages[0].startswith(f"{tmp_path}/-v is not drawn: ")
    assert "does not exist" in caplog.messages[0]


def test_without_the_libraries_nothing_is_started(
    painter: Painter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(painter_module, "LIBRARIES", ("no_such_library",))
    monkeypatch.setattr(painter_module, "COMMAND", ("/no/such/command",))
    painter.draw(tmp_path)
    assert painter._workers.idle == 0


def test_a_command_that_is_not_there_is_told(
    painter: Painter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(painter_module, "COMMAND", ("/no/such/command",))
    painter.draw(tmp_path)
    line = f"{tmp_path} is not drawn: No such file or directory"
    eventually(lambda: line in caplog.messages)


SLEEPS = (sys.executable, "-c", "import signal; signal.pause()")


def test_closing_breaks_off_what_is_drawn_and_what_waits(
    threads: ThreadGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(painter_module, "COMMAND", SLEEPS)
    painter = Painter(threads)
    painter.draw(tmp_path)
    painter.draw(tmp_path)
    eventually(lambda: painter._child is not None)
    child = painter._child
    painter.close()
    assert threads.join(Deadline.after(DEADLINE_S)) == ()
    assert child is not None
    assert child.returncode == -signal.SIGKILL


def test_drawing_that_takes_too_long_is_ended(
    painter: Painter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(painter_module, "COMMAND", SLEEPS)
    monkeypatch.setattr(painter_module, "LONGEST_S", 0.1)
    painter.draw(tmp_path)
    line = f"{tmp_path} is not drawn: it took over 0.1 s"
    eventually(lambda: line in caplog.messages)


def test_too_many_that_wait_are_told(
    painter: Painter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(painter_module, "COMMAND", SLEEPS)
    for _ in range(painter_module.MAX_WAITING + 2):
        painter.draw(tmp_path)
    assert caplog.messages == [f"{tmp_path} is not drawn: 20 others wait"]
