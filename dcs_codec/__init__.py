"""Codec of the DCS hardware protocol (DCSS and its DHSs): bytes to messages and back, no I/O.

    >>> from dcs_codec import decode_text, encode_text
    >>> message = decode_text("stoh_start_operation getLoopTip 1.10 0")
    >>> message.operation_handle
    '1.10'
    >>> encode_text(message)
    'stoh_start_operation getLoopTip 1.10 0'

`DcsProtocol` is one connection without its socket; `FrameDecoder` and `Codec` are its halves. What
GUIs and DCSS say to each other is in `dcs_codec.gui`.
"""

from dcs_codec.codec import (
    Codec,
    decode_text,
    default_codec,
    encode_text,
    gui_codec,
    gui_registry,
)
from dcs_codec.errors import (
    BadHeaderError,
    DcsError,
    DecodeError,
    EncodeError,
    FrameError,
    FrameTooLargeError,
    HandshakeError,
    InterchangeError,
    LocalProtocolError,
    RegistryError,
    RemoteProtocolError,
    StateError,
    TruncatedFrameError,
)
from dcs_codec.frames import NEED_DATA, Frame, FrameDecoder, Framing, NeedData, encode_frame
from dcs_codec.lists import is_list, join_list, list_safe, split_list
from dcs_codec.message import Direction, MalformedMessage, Message, UnknownMessage
from dcs_codec.messages import DHS_MESSAGES, default_registry
from dcs_codec.messages.database import (
    StohConfigureHardwareHost,
    StohConfigureObject,
    StohConfigureRun,
    StohConfigureRuns,
    StohRegisterObject,
)
from dcs_codec.messages.detector import (
    HtosDetectorIdle,
    HtosFailedToStoreImage,
    HtosImageCollected,
    StohCollectImage,
    StohDetectorSendStart,
    StohDetectorSendStop,
    StohDetectorStop,
    StohOscillationComplete,
    StohOscillationReady,
)
from dcs_codec.messages.encoder import (
    HtosConfigureEncoder,
    HtosGetEncoderCompleted,
    HtosSetEncoderCompleted,
    StohConfigureEncoder,
    StohGetEncoder,
    StohRegisterEncoder,
    StohSetEncoder,
)
from dcs_codec.messages.ion_chamber import (
    HtosConfigureIonChamber,
    HtosReportIonChambers,
    IonChamberFailure,
    IonChamberReading,
    StohConfigureIonChamber,
    StohReadIonChambers,
    StohRegisterIonChamber,
)
from dcs_codec.messages.motor import (
    HtosConfigureDevice,
    HtosLimitHit,
    HtosMotorCorrectStarted,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosSetMotorMessage,
    HtosSimulatingDevice,
    HtosUpdateMotorPosition,
    StohAbortMotorMove,
    StohConfigurePseudoMotor,
    StohConfigureRealMotor,
    StohCorrectMotorPosition,
    StohRegisterPseudoMotor,
    StohRegisterRealMotor,
    StohSetMotorChildren,
    StohSetMotorDependency,
    StohSetMotorPosition,
    StohStartMotorMove,
)
from dcs_codec.messages.operation import (
    HtosConfigureOperation,
    HtosOperationComplete,
    HtosOperationCompleted,
    HtosOperationStart,
    HtosOperationUpdate,
    HtosStartOperation,
    StohConfigureOperation,
    StohRegisterOperation,
    StohStartOperation,
    StohStopOperation,
)
from dcs_codec.messages.scan import (
    StohChangeVectorSpeed,
    StohStartOscillation,
    StohStartVectorMove,
    StohStopVectorMove,
)
from dcs_codec.messages.session import (
    HtosClientIsHardware,
    HtosClientTypeIsHardware,
    HtosLog,
    HtosNote,
    HtosSendConfiguration,
    StocReconnectOnPort,
    StocSendClientType,
    StohAbortAll,
    StohKickWatchdog,
)
from dcs_codec.messages.shutter import (
    HtosConfigureShutter,
    HtosReportShutterState,
    StohConfigureShutter,
    StohRegisterShutter,
    StohSetShutterState,
)
from dcs_codec.messages.string import (
    HtosConfigureString,
    HtosSetStringCompleted,
    HtosStringCompleted,
    StohConfigureString,
    StohRegisterString,
    StohRegisterStringMotor,
    StohSetString,
)
from dcs_codec.numbers import NotFinite, format_number
from dcs_codec.protocol import DcsProtocol, Disconnected, Event
from dcs_codec.readable import readable
from dcs_codec.registry import Registry
from dcs_codec.state import Role, State
from dcs_codec.vocabulary import (
    NO_DEVICE,
    NO_HARDWARE_HOST,
    AbortMode,
    EncoderStatus,
    LogLevel,
    MotorStatus,
    OperationStatus,
    ShutterResult,
    ShutterState,
    StringStatus,
)

__version__ = "0.1.0"

__all__ = [
    "DHS_MESSAGES",
    "NEED_DATA",
    "NO_DEVICE",
    "NO_HARDWARE_HOST",
    "AbortMode",
    "BadHeaderError",
    "Codec",
    "DcsError",
    "DcsProtocol",
    "DecodeError",
    "Direction",
    "Disconnected",
    "EncodeError",
    "EncoderStatus",
    "Event",
    "Frame",
    "FrameDecoder",
    "FrameError",
    "FrameTooLargeError",
    "Framing",
    "HandshakeError",
    "HtosClientIsHardware",
    "HtosClientTypeIsHardware",
    "HtosConfigureDevice",
    "HtosConfigureEncoder",
    "HtosConfigureIonChamber",
    "HtosConfigureOperation",
    "HtosConfigureShutter",
    "HtosConfigureString",
    "HtosDetectorIdle",
    "HtosFailedToStoreImage",
    "HtosGetEncoderCompleted",
    "HtosImageCollected",
    "HtosLimitHit",
    "HtosLog",
    "HtosMotorCorrectStarted",
    "HtosMotorMoveCompleted",
    "HtosMotorMoveStarted",
    "HtosNote",
    "HtosOperationComplete",
    "HtosOperationCompleted",
    "HtosOperationStart",
    "HtosOperationUpdate",
    "HtosReportIonChambers",
    "HtosReportShutterState",
    "HtosSendConfiguration",
    "HtosSetEncoderCompleted",
    "HtosSetMotorMessage",
    "HtosSetStringCompleted",
    "HtosSimulatingDevice",
    "HtosStartOperation",
    "HtosStringCompleted",
    "HtosUpdateMotorPosition",
    "InterchangeError",
    "IonChamberFailure",
    "IonChamberReading",
    "LocalProtocolError",
    "LogLevel",
    "MalformedMessage",
    "Message",
    "MotorStatus",
    "NeedData",
    "NotFinite",
    "OperationStatus",
    "Registry",
    "RegistryError",
    "RemoteProtocolError",
    "Role",
    "ShutterResult",
    "ShutterState",
    "State",
    "StateError",
    "StocReconnectOnPort",
    "StocSendClientType",
    "StohAbortAll",
    "StohAbortMotorMove",
    "StohChangeVectorSpeed",
    "StohCollectImage",
    "StohConfigureEncoder",
    "StohConfigureHardwareHost",
    "StohConfigureIonChamber",
    "StohConfigureObject",
    "StohConfigureOperation",
    "StohConfigurePseudoMotor",
    "StohConfigureRealMotor",
    "StohConfigureRun",
    "StohConfigureRuns",
    "StohConfigureShutter",
    "StohConfigureString",
    "StohCorrectMotorPosition",
    "StohDetectorSendStart",
    "StohDetectorSendStop",
    "StohDetectorStop",
    "StohGetEncoder",
    "StohKickWatchdog",
    "StohOscillationComplete",
    "StohOscillationReady",
    "StohReadIonChambers",
    "StohRegisterEncoder",
    "StohRegisterIonChamber",
    "StohRegisterObject",
    "StohRegisterOperation",
    "StohRegisterPseudoMotor",
    "StohRegisterRealMotor",
    "StohRegisterShutter",
    "StohRegisterString",
    "StohRegisterStringMotor",
    "StohSetEncoder",
    "StohSetMotorChildren",
    "StohSetMotorDependency",
    "StohSetMotorPosition",
    "StohSetShutterState",
    "StohSetString",
    "StohStartMotorMove",
    "StohStartOperation",
    "StohStartOscillation",
    "StohStartVectorMove",
    "StohStopOperation",
    "StohStopVectorMove",
    "StringStatus",
    "TruncatedFrameError",
    "UnknownMessage",
    "__version__",
    "decode_text",
    "default_codec",
    "default_registry",
    "encode_frame",
    "encode_text",
    "format_number",
    "gui_codec",
    "gui_registry",
    "is_list",
    "join_list",
    "list_safe",
    "readable",
    "split_list",
]


def __getattr__(name: str) -> object:
    """`dcs_codec.gui` without an import of its own: it is loaded when it is first asked for."""
    if name == "gui":
        import dcs_codec.gui as module  # noqa: PLC0415

        return module
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
