"""Logging of a DHS process: no thread waits for a log, files that rotate, no secrets.

Only what runs as a process calls this; the library itself logs to named loggers below
`dhs_runtime` and leaves handlers to whoever imports it.

Each output (stderr, the log file, the trace file) has a queue of limited length and a thread that
writes. So a stalled stderr holds up nobody who logs, and the file goes on. What does not fit the
queue is dropped, and counted in the log.
"""

import logging
import logging.handlers
import os
import queue
import threading
import time
from collections.abc import Iterable
from typing import Final

from dhs_runtime.clock import Deadline
from dhs_runtime.process.log_lines import Cutter, JsonFormatter, LineFormatter
from dhs_runtime.process.log_outputs import LogFile, Output, StandardError
from dhs_runtime.process.settings import LEVELS, LogConfig, TraceConfig
from dhs_runtime.secrets import Masker, use_masker

WIRE_LOGGER: Final = "dhs_runtime.wire"
MAX_WAITING: Final = 10_000
"""Records that wait for an output; more are dropped."""
EXIT_S: Final = 0.5
"""How long a process that ends waits for its logs, all together."""
TELL_AGAIN_S: Final = 60.0
"""An output that fails and works by turns is news once in this time."""

logger = logging.getLogger(__name__)


def set_up_logging(
    log: LogConfig | None = None,
    trace: TraceConfig | None = None,
    *,
    secrets: Iterable[str] = (),
) -> "Logs":
    """Log to stderr and to the files that are asked for, with `***` for every secret.

    It takes the place of what was set up before. What is logged is written a little later;
    `flush` of the result waits for that. The end of the process does so, too, for `EXIT_S`.

    Args:
        log: What is logged and where to, as its defaults are where None.
        trace: Whether and where the messages of the wire are logged, nowhere where None.
        secrets: Passwords to mask wherever they turn up; see `dhs_runtime.secrets`.

    Raises:
        ConfigError: A file may not be written.
        MachineError: It cannot be written for now, as on a full disk.
    """
    log = LogConfig() if log is None else log
    trace = TraceConfig() if trace is None else trace
    outputs: list[Output] = [StandardError()]
    if log.file is not None:
        outputs.append(LogFile("log file", log.file, log.max_bytes, log.backups))
    own_trace = trace.file if trace.enabled and trace.file != log.file else None
    if own_trace is not None:
        outputs.append(LogFile("trace file", own_trace, trace.max_bytes, trace.backups))
    masker = Masker(literals=secrets, patterns=log.mask)
    use_masker(masker)
    logs = Logs()
    for output in outputs:
        handler = LogQueue(output, logs, Cutter(masker), _formatter(log.format, output, masker))
        if own_trace is not None:
            handler.addFilter(_is_wire if output is outputs[-1] else _is_no_wire)
        logs.handlers.append(handler)
    everything = log.level == LEVELS[-1]
    logging.basicConfig(
        level=logging.DEBUG if everything else logging.WARNING, handlers=logs.handlers, force=True
    )
    _set_levels(log.level, trace=trace.enabled)
    return logs


class Logs:
    """The outputs that were set up together, which end together.

    Attributes:
        handlers: One for each.
    """

    def __init__(self) -> None:
        self.handlers: list[LogQueue] = []
        self._is_stuck = False

    @property
    def dropped(self) -> int:
        """How many lines were lost up to now, in all outputs."""
        return sum(handler.lost for handler in self.handlers)

    def flush(self) -> bool:
        """Wait until all is written that was logged; whether that is so after `EXIT_S`."""
        written = [handler.mark() for handler in self.handlers]
        deadline = Deadline.after(0.0 if self._is_stuck else EXIT_S)
        self._is_stuck = not all([each.wait(deadline.remaining()) for each in written])  # noqa: C419
        return not self._is_stuck

    def tell(self, level: int, text: str, *args: object) -> None:
        """Log something about the logs; takes no lock, as whoever waits for a writer holds some."""
        record = logger.makeRecord(logger.name, level, __file__, 0, text, args, None)
        for handler in self.handlers:
            if handler.filter(record):
                handler.enqueue(handler.prepare(record))

    def close(self) -> None:
        """Write what was logged, within `EXIT_S`, and end; again does nothing."""
        deadline = Deadline.after(0.0 if self._is_stuck else EXIT_S)
        for handler in self.handlers:
            handler.end()
        for handler in self.handlers:
            handler.writer.join(deadline)


class LogQueue(logging.handlers.QueueHandler):
    """Takes records for one output; never waits.

    Attributes:
        output: Where its lines go.
        writer: Writes them.
        dropped: How many records did not fit.
    """

    def __init__(
        self, output: Output, logs: Logs, cutter: Cutter, formatter: logging.Formatter
    ) -> None:
        # A SimpleQueue: its `put` may be interrupted by another, of a destructor, say. The other
        # kind would wait for itself then.
        self._waiting: queue.SimpleQueue[object] = queue.SimpleQueue()
        super().__init__(self._waiting)
        self.output = output
        self.dropped = 0
        self._logs = logs
        self._cutter = cutter
        self._pid = os.getpid()
        self._is_closed = False
        self.writer = LogWriter(self._waiting, self, logs, formatter)
        self.writer.start()

    @property
    def lost(self) -> int:
        """How many lines did not fit, or were not taken by the output."""
        return self.dropped + self.writer.failed

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """The record as texts; made once for all outputs."""
        prepared = record.__dict__.get("prepared")
        if not isinstance(prepared, logging.LogRecord):
            record.__dict__["prepared"] = prepared = self._cutter.prepare(record)
        return prepared

    def enqueue(self, record: logging.LogRecord) -> None:
        """Let it be written, if there is room."""
        if os.getpid() != self._pid:  # a fork, which has the queue and no thread
            self.writer.handle(record)
        elif self._is_closed:
            return
        elif self._waiting.qsize() >= MAX_WAITING:
            self.dropped += 1
        else:
            self._waiting.put(record)

    def mark(self) -> threading.Event:
        """An event that is set once all is written that was logged before."""
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
        """Take no more; what waits is still written."""
        if not self._is_closed:
            self.writer.tell_dropped()
            self._is_closed = True
            self.writer.enqueue_sentinel()

    def close(self) -> None:
        """End with all other outputs, as `Logs.close`."""
        self._logs.close()
        super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the base's
        """Count a record that cannot be shown; the base would write to stderr, and wait for it."""
        self.dropped += 1


class LogWriter(logging.handlers.QueueListener):
    """Writes lines in a thread of its own.

    Attributes:
        failed: How many lines the output did not take.
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
        self._trouble = ""  # that was told, "" when all is well
        self._told_failed = 0
        self._told_dropped = 0
        self._failed_again = 0.0  # when a failure is news again, and dropped lines
        self._dropped_again = 0.0

    def start(self) -> None:
        """Start the thread, with a name."""
        super().start()
        if self._thread is not None:
            self._thread.name = f"log-{self._source.output.name.split()[0]}"

    def handle(self, record: logging.LogRecord | threading.Event) -> None:
        """Write a record, or say that all before it is written; never raises."""
        if isinstance(record, threading.Event):
            record.set()
            return
        try:
            self._source.output.write(self._formatter.format(record))
        except Exception as error:  # noqa: BLE001 - a log must not end for one line
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
        """Say what is missing, once the output works again or has caught up."""
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
        """Say how many records were dropped that were not told yet."""
        dropped = self._source.dropped - self._told_dropped
        if dropped:
            self._told_dropped += dropped
            self._tell(logging.WARNING, f"was too slow: {dropped} lines were dropped")

    def _tell(self, level: int, text: str) -> None:
        self._logs.tell(level, "%s: %s", self._source.output.name, text)


def _formatter(form: str, output: Output, masker: Masker) -> logging.Formatter:
    if form == "json":
        return JsonFormatter(masker)
    return LineFormatter(masker, journal=form == "journal" and isinstance(output, StandardError))


def _set_levels(level: str, *, trace: bool) -> None:
    known = logging.DEBUG if level == LEVELS[-1] else getattr(logging, level.upper())
    logging.getLogger("dhs_runtime").setLevel(known)
    # Above all levels where there is no trace, so that `everything` does not turn it on.
    logging.getLogger(WIRE_LOGGER).setLevel(logging.DEBUG if trace else logging.CRITICAL + 1)


def _is_wire(record: logging.LogRecord) -> bool:
    return f"{record.name}.".startswith(f"{WIRE_LOGGER}.")


def _is_no_wire(record: logging.LogRecord) -> bool:
    return not _is_wire(record)
