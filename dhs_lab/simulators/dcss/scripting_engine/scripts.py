"""`Scripts`: runs Python functions in place of scripts, each in its own thread."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

from dcs_codec import MotorStatus, OperationStatus
from dhs_lab.simulators.dcss.scripting_engine.door import EngineDoor
from dhs_lab.simulators.dcss.scripting_engine.parents import MotorScript
from dhs_lab.simulators.dcss.scripting_engine.script import Script
from dhs_lab.simulators.dcss.scripting_engine.script_wait import ScriptError, ServerStoppedError
from dhs_lab.simulators.dcss.texts import rest_of, word_of
from dhs_runtime.lowlevel import Deadline, ThreadGroup, get_logger

logger = get_logger(__name__)

ScriptFunction = Callable[[Script], str | None]

_JOIN_S: Final = 2.0
_MOST: Final = 200  # most operations at once: one that starts itself must not take all threads


class Scripts:
    """The scripted operations and moves of pseudo motors."""

    def __init__(self, engine: EngineDoor) -> None:
        self._engine = engine
        self._threads = ThreadGroup()
        self._lock = threading.Lock()  # guards what follows
        self._functions: dict[str, tuple[ScriptFunction, bool]] = {}
        self._running: Counter[str] = Counter()
        self._stopped: set[str] = set()

    def add(self, name: str, function: ScriptFunction, *, is_parallel: bool) -> None:
        """Use a function instead of the script of an operation."""
        with self._lock:
            self._functions[name] = (function, is_parallel)

    def close(self) -> None:
        """Join the threads of scripts, whose waits have been ended."""
        for name in self._threads.join(Deadline.after(_JOIN_S)):
            logger.warning("thread %s does not end", name)

    # -- operations --------------------------------------------------------------------------

    def start_operation(self, text: str) -> None:
        """`stoh_start_operation` of an operation of the engine."""
        name, handle = word_of(text, 1), word_of(text, 2)
        with self._lock:
            function, is_parallel = self._functions.get(name, (None, False))
            is_busy = self._running[name] > 0 and not is_parallel
            has_room = self._running.total() < _MOST
            if function is not None and not is_busy and has_room:
                self._running[name] += 1
                self._stopped.discard(name)
        if function is None:
            self._end(name, handle, "error no script of this operation is simulated")
        elif is_busy:
            self._end(name, handle, "active")
        elif not has_room:
            self._end(name, handle, f"error {_MOST} scripts run already")
        else:
            script = Script(self._engine, name, handle, rest_of(text, 3))
            self._threads.spawn(f"script-{name}-{handle}", lambda: self._run(function, script))

    def stop_operation(self, name: str) -> None:
        """`stoh_stop_operation`: set the flag of an operation, which it may check."""
        with self._lock:
            self._stopped.add(name)
        self._engine.tell(f"stog_log note server stop flag set for self operation {name}")

    def is_stopped(self, name: str) -> bool:
        """Whether the flag of an operation is set."""
        with self._lock:
            return name in self._stopped

    def _run(self, function: ScriptFunction, script: Script) -> None:
        try:
            end = f"{OperationStatus.NORMAL} {function(script) or ''}".rstrip()
        except ServerStoppedError:
            return
        except BaseException as error:  # noqa: BLE001 - anybody's code, also `sys.exit`
            if not isinstance(error, ScriptError):
                logger.warning("script %s: %s: %s", script.name, type(error).__name__, error)
            end = f"{OperationStatus.ERROR} {str(error) or type(error).__name__}"
        finally:
            with self._lock:
                self._running[script.name] -= 1
        self._end(script.name, script.handle, end)

    def _end(self, name: str, handle: str, end: str) -> None:
        self._engine.answer(f"htos_operation_completed {name} {handle} {end}")

    # -- pseudo motors -----------------------------------------------------------------------

    def move(self, motor: MotorScript, destination: str) -> None:
        """Start the move of a pseudo motor."""
        self._engine.answer(f"htos_motor_move_started {motor.name} {destination}")
        script = Script(self._engine, motor.name, "", destination)
        self._threads.spawn(f"script-{motor.name}", lambda: self._move(motor, script))

    def _move(self, motor: MotorScript, script: Script) -> None:
        status: str = MotorStatus.NORMAL
        try:
            motor.move(script, float(script.text))
        except ServerStoppedError:
            return
        except BaseException as error:  # noqa: BLE001 - as in `_run`
            status = str(error).split(None, 1)[0] if str(error) else "error"
            script.log(f"Error executing {motor.name} script: {error}", "error")
        place = script.position(motor.name)
        self._engine.answer(f"htos_motor_move_completed {motor.name} {place:f} {status}")
