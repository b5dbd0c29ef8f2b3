"""`python -m benchmarks.soak`: see the package."""

import argparse
import contextlib
import math
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.soak.commands import Mix
from benchmarks.soak.dcss import DcssEnd
from benchmarks.soak.process import DhsProcess, Sample
from benchmarks.soak.report import Outcome, page
from benchmarks.soak.trouble import Scrapes, small_disk

OPERATIONS: Final = 1_000_000
SAMPLES: Final = 200
SAMPLE_EACH_S: Final = 5.0
PACE_S: Final = 0.02  # between batches of a service: a thousand commands a second

CONFIG: Final = """\
status_port: {port}
log: {{file: {folder}/dhs.log, max_bytes: 65536, backups: 2, level: debug}}
trace: {{enabled: true, file: {folder}/wire.log, max_bytes: 65536, backups: 2}}
"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--operations", type=int, default=OPERATIONS, help="commands to send")
    parser.add_argument("--minutes", type=float, help="run as a service for this long instead")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="write the page there, too")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        outcome = (
            operations(given.operations, given.seed, Path(folder))
            if given.minutes is None
            else service(given.minutes * 60, given.seed, Path(folder))
        )
    text = page(outcome)
    print(text)
    if given.report is not None:
        given.report.write_text(text, encoding="utf-8")
    return 1 if outcome.troubles() else 0


def operations(count: int, seed: int, folder: Path) -> Outcome:
    """Send this many commands at full speed."""
    end = DcssEnd(Mix(seed))
    with DhsProcess(end.address, log=folder / "stderr.log") as dhs:
        watch = _Watch(dhs, end)

        def go_on() -> bool:
            watch.look(end.asked * SAMPLES // count)
            return end.asked < count and dhs.is_running

        end.run(go_on)
        return watch.outcome(f"{count:,} commands as fast as they go")


def service(seconds: float, seed: int, folder: Path) -> Outcome:
    """Run for this many seconds at a beamline's pace, with the troubles of a service."""
    end = DcssEnd(Mix(seed, forks=True))
    port = free_port()
    logs = folder / "logs"
    logs.mkdir()
    config = folder / "dhs.yaml"
    config.write_text(CONFIG.format(port=port, folder=logs), encoding="utf-8")
    with contextlib.ExitStack() as stack:
        disk = stack.enter_context(small_disk(logs))
        stderr = folder / "stderr.log"
        dhs = stack.enter_context(DhsProcess(end.address, "--config", str(config), log=stderr))
        stack.enter_context(disk.filling(dhs.pid))
        scrapes = stack.enter_context(Scrapes(port))
        watch = _Watch(dhs, end)
        began_s = math.inf

        def go_on() -> bool:
            nonlocal began_s
            began_s = min(began_s, time.monotonic())  # the DHS has connected
            passed_s = time.monotonic() - began_s
            watch.look(int(passed_s / min(SAMPLE_EACH_S, seconds / SAMPLES)))
            return passed_s < seconds and dhs.is_running

        end.run(go_on, PACE_S)
        answers = ", ".join(f"{name} {count:,}" for name, count in sorted(scrapes.count.items()))
        return watch.outcome(
            f"{seconds / 60:g} minutes as a service",
            ("status scrapes", answers),
            ("disk of log and trace", f"{disk.kind}, full {disk.fillings} times"),
        )


def free_port() -> int:
    """A free port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


class _Watch:
    """Takes samples of the DHS, and sums up."""

    def __init__(self, dhs: DhsProcess, end: DcssEnd) -> None:
        self._dhs = dhs
        self._end = end
        self._samples: list[Sample] = []
        self._mark = -1
        self._began_s = time.monotonic()

    def look(self, mark: int) -> None:
        """Take a sample if the mark has changed."""
        if mark != self._mark and self._dhs.is_running:
            self._mark = mark
            self._samples.append(self._dhs.sample(self._end.asked))

    def outcome(self, title: str, *notes: tuple[str, str]) -> Outcome:
        """Stop the DHS and return the result."""
        seconds = time.monotonic() - self._began_s
        exit_code = self._dhs.stop()
        self._end.close()
        return Outcome(
            title=title,
            account=self._end.account,
            samples=self._samples,
            aborts=self._end.aborts,
            links=self._end.links,
            seconds=seconds,
            exit_code=exit_code,
            notes=notes,
        )


if __name__ == "__main__":
    sys.exit(main())
