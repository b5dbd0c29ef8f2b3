"""Every recorded command of a real dcss to a device, sent to a DHS that declares the device.

The expected answers follow the protocol as a table: by keyword, the answers with the words of the
command filled in. Each recording is read to the end over one connection.
"""

from collections.abc import Callable
from typing import Any, Final, TypeGuard, TypeVar

from dcs_codec import (
    Framing,
    Message,
    StohGetEncoder,
    StohReadIonChambers,
    StohRegisterEncoder,
    StohRegisterIonChamber,
    StohRegisterPseudoMotor,
    StohRegisterRealMotor,
    StohRegisterShutter,
    StohRegisterString,
    StohSetMotorPosition,
    StohSetString,
    StohStartMotorMove,
    StohStartOperation,
    StohStartOscillation,
    StohStartVectorMove,
    decode_text,
)
from dhs_runtime import Count, Device, Dhs, Encoder, Motor, Move, Operation
from tests.devices.talking import online
from tests.runtime.peers import eventually
from tests.runtime.test_real_traffic import text_of
from tests.shared import Recording, recordings

D = TypeVar("D", bound=Device)

SILENT: Final = (
    "stoc_send_client_type",
    "stoh_register_ion_chamber",  # nothing to ask for
    "stoh_register_operation",
    "stoh_register_object",
    "stoh_set_motor_dependency",
    "stoh_set_motor_children",
    "stoh_configure_",
    "stoh_correct_motor_position",
    "stoh_abort_all",  # nothing is under way
    "stoh_stop_",
)
"""Keywords without an answer."""


def answers(message: Message, dhs: Dhs) -> list[str] | None:
    """The expected answers of a DHS; None if this table does not know them."""
    if message.keyword.startswith(SILENT):
        return []
    row = ANSWERS.get(type(message))
    return None if row is None else row(message, dhs)


def asks(name: str) -> list[str]:
    return [f"htos_send_configuration {name}"]


def oscillated(message: StohStartOscillation, dhs: Dhs) -> list[str]:
    start = device_of(dhs, Motor, message.motor_name).position
    started, completed = moved(message.motor_name, start + message.oscillation_range)
    report = f"htos_report_shutter_state {message.shutter_name}"
    return [started, f"{report} open", f"{report} closed", completed]


def moved_along(message: StohStartVectorMove, dhs: Dhs) -> list[str]:
    first = moved(message.motor_name_1, message.destination_1)
    second = moved(message.motor_name_2, message.destination_2)
    return [second[0], first[0], second[1], first[1]]


def counted(message: StohReadIonChambers, dhs: Dhs) -> list[str]:
    counts = " ".join(f"{name} 7" for name in message.ion_chamber_names)
    return [f"htos_report_ion_chambers {message.ion_chamber_time} {counts}"]


def read_out(message: StohGetEncoder, dhs: Dhs) -> list[str]:
    position = device_of(dhs, Encoder, message.encoder_name).position
    return [f"htos_get_encoder_completed {message.encoder_name} {position} normal"]


def completed(message: StohStartOperation, dhs: Dhs) -> list[str]:
    name, handle = message.operation_name, message.operation_handle
    return [
        f"htos_operation_completed {name} {handle} normal {message.operation_args[:100]}".strip()
    ]


ANSWERS: Final[dict[type[Message], Callable[[Any, Dhs], list[str]]]] = {
    StohRegisterRealMotor: lambda m, _: asks(m.motor_name),
    StohRegisterPseudoMotor: lambda m, _: asks(m.motor_name),
    StohRegisterShutter: lambda m, _: [
        f"htos_report_shutter_state {m.shutter_name} {m.shutter_state}"
    ],
    StohRegisterString: lambda m, _: asks(m.string_name),
    StohRegisterEncoder: lambda m, _: asks(m.encoder_name),
    StohStartMotorMove: lambda m, _: moved(m.motor_name, m.destination),
    StohStartOscillation: oscillated,
    StohStartVectorMove: moved_along,
    StohReadIonChambers: counted,
    StohGetEncoder: read_out,
    StohSetMotorPosition: lambda m, _: [
        f"htos_update_motor_position {m.motor_name} {m.position!r} normal"
    ],
    StohSetString: lambda m, _: [
        f"htos_set_string_completed {m.string_name} normal {m.string_contents}"
    ],
    StohStartOperation: completed,
}


def device_of(dhs: Dhs, kind: type[D], name: str) -> D:
    device = next(device for device in dhs.devices() if device.name == name)
    assert isinstance(device, kind)
    return device


def moved(motor: str, destination: float) -> list[str]:
    """A move of a motor that arrives at once."""
    return [
        f"htos_motor_move_started {motor} {destination!r}",
        f"htos_motor_move_completed {motor} {destination!r} normal",
    ]


def declare(dhs: Dhs, message: Message) -> None:
    """The device that a registration is about."""
    if isinstance(message, StohRegisterRealMotor):
        motor = dhs.motor(message.motor_name)
        motor.on_move(at_once)
        motor.on_vector_move(at_once)
    elif isinstance(message, StohRegisterPseudoMotor):
        dhs.pseudo_motor(message.motor_name).on_move(at_once)
    elif isinstance(message, StohRegisterShutter):
        dhs.shutter(message.shutter_name)
    elif isinstance(message, StohRegisterString):
        dhs.string(message.string_name)
    elif isinstance(message, StohRegisterEncoder):
        dhs.encoder(message.encoder_name)
    elif isinstance(message, StohRegisterIonChamber):
        dhs.ion_chamber(message.ion_chamber_name).on_count(sevens)


def at_once(move: Move) -> None:
    pass


def sevens(count: Count) -> dict[str, float]:
    return dict.fromkeys(count.names, 7)


def echo(op: Operation) -> None:
    op.complete(text=op.args_text[:100])  # a v1 frame holds no more with the handle


def test_a_dhs_answers_each_command_of_a_real_dcss_as_the_protocol_says() -> None:
    seen: dict[str, int] = {}
    for recording in recordings():
        play(recording, lambda keyword: seen.update({keyword: seen.get(keyword, 0) + 1}))
    print(f"{sum(seen.values())} commands, {len(seen)} keywords: {sorted(seen)}")
    assert {"stoh_start_motor_move", "stoh_set_string", "stoh_start_oscillation"} <= seen.keys()


def play(recording: Recording, count: Callable[[str], None]) -> None:
    """Each command as it was recorded, and its answers before the next."""
    framing = Framing.V2 if recording.protocol == 2 else Framing.V1
    frames = recording.frames[1:]
    messages = [decode_text(text_of(frame, framing)) for frame in frames]
    dhs = Dhs(recording.host)
    for message in dict.fromkeys(messages):
        declare(dhs, message)
    for name in dict.fromkeys(m.operation_name for m in messages if is_start(m)):
        dhs.operation(name)(echo)
    dhs.operation("last.one")(echo)
    with online(dhs, framing) as peer:
        for frame, message in zip(frames, messages, strict=True):
            expected = answers(message, dhs)
            assert expected is not None, f"no row for {message}"
            peer.send_bytes(frame)
            got = [peer.read_text() for _ in expected]
            # The next answer is that of a later operation: nothing else was sent.
            peer.send("stoh_start_operation last.one 9.9", framing=framing)
            got.append(peer.read_text())
            assert got == [*expected, "htos_operation_completed last.one 9.9 normal"], message
            eventually(lambda: not any(each._lane and each._lane.busy for each in dhs.devices()))
            count(message.keyword)


def is_start(message: Message) -> TypeGuard[StohStartOperation]:
    return isinstance(message, StohStartOperation)
