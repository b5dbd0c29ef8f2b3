"""Logging of a DHS process: no thread waits for a log, files rotate, secrets are masked.

Only the commands call this. The library itself logs to named loggers below `dhs_runtime` and adds
no handlers.

Each output (stderr, the log file, the trace file) has a queue of limited length and its own thread.
If stderr stalls, it delays neither the threads that log nor the file. Records that do not fit into
the queue are dropped, and the log says how many.
"""

import logging
import logging.handlers
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from dhs_runtime.clock import Deadline
from dhs_runtime.loggers import get_logger
from dhs_runtime.process.log_lines import Cutter, JsonFormatter, LineFormatter
from dhs_runtime.process.log_outputs import LogFile, Output, StandardError
from dhs_runtime.process.settings import LEVELS, LogConfig, TraceConfig
from dhs_runtime.secrets import Masker, use_masker

WIRE_LOGGER: Final = "dhs_runtime.wire"
_PACKAGES: Final = ("dhs_runtime", "dhs_lab")
"""The packages whose loggers get the level from the settings."""
MAX_WAITING: Final = 10_000
"""Most records that wait for an output; more are dropped."""
EXIT_S: Final = 0.5
"""How long a process waits for all its logs when it ends."""
TELL_AGAIN_S: Final = 60.0
"""An output that fails again and again is reported once in this time."""

logger = get_logger(__name__)


def set_up_logging(
    log: LogConfig | None = None,
    trace: TraceConfig | None = None,
    *,
    secrets: Iterable[str] = (),
) -> "Logs":
    """Log to stderr and to the given files, with `***` in place of every secret.

    This replaces an earlier set-up. Other threads write the records; `flush` of the result waits
    until they have. The end of the process also waits, for at most `EXIT_S`.

    Args:
        log: Level and outputs; None for the defaults.
        trace: Whether and where to log the messages on the wire; None for no trace.
        secrets: Passwords to mask wherever they appear; see `dhs_runtime.secrets`.

    Raises:
        ConfigError: This user may not write a file.
        MachineError: A file cannot be written now, for example because the disk is full.
    """
    log = LogConfig() if log is None else log
    trace = TraceConfig() if trace is None else trace
    outputs: list[Output] = [StandardError()]
    if log.file is not None:
        outputs.append(LogFile("log file", log.file, log.max_bytes, log.backups))
    own_trace = trace.file if trace.enabled and not _is_same(trace.file, log.file) else None
    if own_trace is not None:
        outputs.append(LogFile("trace file", own_trace, trace.max_bytes, trace.backups))
    masker = Masker(literals=secrets, patterns=log.mask)
    use_masker(masker)
    logs = Logs()
    for output in outputs:
        handler = LogQueue(output, logs, Cutter(masker), _formatter(log.format, output, masker))
        if own_trace is not None:
            handler.wants = _is_wire if output is outputs[-1] else _is_no_wire
        logs.handlers.append(handler)
    everything = log.level == LEVELS[-1]
    logging.basicConfig(
        level=logging.DEBUG if everything else logging.WARNING, handlers=logs.handlers, force=True
    )
    _set_levels(log.level, trace=trace.enabled)
    return logs


class Logs:
    """The outputs of one set-up; they are closed together.

    Attributes:
        handlers: One for each output.
    """

    def __init__(self) -> None:
        self.handlers: list[LogQueue] = []
        self._is_stuck = False

    @property
    def dropped(self) -> int:
        """How many lines were lost so far, in all outputs."""
        return sum(handler.lost for handler in self.handlers)

    def flush(self) -> bool:
        """Wait until all records are written; False if that takes longer than `EXIT_S`."""
        written = [handler.mark() for handler in self.handlers]
        deadline = Deadline.after(0.0 if self._is_stuck else EXIT_S)
        self._is_stuck = not all([each.wait(deadline.remaining()) for each in written])  # noqa: C419
        return not self._is_stuck

    def tell(self, level: int, text: str, *args: object) -> None:
        """Log something about the logs, without a lock: a thread that waits may hold it."""
        record = logger.makeRecord(logger.name, level, __file__, 0, text, args, None)
        for handler in self.handlers:
            if handler.wants(record):
                handler.enqueue(handler.prepare(record))

    def close(self) -> None:
        """Write the waiting records, for at most `EXIT_S`, then close all outputs; idempotent."""
        deadline = Deadline.after(0.0 if self._is_stuck else EXIT_S)
        for handler in self.handlers:
            handler.end()
        for handler in self.handlers:
            handler.writer.join(deadline)


class LogQueue(logging.handlers.QueueHandler):
    """Queues records for one output; never waits.

    Attributes:
        output: The output.
        writer: The thread that writes.
        dropped: How many records did not fit.
        wants: Whether a record is for this output.
    """

    returns_at_once = True

    def __init__(
        self, output: Output, logs: Logs, cutter: Cutter, formatter: logging.Formatter
    ) -> None:
        # A SimpleQueue, because its `put` is reentrant: a destructor may log in the middle of it.
        # `queue.Queue` would deadlock.
        self._waiting: queue.SimpleQueue[object] = queue.SimpleQueue()
        super().__init__(self._waiting)
        self.output = output
        self.dropped = 0
        self.wants: Callable[[logging.LogRecord], bool] = lambda _: True
        self._logs = logs
        self._cutter = cutter
        self._pid = os.getpid()
        self._is_closed = False
        self.writer = LogWriter(self._waiting, self, logs, formatter)
        self.writer.start()

    @property
    def lost(self) -> int:
        """How many lines did not fit into the queue, or failed in the output."""
        return self.dropped + self.writer.failed

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Turn the record into texts, once for all outputs."""
        prepared = record.__dict__.get("prepared")
        if not isinstance(prepared, logging.LogRecord):
            record.__dict__["prepared"] = prepared = self._cutter.prepare(record)
        return prepared

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the record if it is for this output."""
        if self.wants(record):
            super().emit(record)

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue the record if there is room."""
        if os.getpid() != self._pid:  # a fork has the queue but no thread
            self.writer.handle(record)
        elif self._is_closed:
            return
        elif self._waiting.qsize() >= MAX_WAITING:
            self.dropped += 1
        else:
            self._waiting.put(record)

    def mark(self) -> threading.Event:
        """An event that is set when all records queued before are written."""
        event = threading.Event()
        if self._is_closed or self._pid != os.getpid():
            event.set()
        else:
            self._waiting.put(event)
        return event

    def flush(self) -> None:
        """Wait for the outputs, as `Logs.flush`."""
        self._logs.flush()

    def end(self) -> None:
        """Accept no more records; those that wait are still written."""
        if not self._is_closed:
            self.writer.tell_dropped()
            self._is_closed = True
            self.writer.enqueue_sentinel()

    def close(self) -> None:
        """Close all outputs, as `Logs.close`."""
        self._logs.close()
        super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the base's
        """Count a record that cannot be shown; the base class would wait for stderr."""
        self.dropped += 1


class LogWriter(logging.handlers.QueueListener):
    """Writes lines in its own thread.

    Attributes:
        failed: How many lines could not be written.
    """

    def __init__(
        self,
        waiting: "queue.SimpleQueue[object]",
        source: LogQueue,
        logs: Logs,
        formatter: logging.Formatter,
    ) -> None:
        super().__init__(waiting)
        self.failed = 0
        self._waiting = waiting
        self._source = source
        self._logs = logs
        self._formatter = formatter
        self._trouble = ""  # the failure that was reported, "" if there is none
        self._told_failed = 0
        self._told_dropped = 0
        self._failed_again = 0.0  # when failures and dropped lines may be reported again
        self._dropped_again = 0.0

    def start(self) -> None:
        """Start the thread, and name it after the output."""
        super().start()
        if self._thread is not None:
            self._thread.name = f"log-{self._source.output.name.split()[0]}"

    def handle(self, record: logging.LogRecord | threading.Event) -> None:
        """Write a record, or set the event of a `mark`; never raises."""
        if isinstance(record, threading.Event):
            record.set()
            return
        try:
            self._source.output.write(self._formatter.format(record))
        except Exception as error:  # noqa: BLE001 - one bad line must not end the log
            self._fail(error)
        else:
            self._tell_losses()

    def join(self, deadline: Deadline) -> None:
        """Wait for the end of the thread, then close the output."""
        if self._thread is not None:
            self._thread.join(deadline.remaining())
            if self._thread.is_alive():
                return
            self._thread = None
            self._source.output.close()

    def _fail(self, error: Exception) -> None:
        self.failed += 1
        now = time.monotonic()
        if not self._trouble and now >= self._failed_again:
            self._failed_again = now + TELL_AGAIN_S
            self._trouble = (isinstance(error, OSError) and error.strerror) or repr(error)
            self._tell(logging.ERROR, f"{self._trouble}; lines are lost until it can be written")

    def _tell_losses(self) -> None:
        """Report lost lines when the output works again or has caught up."""
        failed = self.failed - self._told_failed
        dropped = self._source.dropped - self._told_dropped
        if not failed and not dropped:
            return
        now = time.monotonic()
        if failed and (self._trouble or now >= self._failed_again):
            self._told_failed += failed
            self._trouble = ""
            self._tell(logging.WARNING, f"can be written again; {failed} lines are lost")
        waiting = self._waiting.qsize()
        if dropped and (not waiting or (waiting < MAX_WAITING / 2 and now >= self._dropped_again)):
            self._dropped_again = now + TELL_AGAIN_S
            self.tell_dropped()

    def tell_dropped(self) -> None:
        """Report how many records were dropped since the last report."""
        dropped = self._source.dropped - self._told_dropped
        if dropped:
            self._told_dropped += dropped
            self._tell(logging.WARNING, f"was too slow: {dropped} lines were dropped")

    def _tell(self, level: int, text: str) -> None:
        self._logs.tell(level, "%s: %s", self._source.output.name, text)


def _formatter(form: str, output: Output, masker: Masker) -> logging.Formatter:
    if form == "json":
        return JsonFormatter(masker)
    if not isinstance(output, StandardError):
        return LineFormatter(masker)
    return LineFormatter(masker, journal=form == "journal", has_colours=lambda: output.has_colours)


def _set_levels(level: str, *, trace: bool) -> None:
    known = logging.DEBUG if level == LEVELS[-1] else getattr(logging, level.upper())
    for package in _PACKAGES:
        logging.getLogger(package).setLevel(known)
    # Above all levels if there is no trace, so that `everything` does not turn it on.
    logging.getLogger(WIRE_LOGGER).setLevel(logging.DEBUG if trace else logging.CRITICAL + 1)


def _is_same(one: Path | None, other: Path | None) -> bool:
    if one is None or other is None:
        return one is other
    return os.path.realpath(one) == os.path.realpath(other)


def _is_wire(record: logging.LogRecord) -> bool:
    return f"{record.name}.".startswith(f"{WIRE_LOGGER}.")


def _is_no_wire(record: logging.LogRecord) -> bool:
    return not _is_wire(record)
