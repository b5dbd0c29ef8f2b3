"""Troubles of a service: status scrapes, and a disk that fills and empties."""

import contextlib
import resource
import subprocess
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SCRAPE_S: Final = 0.15  # a hundred times as often as Prometheus, which asks every 15 s
FULL_EACH_S: Final = 10.0
DISK_BYTES: Final = 1 << 20
_FILLER: Final = "filler"


class Scrapes:
    """Requests the three pages of the status port repeatedly."""

    def __init__(self, port: int) -> None:
        self.count: Counter[str] = Counter()
        self._base = f"http://127.0.0.1:{port}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scrapes", daemon=True)

    def __enter__(self) -> "Scrapes":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(SCRAPE_S):
            for page in ("healthz", "status", "metrics"):
                try:
                    with urllib.request.urlopen(f"{self._base}/{page}", timeout=10) as reply:
                        reply.read()
                    self.count[f"{page} {reply.status}"] += 1
                except urllib.error.HTTPError as error:
                    self.count[f"{page} {error.code}"] += 1
                except OSError:
                    if self.count:  # before the first answer, the DHS is still starting
                        self.count[f"{page} failed"] += 1


class Disk:
    """A small disk for logs that is full half of the time, if it can be made.

    Attributes:
        kind: A tmpfs, or a limit on the size of files if mounting is not allowed.
        fillings: How often it was filled.
    """

    def __init__(self, folder: Path, *, is_tmpfs: bool) -> None:
        self.kind = "a tmpfs of 1 MB" if is_tmpfs else "RLIMIT_FSIZE"
        self.fillings = 0
        self._folder = folder
        self._is_tmpfs = is_tmpfs
        self._stop = threading.Event()

    @contextlib.contextmanager
    def filling(self, pid: int) -> Iterator[None]:
        """Fill and empty it, for this process, until the end of the block."""
        thread = threading.Thread(target=self._run, args=(pid,), name="disk", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _run(self, pid: int) -> None:
        is_full = False
        while not self._stop.wait(FULL_EACH_S):
            is_full = not is_full
            self._fill(pid) if is_full else self._empty(pid)
            self.fillings += is_full
        self._empty(pid)

    def _fill(self, pid: int) -> None:
        if not self._is_tmpfs:
            _limit(pid, 1)
            return
        with contextlib.suppress(OSError), (self._folder / _FILLER).open("wb") as file:
            while True:
                file.write(bytes(1 << 12))
                file.flush()

    def _empty(self, pid: int) -> None:
        if self._is_tmpfs:
            (self._folder / _FILLER).unlink(missing_ok=True)
        else:
            _limit(pid, resource.RLIM_INFINITY)


def _limit(pid: int, size: int) -> None:
    with contextlib.suppress(OSError):  # it has ended
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A disk for logs in this folder."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    try:
        is_tmpfs = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except OSError:
        is_tmpfs = False
    try:
        yield Disk(folder, is_tmpfs=is_tmpfs)
    finally:
        if is_tmpfs:
            subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)
