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

import types
import typing

from dcs_codec.codec import *
from dcs_codec.errors import *
from dcs_codec.frames import *
from dcs_codec.lists import *
from dcs_codec.message import *
from dcs_codec.messages import DHS_MESSAGES as DHS_MESSAGES
from dcs_codec.messages import default_registry as default_registry
from dcs_codec.messages.database import *
from dcs_codec.messages.detector import *
from dcs_codec.messages.encoder import *
from dcs_codec.messages.ion_chamber import *
from dcs_codec.messages.motor import *
from dcs_codec.messages.operation import *
from dcs_codec.messages.scan import *
from dcs_codec.messages.session import *
from dcs_codec.messages.shutter import *
from dcs_codec.messages.string import *
from dcs_codec.numbers import *
from dcs_codec.protocol import *
from dcs_codec.readable import *
from dcs_codec.registry import *
from dcs_codec.state import *
from dcs_codec.vocabulary import *

__version__ = "0.1.0"

if not typing.TYPE_CHECKING:  # a type checker takes what the stars bring
    __all__ = [
        name
        for name, thing in globals().items()
        if name == "__version__" or (name[0] != "_" and type(thing) is not types.ModuleType)
    ]


def __getattr__(name: str) -> object:
    """`dcs_codec.gui` without an import of its own: it is loaded when it is first asked for."""
    if name == "gui":
        import dcs_codec.gui as module  # noqa: PLC0415

        return module
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
