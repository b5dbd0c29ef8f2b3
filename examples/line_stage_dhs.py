"""A stage whose controller takes text lines over TCP or a serial port, and may disconnect.

Run it: dhs run examples/line_stage_dhs.py:make_dhs --config stage.yaml. The commands of this
controller are in examples/hardware/fake_controller.py.
"""

import threading

import attrs
import serial

from dcs_codec import AbortMode
from dhs_runtime import DeviceError, Dhs, MotorConfig, Move
from dhs_runtime.process import Launch


@attrs.frozen
class Settings:
    """How to reach the controller; `port` is a device or a URL of pyserial."""

    port: str
    baud: int = 9600
    timeout_s: float = 1.0


class Controller:
    """The line to the controller: one question at a time, which opens the line if necessary."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()  # held while a question is asked
        self._line: serial.SerialBase | None = None

    def ask(self, question: str) -> str:
        """The answer to a question; raises DeviceError if there is none, or it is `what?`."""
        with self._lock:
            try:
                answer = self._exchange(question)
            except serial.SerialException as error:
                raise DeviceError(f"cannot send {question!r} to the controller: {error}") from error
            if not answer.endswith(b"\n"):
                self._hang_up()  # a late answer must not be taken for the next one
                raise DeviceError(f"no answer to {question!r} in {self._settings.timeout_s:g} s")
        text = answer.decode("ascii", "replace").strip()
        if text == "what?":
            raise DeviceError(f"the controller does not understand {question!r}")
        return text

    def steps(self) -> int:
        return int(self.ask("where").split()[0])

    def is_moving(self) -> bool:
        return self.ask("where").endswith(" moving")

    def stop(self, mode: AbortMode) -> None:
        self.ask(f"stop {mode}")

    def close(self) -> None:
        with self._lock:
            self._hang_up()

    def _exchange(self, question: str) -> bytes:
        is_new = self._line is None
        try:
            if self._line is None:
                port, baud, timeout_s = attrs.astuple(self._settings)
                self._line = serial.serial_for_url(port, baud, timeout=timeout_s)
            self._line.write(f"{question}\n".encode())
            return bytes(self._line.read_until(b"\n"))
        except serial.SerialException:
            self._hang_up()
            if is_new:
                raise
            return self._exchange(question)  # the line was lost after the last question

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


def make_dhs(launch: Launch) -> Dhs:
    """The DHS, with the motor `sample_z`."""
    controller = Controller(launch.settings(Settings))
    dhs = Dhs("stageDHS")
    stage = dhs.motor("sample_z")

    def config() -> MotorConfig:
        if stage.config is None:
            raise DeviceError("DCSS has not sent the configuration of sample_z yet")
        return stage.config

    @stage.on_read(every_s=0.5, deadband=0.001)
    def position() -> float:
        return config().to_scaled(controller.steps())

    @stage.on_move
    def move_stage(move: Move) -> None:
        goal = config().to_steps(float(move.destination))
        controller.ask(f"speed {config().speed}")
        controller.ask(f"go {goal}")
        move.follow(position, controller.is_moving, stop=controller.stop)
        if (steps := controller.steps()) != goal:
            raise DeviceError(f"stopped at step {steps}, not {goal}")

    @stage.on_set_position
    def set_position(wanted: float) -> None:
        controller.ask(f"is {config().to_steps(wanted)}")

    dhs.on_stop(controller.close)
    return dhs
