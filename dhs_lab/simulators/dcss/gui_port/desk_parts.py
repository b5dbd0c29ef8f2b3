"""`Parts`: what commands of GUIs need from the server, and what several of them share."""

from collections.abc import Callable

import attrs

from dhs_lab.simulators.dcss.asking import Runs
from dhs_lab.simulators.dcss.control import Control
from dhs_lab.simulators.dcss.database import Database
from dhs_lab.simulators.dcss.gui_port.audience import Audience
from dhs_lab.simulators.dcss.gui_port.masters import Masters
from dhs_lab.simulators.dcss.gui_port.permits import Permits
from dhs_lab.simulators.dcss.scripting_engine.engine import Engine
from dhs_lab.simulators.dcss.sessions import Sessions
from dhs_runtime.lowlevel import NotConnectedError

Begun = Runs | None
"""The runs that a command began; None if it was refused, or its DHS is not connected."""


@attrs.frozen(kw_only=True)
class Parts:
    """The parts of a server that commands use.

    Attributes:
        control: Sends commands to DHSs, and waits for their answers.
        database: The devices.
        sessions: The DHSs.
        engine: The scripting engine.
        audience: All clients.
        masters: Who is master.
        permits: Who may do what.
    """

    control: Control
    database: Database
    sessions: Sessions
    engine: Engine
    audience: Audience
    masters: Masters
    permits: Permits

    def forward(self, name: str, text: str, offline: Callable[[str], None]) -> Begun:
        """Forward a GUI's text to the owner of a device, with the keyword `stoh_...`.

        Args:
            name: Name of the device.
            text: `gtos_...`, unchanged.
            offline: Called with the name of the host if its DHS is not connected.
        """
        host = self.database.owner(name)
        try:
            return self.control.forward(host, "stoh_" + text.removeprefix("gtos_"))
        except NotConnectedError:
            offline(host)
            return None
