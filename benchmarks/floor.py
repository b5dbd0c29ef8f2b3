"""The floor of reading: the fastest hand-written code that we found; it checks nothing.

It does the codec's job for the messages of the benchmarks: it takes pieces of any size, returns one
frame per call, removes NUL and line end, and makes typed values. What we tried (CPython 3.11, ns
per message of the mixed traffic):

- Frames: a table of the ends of short frames 300, a memo of headers for each connection 350, two
  `int()` 420. A method that keeps its place in attributes costs 45 more than the generator that
  keeps it in local variables; looking at the last bytes 10 more than `rstrip`. Letting the table
  refuse a header that is not there yet costs 300 at the end of each piece.
- Words: decode the text, then one `split(" ", 3)` that serves the dispatch too 300 to 440; the
  same with bytes 460; `partition` for the keyword, then a split of the rest 485.
- Objects are made by their `__init__`. Filling what `object.__new__` returns, as the codec does,
  saves 50 to 120 more, but is not what one would write by hand.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks import floor_messages as plain

ENDS: Final = {b"%12d %12d " % (size, 0): 26 + size for size in range(1024)}
"""The end of a frame without a binary part, by its header."""

FLAGS: Final = {"0": False, "1": True}


@dataclass(slots=True)
class PlainFrame:
    text: bytes
    binary: bytes


class Reader:
    """Give it pieces with `feed`; `take` returns the next frame, or None if it needs more."""

    def __init__(self) -> None:
        pieces: deque[bytes] = deque()
        self.feed: Final = pieces.append
        self.take: Final = _frames(pieces).__next__


def _frames(pieces: deque[bytes]) -> Iterator[PlainFrame | None]:
    run = b""
    size = at = 0
    ends = ENDS
    while True:
        text_at = at + 26
        if text_at <= size:
            try:
                end = at + ends[run[at:text_at]]
                if end <= size:
                    at = end
                    yield PlainFrame(run[text_at:end].rstrip(b"\0\n"), b"")
                    continue
            except KeyError:
                text_end = text_at + int(run[at : at + 12])
                end = text_end + int(run[at + 12 : text_at])
                if end <= size:
                    at = end
                    yield PlainFrame(run[text_at:text_end].rstrip(b"\0\n"), run[text_end:end])
                    continue
        while not pieces:
            yield None
        run = run[at:] + pieces.popleft() if at < size else pieces.popleft()
        size = len(run)
        at = 0


def decode(frame: PlainFrame) -> plain.Plain:
    """The typed message of a frame."""
    words = frame.text.decode().split(" ", 3)
    return READERS[words[0]](words, frame.binary)


def _real_motor(words: list[str], binary: bytes) -> plain.Plain:
    _, name, host, rest = words
    hardware, at, upper, lower, scale, speed, accel, backlash, f1, f2, f3, f4, f5, status = (
        rest.split(" ")
    )
    return plain.ConfigureRealMotor(
        binary,
        name,
        host,
        hardware,
        float(at),
        float(upper),
        float(lower),
        float(scale),
        int(speed),
        int(accel),
        int(backlash),
        FLAGS[f1],
        FLAGS[f2],
        FLAGS[f3],
        FLAGS[f4],
        FLAGS[f5],
        int(status),
    )


def _pseudo_motor(words: list[str], binary: bytes) -> plain.Plain:
    _, name, host, rest = words
    hardware, at, upper, lower, f1, f2, f3, status = rest.split(" ")
    return plain.ConfigurePseudoMotor(
        binary,
        name,
        host,
        hardware,
        float(at),
        float(upper),
        float(lower),
        FLAGS[f1],
        FLAGS[f2],
        FLAGS[f3],
        int(status),
    )


def _configure_device(words: list[str], binary: bytes) -> plain.Plain:
    _, name, at, rest = words
    more = rest.split(" ")
    if len(more) == 5:
        upper, lower, f1, f2, f3 = more
        return plain.ConfigureDevice(
            binary,
            name,
            float(at),
            float(upper),
            float(lower),
            None,
            None,
            None,
            None,
            FLAGS[f1],
            FLAGS[f2],
            FLAGS[f3],
            None,
            None,
        )
    upper, lower, scale, speed, accel, backlash, f1, f2, f3, f4, f5 = more
    return plain.ConfigureDevice(
        binary,
        name,
        float(at),
        float(upper),
        float(lower),
        float(scale),
        int(speed),
        int(accel),
        int(backlash),
        FLAGS[f1],
        FLAGS[f2],
        FLAGS[f3],
        FLAGS[f4],
        FLAGS[f5],
    )


def _register_real_motor(words: list[str], binary: bytes) -> plain.Plain:
    _, name, hardware = words
    return plain.RegisterRealMotor(binary, name, hardware)


def _register_pseudo_motor(words: list[str], binary: bytes) -> plain.Plain:
    _, name, hardware = words
    return plain.RegisterPseudoMotor(binary, name, hardware)


def _register_shutter(words: list[str], binary: bytes) -> plain.Plain:
    _, name, state, hardware = words
    return plain.RegisterShutter(binary, name, state, hardware)


def _register_ion_chamber(words: list[str], binary: bytes) -> plain.Plain:
    _, name, counter, rest = words
    channel, timer, timer_type = rest.split(" ")
    return plain.RegisterIonChamber(binary, name, counter, int(channel), timer, timer_type)


def _register_string(words: list[str], binary: bytes) -> plain.Plain:
    _, name, hardware = words
    return plain.RegisterString(binary, name, hardware)


def _register_operation(words: list[str], binary: bytes) -> plain.Plain:
    _, name, hardware = words
    return plain.RegisterOperation(binary, name, hardware)


def _register_encoder(words: list[str], binary: bytes) -> plain.Plain:
    _, name, hardware = words
    return plain.RegisterEncoder(binary, name, hardware)


def _dependency(words: list[str], binary: bytes) -> plain.Plain:
    _, name, *rest = words
    return plain.SetMotorDependency(binary, name, tuple(" ".join(rest).split(" ")))


def _children(words: list[str], binary: bytes) -> plain.Plain:
    _, name, *rest = words
    return plain.SetMotorChildren(binary, name, tuple(" ".join(rest).split(" ")))


def _configure_string(words: list[str], binary: bytes) -> plain.Plain:
    _, name, host, contents = words
    return plain.ConfigureString(binary, name, host, contents)


def _start_motor_move(words: list[str], binary: bytes) -> plain.Plain:
    _, name, destination = words
    try:
        return plain.StartMotorMove(binary, name, float(destination))
    except ValueError:
        return plain.StartMotorMove(binary, name, destination)


def _start_operation(words: list[str], binary: bytes) -> plain.Plain:
    if len(words) == 3:
        return plain.StartOperation(binary, words[1], words[2], "")
    _, name, handle, args = words
    return plain.StartOperation(binary, name, handle, args)


def _motor_move_started(words: list[str], binary: bytes) -> plain.Plain:
    _, name, destination = words
    return plain.MotorMoveStarted(binary, name, float(destination))


def _update_motor_position(words: list[str], binary: bytes) -> plain.Plain:
    _, name, position, status = words
    return plain.UpdateMotorPosition(binary, name, float(position), status)


def _motor_move_completed(words: list[str], binary: bytes) -> plain.Plain:
    _, name, position, status = words
    return plain.MotorMoveCompleted(binary, name, float(position), status)


def _report_shutter_state(words: list[str], binary: bytes) -> plain.Plain:
    if len(words) == 3:
        return plain.ReportShutterState(binary, words[1], words[2], "")
    _, name, state, result = words
    return plain.ReportShutterState(binary, name, state, result)


def _set_string_completed(words: list[str], binary: bytes) -> plain.Plain:
    _, name, status, contents = words
    return plain.SetStringCompleted(binary, name, status, contents)


def _send_configuration(words: list[str], binary: bytes) -> plain.Plain:
    return plain.SendConfiguration(binary, words[1])


def _operation_update(words: list[str], binary: bytes) -> plain.Plain:
    if len(words) == 3:
        return plain.OperationUpdate(binary, words[1], words[2], "")
    _, name, handle, args = words
    return plain.OperationUpdate(binary, name, handle, args)


def _operation_completed(words: list[str], binary: bytes) -> plain.Plain:
    _, name, handle, rest = words
    status, _, args = rest.partition(" ")
    return plain.OperationCompleted(binary, name, handle, status, args)


def _log(words: list[str], binary: bytes) -> plain.Plain:
    _, level, sender, message = words
    return plain.Log(binary, level, sender, message)


READERS: Final[dict[str, Callable[[list[str], bytes], plain.Plain]]] = {
    "stoh_register_real_motor": _register_real_motor,
    "stoh_register_pseudo_motor": _register_pseudo_motor,
    "stoh_register_shutter": _register_shutter,
    "stoh_register_ion_chamber": _register_ion_chamber,
    "stoh_register_string": _register_string,
    "stoh_register_operation": _register_operation,
    "stoh_register_encoder": _register_encoder,
    "stoh_set_motor_dependency": _dependency,
    "stoh_set_motor_children": _children,
    "stoh_configure_real_motor": _real_motor,
    "stoh_configure_pseudo_motor": _pseudo_motor,
    "stoh_configure_string": _configure_string,
    "stoh_start_motor_move": _start_motor_move,
    "stoh_start_operation": _start_operation,
    "htos_motor_move_started": _motor_move_started,
    "htos_update_motor_position": _update_motor_position,
    "htos_motor_move_completed": _motor_move_completed,
    "htos_configure_device": _configure_device,
    "htos_report_shutter_state": _report_shutter_state,
    "htos_set_string_completed": _set_string_completed,
    "htos_send_configuration": _send_configuration,
    "htos_operation_update": _operation_update,
    "htos_operation_completed": _operation_completed,
    "htos_log": _log,
}
