"""The first push: what a client gets after its login, permits and every device."""

from collections.abc import Iterator

from dcs_codec import EncodeError
from dhs_lab.simulators.dcss.database import Database
from dhs_lab.simulators.dcss.gui_port.audience import Audience
from dhs_lab.simulators.dcss.gui_port.gui_client import ConnectedGui, framed
from dhs_lab.simulators.dcss.gui_texts import configured
from dhs_lab.simulators.dcss.motors import MotorEntry, PseudoMotorEntry
from dhs_lab.simulators.dcss.sessions import Sessions
from dhs_runtime.lowlevel import get_logger

logger = get_logger(__name__)

NO_DEVICE_PERMITS = "0 1 1 1 1"
"""Permits that are sent for hosts and runs."""

_ROOM_S = 5.0


class FirstPush:
    """Sends the whole database to a new client."""

    def __init__(self, database: Database, sessions: Sessions, audience: Audience) -> None:
        self._database = database
        self._sessions = sessions
        self._audience = audience

    def send(self, client: ConnectedGui) -> None:
        """Send every record of the database to a client of the audience, in its order.

        Source: dcss_gui_client.c:532-563, 957-1043, confirmed on the wire
        """
        client.tell(client.permission_level())
        names = self._database.records()
        for name in names:
            try:
                with self._audience.lock:  # an update might come before the older configuration
                    client.outbox.put(b"".join(map(framed, self.record(name))), spares=True)
            except EncodeError as error:
                logger.warning("%s does not get the messages about %s: %s", client, name, error)
            client.outbox.wait_room(_ROOM_S)
        for name in names:
            found = self._database.find(name)
            if found is not None and isinstance(found[1], MotorEntry):
                client.outbox.put(b"".join(map(framed, _units(found[1]))), spares=True)
        client.tell("stog_dcss_end_update_all_device")

    def record(self, name: str) -> Iterator[str]:
        """The messages about one record, and about its permits.

        Raises:
            EncodeError: A value does not fit the wire.
        """
        found = self._database.find(name)
        if found is None:
            if name in self._database.runs:
                yield self._database.runs[name]
            else:
                yield host_told(name, is_online=self._sessions.is_online(name))
            yield permits_told(name, NO_DEVICE_PERMITS, NO_DEVICE_PERMITS)
            return
        host, device = found
        with self._database.lock:
            permits = self._database.permits[name]
            text = configured(host, device)
        yield text
        yield permits_told(name, *permits)


def host_told(name: str, *, is_online: bool) -> str:
    """`stog_configure_hardware_host`."""
    return f"stog_configure_hardware_host {name} self {'online' if is_online else 'offline'}"


def permits_told(name: str, staff: str, users: str) -> str:
    """`stog_device_permission_bit`."""
    return f"stog_device_permission_bit {name} {{{staff}}} {{{users}}}"


def _units(motor: MotorEntry) -> Iterator[str]:
    yield f"stog_set_motor_base_units {motor.name} {motor.units}"
    if motor.dependencies:
        yield " ".join(("stog_set_motor_dependency", motor.name, *motor.dependencies))
        if isinstance(motor, PseudoMotorEntry):
            yield " ".join(("stog_set_motor_children", motor.name, *motor.children))
