"""Code of a downstream project that both type checkers must accept; see test_typing.

The assertions are read by the checkers: `assert_type` does nothing when it runs.
"""

from typing import Annotated, ClassVar, assert_never, assert_type

import attrs

from dcs_codec import (
    NEED_DATA,
    AbortMode,
    Codec,
    DcsProtocol,
    Disconnected,
    Frame,
    FrameDecoder,
    HtosLog,
    HtosMotorMoveCompleted,
    HtosOperationCompleted,
    HtosReportIonChambers,
    HtosReportShutterState,
    HtosUpdateMotorPosition,
    IonChamberFailure,
    IonChamberReading,
    LogLevel,
    MalformedMessage,
    Message,
    MotorStatus,
    OperationStatus,
    ShutterResult,
    ShutterState,
    StohAbortAll,
    StohAbortMotorMove,
    StohConfigureRealMotor,
    StohReadIonChambers,
    StohSetMotorDependency,
    StohSetString,
    StohStartMotorMove,
    UnknownMessage,
    decode_text,
    default_registry,
    encode_text,
)
from dcs_codec.fields import Name, Word
from dhs_runtime import Dhs, Operation

MotorMessage = StohConfigureRealMotor | StohStartMotorMove | StohAbortMotorMove


# -- messages that are read ------------------------------------------------------------------


def describe(message: MotorMessage) -> str:
    """A match over a union of classes: complete, and fields have the types of their class."""
    match message:
        case StohConfigureRealMotor(position=position, hardware_host=host):
            assert_type(message, StohConfigureRealMotor)
            assert_type(position, float)
            assert_type(host, str)
            assert_type(message.speed, int)
            assert_type(message.reverse_on, bool)
            assert_type(message.status, int | None)
            return f"{message.motor_name} runs at {message.speed + 1}"
        case StohStartMotorMove(destination=str() as word):
            return f"{message.motor_name} goes where {word.upper()} is"
        case StohStartMotorMove():
            assert_type(message.destination, float | str)
            return f"{message.motor_name} goes to {message.destination}"
        case StohAbortMotorMove(abort_arg=AbortMode.SOFT):
            return "slow down"
        case StohAbortMotorMove():
            assert_type(message.abort_arg, str)
            return "halt"
    assert_never(message)


def where_to(message: StohStartMotorMove) -> float:
    """A destination is a word or a number."""
    if isinstance(message.destination, str):
        return 0.0
    return message.destination


def counted(message: HtosReportIonChambers) -> float:
    """A result is readings or a failure, distinguished like any union."""
    assert_type(message.ion_chamber_time, float)
    assert_type(message.result, tuple[IonChamberReading, ...] | IonChamberFailure)
    match message.result:
        case IonChamberFailure(names=names, reason=reason):
            assert_type(names, tuple[str, ...])
            assert_type(reason, str)
            return 0.0
        case readings:
            assert_type(readings, tuple[IonChamberReading, ...])
            return sum(reading.counts for reading in readings)


def note(message: Message) -> str:
    """Any message: `match` narrows it to the wanted classes."""
    assert_type(message.binary, bytes)
    assert_type(message.keyword, str)
    match message:
        case HtosUpdateMotorPosition():
            assert_type(message.position, float)
            assert_type(message.status, str)
            return str(message.position)
        case StohReadIonChambers(is_repeated=True, ion_chamber_names=names):
            assert_type(names, tuple[str, ...])
            return names[0]
        case StohSetMotorDependency(dependencies=(first, *_)):
            assert_type(first, str)
            return first
        case HtosMotorMoveCompleted(status=MotorStatus.NORMAL):
            return "arrived"
        case UnknownMessage() | MalformedMessage():
            assert_type(message, UnknownMessage | MalformedMessage)
            return message.received_keyword + message.text
        case _:
            return message.keyword


# -- loops over what arrives -----------------------------------------------------------------


def events(protocol: DcsProtocol, data: bytes) -> list[Message]:
    """The loop of the documentation: NEED_DATA is gone inside, Disconnected by `isinstance`."""
    found: list[Message] = []
    protocol.receive_data(data)
    while (event := protocol.next_event()) is not NEED_DATA:
        assert_type(event, Message | Disconnected)
        if isinstance(event, Disconnected):
            break
        assert_type(event, Message)
        found.append(event)
    return found


def frames(decoder: FrameDecoder, codec: Codec, data: bytes) -> list[Message]:
    """The same a layer below, and with the sentinel tested the other way round."""
    found: list[Message] = []
    decoder.receive_data(data)
    while True:
        frame = decoder.next_frame()
        if frame is NEED_DATA:
            return found
        assert_type(frame, Frame)
        assert_type(frame.text, bytes)
        found.append(codec.decode(frame))


# -- messages that are written ---------------------------------------------------------------


def answers() -> tuple[Message, ...]:
    """Members of a vocabulary can replace their text; any other word is allowed, too."""
    done = HtosMotorMoveCompleted(motor_name="phi", position=1, status=MotorStatus.NORMAL)
    assert_type(done.status, str)
    return (
        done,
        attrs.evolve(done, status="sticky", position=2.5),
        StohAbortAll(abort_arg=AbortMode.HARD),
        StohStartMotorMove(motor_name="phi", destination="home"),
        HtosReportShutterState(
            shutter_name="fast", shutter_state=ShutterState.OPEN, result=ShutterResult.NORMAL
        ),
        HtosOperationCompleted(
            operation_name="a", operation_handle="1.10", operation_status=OperationStatus.ABORTED
        ),
        HtosLog(log_level=LogLevel.NOTE, log_sender="a", log_message="b", binary=b"c"),
        HtosReportIonChambers(
            ion_chamber_time=0.1, result=(IonChamberReading(name="i0", counts=5.0),)
        ),
        HtosReportIonChambers(
            ion_chamber_time=0, result=IonChamberFailure(names=("i0",), reason="no beam")
        ),
    )


@attrs.frozen(kw_only=True)
class StohParkRobot(Message):
    """A message of a site's own."""

    keyword: ClassVar[str] = "stoh_park_robot"
    robot_name: Name
    place: Annotated[str, Word(max_bytes=8, optional=True)] = ""


SITE_CODEC = Codec(default_registry().extended(StohParkRobot))


def parked(text: str) -> str:
    """A class of a site's own is read and written like any other."""
    message = SITE_CODEC.decode_text(text)
    assert_type(message, Message)
    if not isinstance(message, StohParkRobot):
        return encode_text(decode_text(text))
    assert_type(message.place, str)
    return SITE_CODEC.encode_text(StohParkRobot(robot_name=message.robot_name))


# -- a DHS -----------------------------------------------------------------------------------

dhs = Dhs("typed")


@dhs.on(StohSetString)
def set_string(message: StohSetString) -> None:
    """A handler of one message."""
    dhs.log(LogLevel.NOTE, message.string_contents)


@dhs.on(StohSetString)
def log_any(message: Message) -> None:
    """A handler of a base takes the message too."""
    dhs.log("note", message.keyword)


def log_each(message: StohSetString | StohAbortAll) -> None:
    """A handler of several messages."""
    dhs.send(HtosLog(log_level="note", log_sender=dhs.name, log_message=message.keyword))


dhs.on(StohSetString)(log_each)
dhs.on(StohAbortAll)(log_each)


@dhs.operation("centre")
def centre(operation: Operation) -> None:
    """A handler of an operation."""
    operation.complete("done")
