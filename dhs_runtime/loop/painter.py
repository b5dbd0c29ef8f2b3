"""`Painter`: draws kept collections in a separate process, one at a time.

Drawing 90 pictures takes one or two seconds of one processor. Inside the DHS it would delay all
threads, and so the next collection.
"""

import importlib.util
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from dhs_runtime.loggers import get_logger
from dhs_runtime.scheduling import Workers
from dhs_runtime.threads import StopToken, ThreadGroup

logger = get_logger(__name__)

LIBRARIES: Final = ("PIL", "matplotlib")
INSTALL: Final = "pip install 'dcs-codec[plots]'"
MAX_WAITING: Final = 20
LONGEST_S: Final = 300.0
COMMAND: Final = (sys.executable, "-P", "-m", "dhs_runtime.cli", "draw")


def can_draw() -> bool:
    """Whether Pillow and matplotlib are installed; does not import them."""
    return all(importlib.util.find_spec(name) is not None for name in LIBRARIES)


class Painter:
    """Runs `dhs draw` for one folder at a time; any thread may call any method."""

    def __init__(self, threads: ThreadGroup) -> None:
        self._workers = Workers(threads, "loop-draw", 1, MAX_WAITING)
        self._stop = StopToken()
        self._lock = threading.Lock()  # guards _child; none starts after the stop
        self._child: subprocess.Popen[str] | None = None

    def draw(self, folder: Path) -> None:
        """Draw the collection in `folder` when its turn comes; returns at once."""
        if not can_draw():
            logger.debug("%s is not drawn; to draw collections: %s", folder, INSTALL)
        elif not self._workers.submit(lambda: self._run(folder)):
            ends = self._stop.is_stopping()
            reason = "the DHS ends" if ends else f"{MAX_WAITING} others wait"
            logger.warning("%s is not drawn: %s", folder, reason)

    def close(self) -> None:
        """Stop drawing, and end the process that draws."""
        with self._lock:
            self._stop.stop()
            if self._child is not None:
                self._child.kill()
        self._workers.close()

    def _run(self, folder: Path) -> None:
        trouble = self._trouble_with(folder)
        if self._stop.is_stopping():
            return
        if trouble:
            logger.warning("%s is not drawn: %s", folder, trouble)
        else:
            logger.info("%s is drawn", folder)

    def _trouble_with(self, folder: Path) -> str:
        """Draw until it is done or stopped; returns why it failed, "" if it did not."""
        with self._lock:
            if self._stop.is_stopping():
                return ""
            try:
                self._child = child = subprocess.Popen(  # noqa: S603 - our own command
                    [*COMMAND, "--", str(folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                    start_new_session=True,  # Ctrl-C is for the DHS
                )
            except OSError as error:
                return str(error.strerror)
        try:
            _, said = child.communicate(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            said = f"it took over {LONGEST_S:g} s"
        with self._lock:
            self._child = None
        if not child.returncode:
            return ""
        return (said.strip().splitlines() or [f"exit code {child.returncode}"])[-1]
