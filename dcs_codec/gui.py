"""Everything of DCSS's GUI port; imported by its own name, since a DHS does not need it.

    >>> from dcs_codec import DcsProtocol, Role
    >>> from dcs_codec.gui import GtosStartMotorMove, gui_codec
    >>> gui_codec().encode_text(GtosStartMotorMove(motor_name="gonio_phi", destination=90))
    'gtos_start_motor_move gonio_phi 90'
    >>> protocol = DcsProtocol(Role.GUI)

`StocSendClientType` is not the hardware port's: here it may bring the number of the connection.
"""

import types
import typing

from dcs_codec.codec import gui_codec as gui_codec
from dcs_codec.codec import gui_registry as gui_registry
from dcs_codec.gui_login import CYPHER as CYPHER
from dcs_codec.gui_login import DCS_CYPHER as DCS_CYPHER
from dcs_codec.gui_messages import GUI_MESSAGES as GUI_MESSAGES
from dcs_codec.gui_messages.database import *
from dcs_codec.gui_messages.detector import *
from dcs_codec.gui_messages.encoder import *
from dcs_codec.gui_messages.ion_chamber import *
from dcs_codec.gui_messages.log import *
from dcs_codec.gui_messages.master import *
from dcs_codec.gui_messages.motor import *
from dcs_codec.gui_messages.operation import *
from dcs_codec.gui_messages.rows import *
from dcs_codec.gui_messages.scan import *
from dcs_codec.gui_messages.session import *
from dcs_codec.gui_messages.shutter import *
from dcs_codec.gui_messages.string import *
from dcs_codec.message import LoginTicket as LoginTicket

if not typing.TYPE_CHECKING:  # a type checker takes what the stars bring
    __all__ = [
        name
        for name, thing in globals().items()
        if name[0] != "_" and type(thing) is not types.ModuleType
    ]
