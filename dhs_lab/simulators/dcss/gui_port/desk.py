"""`Desk`: dispatches the commands of GUIs.

Source: dcss_gui_client.c:246-273 and the functions named there, confirmed on the wire
"""

from collections.abc import Callable, Mapping
from typing import Final

from dcs_codec import LocalProtocolError
from dhs_lab.simulators.dcss.gui_port.desk_parts import Begun, Parts
from dhs_lab.simulators.dcss.gui_port.device_commands import DEVICE_COMMANDS
from dhs_lab.simulators.dcss.gui_port.gui_client import GuiClient
from dhs_lab.simulators.dcss.gui_port.motor_commands import MOTOR_COMMANDS
from dhs_lab.simulators.dcss.gui_port.office_commands import OFFICE_COMMANDS
from dhs_lab.simulators.dcss.texts import blanked, first_word
from dhs_runtime.lowlevel import DhsError, get_logger

logger = get_logger(__name__)

_COMMAND: Final = 80  # characters: `%80s`

COMMANDS: Final[Mapping[str, Callable[[Parts, GuiClient, str], Begun]]] = {
    **OFFICE_COMMANDS,
    **MOTOR_COMMANDS,
    **DEVICE_COMMANDS,
}
"""By keyword."""


class Desk:
    """Takes commands of clients; those of one client run one after the other."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def take(self, client: GuiClient, text: str) -> Begun:
        """Carry out a command of a client, or tell it why not; returns the runs."""
        text = blanked(text.partition("\0")[0]).lstrip(" \t\r\v\f")
        word = first_word(text)
        command = COMMANDS.get(word)
        if command is None:
            client.log(f"Unrecognized command: {word[:_COMMAND]}.")
            return None
        logger.debug("%s: %.200s", client, text)
        try:
            return command(self._parts, client, text)
        except (DhsError, LocalProtocolError) as error:
            logger.warning("%s: %.200s: %s", client, text, error)
            client.log(f"the simulated DCSS cannot do this: {error}")
            return None
