"""Codec of the DCS hardware protocol (DCSS and its DHSs): bytes to messages and back, no I/O.

    >>> from dcs_codec import decode_text, encode_text
    >>> message = decode_text("stoh_start_operation getLoopTip 1.10 0")
    >>> message.operation_handle
    '1.10'
    >>> encode_text(message)
    'stoh_start_operation getLoopTip 1.10 0'

`DcsProtocol` is one connection without its socket; `FrameDecoder` and `Codec` are its halves.
"""

from dcs_codec.codec import Codec, decode_text, default_codec, encode_text
from dcs_codec.errors import (
    BadHeaderError,
    DcsError,
    DecodeError,
    EncodeError,
    FrameError,
    FrameTooLargeError,
    HandshakeError,
    LocalProtocolError,
    RegistryError,
    RemoteProtocolError,
    StateError,
    TruncatedFrameError,
)
from dcs_codec.frames import NEED_DATA, Frame, FrameDecoder, Framing, NeedData, encode_frame
from dcs_codec.message import Direction, MalformedMessage, Message, UnknownMessage
from dcs_codec.messages import DHS_MESSAGES, default_registry
from dcs_codec.messages.operation import (
    HtosOperationCompleted,
    HtosOperationUpdate,
    HtosStartOperation,
    StohConfigureOperation,
    StohRegisterOperation,
    StohStartOperation,
    StohStopOperation,
)
from dcs_codec.messages.session import (
    HtosClientIsHardware,
    HtosClientTypeIsHardware,
    HtosLog,
    HtosNote,
    HtosSendConfiguration,
    StocSendClientType,
    StohAbortAll,
)
from dcs_codec.messages.string import (
    HtosSetStringCompleted,
    StohConfigureString,
    StohRegisterString,
    StohSetString,
)
from dcs_codec.numbers import format_number
from dcs_codec.protocol import DcsProtocol, Disconnected, Event
from dcs_codec.registry import Registry
from dcs_codec.state import Role, State
from dcs_codec.words import join_list, split_list

__version__ = "0.1.0"

__all__ = [
    "DHS_MESSAGES",
    "NEED_DATA",
    "BadHeaderError",
    "Codec",
    "DcsError",
    "DcsProtocol",
    "DecodeError",
    "Direction",
    "Disconnected",
    "EncodeError",
    "Event",
    "Frame",
    "FrameDecoder",
    "FrameError",
    "FrameTooLargeError",
    "Framing",
    "HandshakeError",
    "HtosClientIsHardware",
    "HtosClientTypeIsHardware",
    "HtosLog",
    "HtosNote",
    "HtosOperationCompleted",
    "HtosOperationUpdate",
    "HtosSendConfiguration",
    "HtosSetStringCompleted",
    "HtosStartOperation",
    "LocalProtocolError",
    "MalformedMessage",
    "Message",
    "NeedData",
    "Registry",
    "RegistryError",
    "RemoteProtocolError",
    "Role",
    "State",
    "StateError",
    "StocSendClientType",
    "StohAbortAll",
    "StohConfigureOperation",
    "StohConfigureString",
    "StohRegisterOperation",
    "StohRegisterString",
    "StohSetString",
    "StohStartOperation",
    "StohStopOperation",
    "TruncatedFrameError",
    "UnknownMessage",
    "__version__",
    "decode_text",
    "default_codec",
    "default_registry",
    "encode_frame",
    "encode_text",
    "format_number",
    "join_list",
    "split_list",
]
