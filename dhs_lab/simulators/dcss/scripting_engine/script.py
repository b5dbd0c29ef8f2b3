"""`Script`: the methods for a Python function that replaces a script of the scripting engine.

    @dcss.scripted("centerLoop")
    def center(script: Script) -> str:
        script.move("gonio_phi", 90)
        return script.run_operation("getLoopTip", 0)

A wait ends with `ScriptError` if what it waits for fails, or the server stops. As in a real engine,
an abort of everything ends only pauses and waits for strings. Other waits go on until their answers
come, for ever if `timeout_s` is None. What a script starts after an abort fails as `aborted`.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Final, TypeVar

from dcs_codec import MotorStatus, OperationStatus, split_list
from dhs_lab.simulators.dcss.scripting_engine.door import EngineDoor
from dhs_lab.simulators.dcss.scripting_engine.motor_limits import shortest
from dhs_lab.simulators.dcss.scripting_engine.script_wait import ScriptError, ScriptWait
from dhs_runtime.lowlevel import Argument, Deadline

T = TypeVar("T")

_TOLD_S: Final = 1.0
_AT: Final = 3


class Script:
    """One run of a script, used by its own thread.

    Attributes:
        name: Name of the operation or pseudo motor.
        handle: Handle of the operation; "" for a motor.
        text: The arguments, unchanged.
    """

    def __init__(self, engine: EngineDoor, name: str, handle: str, text: str) -> None:
        self.name = name
        self.handle = handle
        self.text = text
        self._engine = engine
        self._aborts = engine.state.aborts

    @property
    def args(self) -> list[str]:
        """The arguments, word by word as Tcl splits a list."""
        return split_list(self.text)

    @property
    def is_stopped(self) -> bool:
        """Whether `gtos_stop_operation` was sent to this operation since it began."""
        return self._engine.is_stopped(self.name)

    def update(self, text: str) -> None:
        """Send an update of this operation."""
        self._engine.answer(f"htos_operation_update {self.name} {self.handle} {text}")

    def log(self, text: str, level: str = "note") -> None:
        """Put a line into the log that all GUIs see."""
        self._engine.tell(f"stog_log {level} server {text}")

    # -- waiting -----------------------------------------------------------------------------

    def wait_s(self, seconds: float) -> None:
        """Wait for a time; an abort of everything ends it at once, as `error aborted`."""
        if seconds >= _TOLD_S:
            self.log(f"Waiting for {round(seconds * 1000)} ms.", "warning")
        self._check()
        pause: ScriptWait[None] = ScriptWait(
            self._engine.waits, lambda _: None, abort_error=OperationStatus.ABORTED
        )
        with pause:
            pause.sleep(seconds)

    def wait_string(
        self, name: str, accept: Callable[[str], bool], timeout_s: float | None = None
    ) -> str:
        """Wait until a function accepts the contents of a string; returns them."""
        deadline = None if timeout_s is None else Deadline.after(timeout_s)
        while True:
            with self._string_set(name) as waiting:
                contents = self._engine.control.string(name)
                if accept(contents):
                    return contents
                waiting.wait(deadline)
            self._check()

    def block_motors(self) -> AbstractContextManager[None]:
        """Block all moves by GUIs inside `with`."""
        return self._engine.state.blocked()

    # -- motors ------------------------------------------------------------------------------

    def move(self, name: str, to: float | str, timeout_s: float | None = None) -> float:
        """Move a motor and wait for it; returns its position, scaled."""
        return self.move_many({name: to}, timeout_s)[name]

    def move_many(
        self, goals: Mapping[str, float | str], timeout_s: float | None = None
    ) -> dict[str, float]:
        """Move motors together and wait for all of them.

        Raises:
            ScriptError: One is refused (`moving`, `locked`, `NAME_sw_limit`), or one did not end
                as `normal`: `NAME_STATUS`, of the last such motor.
            TimeoutError: They took longer.
        """
        self._check()
        deadline = None if timeout_s is None else Deadline.after(timeout_s)
        with ScriptWait(self._engine.waits, _completions(goals), count=len(goals)) as waiting:
            for name, to in goals.items():
                refused = self._engine.move_for_script(
                    name, to if isinstance(to, str) else shortest(to)
                )
                if refused is not None:
                    raise ScriptError(refused)
            self.log(f"wait_for_device {' '.join(goals)}")
            ends = self._wait_all(waiting, deadline)
        failed = [
            f"{name}_{ends[name][1]}" for name in goals if ends[name][1] != MotorStatus.NORMAL
        ]
        if failed:
            raise ScriptError(failed[-1])
        self._check()
        return {name: float(position) for name, (position, _) in ends.items()}

    def set_position(self, name: str, position: float) -> None:
        """Set the value of a motor's current position, scaled, in its configuration."""
        self._engine.control.configure(name, position=position)

    def position(self, name: str) -> float:
        """Position of a motor as DCSS knows it, scaled."""
        return self._engine.control.position(name)

    # -- operations --------------------------------------------------------------------------

    def start_operation(
        self, name: str, *args: Argument, text: str | None = None
    ) -> "ScriptOperation":
        """Start an operation of a DHS, or another script, without waiting."""
        self._check()
        return ScriptOperation(self, self._engine, name, args, text)

    def run_operation(
        self, name: str, *args: Argument, text: str | None = None, timeout_s: float | None = None
    ) -> str:
        """Start an operation and wait for its end; returns the text of its completion.

        Raises:
            ScriptError: It did not end as `normal`: `STATUS TEXT`.
            TimeoutError: It took longer.
        """
        return self.start_operation(name, *args, text=text).wait(timeout_s)

    # -- the other devices -------------------------------------------------------------------

    def set_shutter(self, name: str, state: str, timeout_s: float | None = None) -> str:
        """Open or close a shutter; returns the state that its DHS reports."""
        words = self._ask(
            f"stoh_set_shutter_state {name} {state}", "stog_report_shutter_state", timeout_s
        )
        status = words[_AT] if len(words) > _AT else OperationStatus.NORMAL
        return _checked(name, words[2], status)

    def set_string(self, name: str, contents: str, timeout_s: float | None = None) -> None:
        """Set a string."""
        self._check()
        with self._string_set(name) as waiting:
            self._engine.ask_owner(name, f"stoh_set_string {name} {contents}")
            self._wait(waiting, timeout_s)

    def get_encoder(self, name: str, timeout_s: float | None = None) -> float:
        """Read an encoder; returns its position, scaled."""
        words = self._ask(f"stoh_get_encoder {name}", "stog_get_encoder_completed", timeout_s)
        return float(_checked(name, words[2], words[_AT]))

    def count(self, time_s: float, *names: str, timeout_s: float | None = None) -> dict[str, float]:
        """Let ion chambers count; returns the counts of each."""
        for name in names:
            self._engine.control.counts(name)  # raises if there is no such ion chamber
        wanted = set(names)
        counts: dict[str, float] = {}

        def counted(words: list[str]) -> dict[str, float] | None:
            if words[:1] != ["stog_report_ion_chambers"] or not wanted & set(words):
                return None
            if float(words[1]) <= 0:
                raise ScriptError(f"{[name for name in names if name in words][-1]}_{words[-1]}")
            counts.update(zip(words[2::2], map(float, words[3::2]), strict=False))
            return counts if wanted <= counts.keys() else None

        self._check()
        with ScriptWait(self._engine.waits, counted) as waiting:
            asked = f"stoh_read_ion_chambers {time_s:g} 0 {' '.join(names)}"
            self._engine.read_ion_chambers(asked)
            return self._wait(waiting, timeout_s)

    # -- inside ------------------------------------------------------------------------------

    def _ask(self, command: str, answer: str, timeout_s: float | None) -> list[str]:
        """Send a command to the owner of its device; returns the words of the answer."""
        name = command.split()[1]
        self._check()

        def answered(words: list[str]) -> list[str] | None:
            return words if words[:2] == [answer, name] else None

        with ScriptWait(self._engine.waits, answered) as waiting:
            self._engine.ask_owner(name, command)
            return self._wait(waiting, timeout_s)

    def _string_set(self, name: str) -> ScriptWait[str]:
        """A wait for the next report that a string was set."""

        def completed(words: list[str]) -> str | None:
            if words[:2] != ["stog_set_string_completed", name]:
                return None
            return _checked(name, "", words[2])

        aborted = f"{name}_{OperationStatus.ABORTED}"
        return ScriptWait(self._engine.waits, completed, abort_error=aborted)

    def _wait(self, waiting: ScriptWait[T], timeout_s: float | None) -> T:
        (found,) = waiting.wait(None if timeout_s is None else Deadline.after(timeout_s))
        self._check()
        return found

    @staticmethod
    def _wait_all(
        waiting: ScriptWait[tuple[str, str, str]], deadline: Deadline | None
    ) -> dict[str, tuple[str, str]]:
        return {name: (position, status) for name, position, status in waiting.wait(deadline)}

    def _check(self) -> None:
        """Raise if everything was aborted since the script began."""
        if self._engine.state.aborts != self._aborts:
            raise ScriptError(OperationStatus.ABORTED)


class ScriptOperation:
    """An operation that a script started.

    Attributes:
        handle: Its handle.
    """

    def __init__(
        self,
        script: Script,
        engine: EngineDoor,
        name: str,
        args: tuple[Argument, ...],
        text: str | None,
    ) -> None:
        self.handle = engine.control.next_handle()
        self._script = script
        self._name = name
        key = ["stog_operation_completed", name, self.handle]

        def completed(words: list[str]) -> tuple[str, str] | None:
            return (words[3], " ".join(words[4:])) if words[:3] == key else None

        self._waiting = ScriptWait(engine.waits, completed, operation=(name, self.handle))
        engine.control.start_operation(name, *args, text=text, handle=self.handle)

    def wait(self, timeout_s: float | None = None) -> str:
        """The text of its completion; raises like `Script.run_operation`."""
        with self._waiting:
            ((status, text),) = self._waiting.wait(
                None if timeout_s is None else Deadline.after(timeout_s)
            )
        if status != OperationStatus.NORMAL:
            raise ScriptError(f"{status} {text}".strip())
        return text


def _completions(
    goals: Mapping[str, object],
) -> Callable[[list[str]], tuple[str, str, str] | None]:
    """Finds the completion of each of these motors: name, position, status."""
    left = set(goals)

    def completed(words: list[str]) -> tuple[str, str, str] | None:
        if words[:1] != ["stog_motor_move_completed"] or len(words) <= _AT or words[1] not in left:
            return None
        left.discard(words[1])
        return words[1], words[2], words[_AT]

    return completed


def _checked(name: str, value: str, status: str) -> str:
    if status != OperationStatus.NORMAL:
        raise ScriptError(f"{name}_{status}")
    return value
