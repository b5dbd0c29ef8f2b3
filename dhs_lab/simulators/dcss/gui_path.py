"""The text that a DHS gets for a text of a GUI: dcss and its scripting engine change it.

`from_gui` uses this to send commands like a GUI. Clients of the GUI port see more effects.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from dcs_codec import (
    NO_DEVICE,
    HtosConfigureDevice,
    MalformedMessage,
    Message,
    StohAbortAll,
    StohAbortMotorMove,
    StohChangeVectorSpeed,
    StohGetEncoder,
    StohReadIonChambers,
    StohSetEncoder,
    StohSetMotorPosition,
    StohSetShutterState,
    StohSetString,
    StohStartMotorMove,
    StohStartOperation,
    StohStartOscillation,
    StohStartVectorMove,
    StohStopOperation,
    StohStopVectorMove,
    decode_text,
)
from dhs_lab.simulators.dcss.control import Control
from dhs_lab.simulators.dcss.scripting import Scripting
from dhs_lab.simulators.dcss.texts import blanked, word_of
from dhs_runtime.lowlevel import DhsError

_GUI: Final = "gtos_"
_NO_CHANGES: Final = ("motor_name", "surplus", "binary")


def as_forwarded(text: str) -> str:
    """A text of a GUI as it is forwarded to a DHS, still with the GUI's keyword.

    `[ ] $ ; "` and line ends become blanks. Ion chambers are never read repeatedly. One blank after
    the name of a string is lost if nothing follows it.

    Source: dcss_broadcast.h:67, dcss_gui_client.c:602, confirmed on the wire
    """
    text = blanked(text)
    match text.split():
        case ["gtos_read_ion_chambers", time, _, *names]:
            return " ".join(("gtos_read_ion_chambers", time, "0", *names))
        case ["gtos_set_string", name] if text == f"gtos_set_string {name} ":
            return text.rstrip()
    return text


def from_gui(dcss: Scripting, text: str) -> object:
    """Carry out a command of a GUI; returns the run, None if no answer is expected.

    It has all rights. Moves are refused by the same rules as for clients of the GUI port.

    Args:
        dcss: The simulated DCSS.
        text: The GUI's text, `gtos_...`. A fraction is sent in the shortest form, a destination
            with six decimals, or unchanged if it is 0.

    Raises:
        DhsError: No GUI has such a command for a DHS, the engine refuses it, or there is no such
            device.
        NotConnectedError: The DHS is not connected.
    """
    forwarded = as_forwarded(text)
    rest = forwarded.removeprefix(_GUI)
    keyword = "htos_" if rest.startswith("configure_device ") else "stoh_"
    message = decode_text(keyword + rest)
    if isinstance(message, StohStartMotorMove) and rest != forwarded:
        return dcss.move_as_gui(message.motor_name, word_of(rest, 2))
    call = _CALLS.get(type(message))
    if call is None or rest == forwarded:
        reason = (
            f": {message.field} {message.reason}" if isinstance(message, MalformedMessage) else ""
        )
        raise DhsError(f"no GUI says {text[:60]!r} to a DHS{reason}")
    return call(dcss, message)


def _whole(number: float) -> float:
    """A speed as most GUIs write it, without decimals if it needs none."""
    return int(number) if number.is_integer() else number


def _named(device: str) -> str | None:
    return None if device == NO_DEVICE else device


def _configure(dcss: Control, message: HtosConfigureDevice) -> None:
    changes = attrs.asdict(message, filter=lambda field, _: field.name not in _NO_CHANGES)
    dcss.configure(message.motor_name, **changes)


_CALLS: Final[Mapping[type[Message], Callable[[Control, Any], object]]] = {
    HtosConfigureDevice: _configure,
    StohAbortAll: lambda dcss, m: dcss.abort_all(m.abort_arg),
    StohAbortMotorMove: lambda dcss, m: dcss.abort_move(m.motor_name, m.abort_arg),
    StohChangeVectorSpeed: lambda dcss, m: dcss.change_vector_speed(
        m.motor_name_1, _named(m.motor_name_2), _whole(m.speed)
    ),
    StohGetEncoder: lambda dcss, m: dcss.get_encoder(m.encoder_name),
    StohReadIonChambers: lambda dcss, m: dcss.read_ion_chambers(
        m.ion_chamber_time, m.ion_chamber_names
    ),
    StohSetEncoder: lambda dcss, m: dcss.set_encoder(m.encoder_name, m.position),
    StohSetMotorPosition: lambda dcss, m: dcss.set_position(m.motor_name, m.position),
    StohSetShutterState: lambda dcss, m: dcss.set_shutter(m.shutter_name, m.shutter_state),
    StohSetString: lambda dcss, m: dcss.set_string(m.string_name, m.string_contents),
    StohStartOperation: lambda dcss, m: dcss.start_operation(
        m.operation_name, text=m.operation_args, handle=m.operation_handle
    ),
    StohStartOscillation: lambda dcss, m: dcss.oscillate(
        m.motor_name,
        m.shutter_name,
        m.oscillation_range,
        m.oscillation_time,
        start_angle=m.start_angle,
    ),
    StohStartVectorMove: lambda dcss, m: dcss.vector_move(
        m.motor_name_1,
        _named(m.motor_name_2),
        m.destination_1,
        m.destination_2,
        _whole(m.speed),
    ),
    StohStopOperation: lambda dcss, m: dcss.stop_operation(m.operation_name, text=m.operation_args),
    StohStopVectorMove: lambda dcss, m: dcss.stop_vector_move(
        m.motor_name_1, _named(m.motor_name_2)
    ),
}
