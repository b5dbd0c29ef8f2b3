"""`Readings`: the values of devices in the database of a simulated DCSS."""

import copy
from typing import TypeVar

from dhs_lab.simulators.dcss.database import Database
from dhs_lab.simulators.dcss.entries import EncoderEntry, IonChamberEntry, ShutterEntry, StringEntry
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_runtime.lowlevel import DhsError

D = TypeVar("D", bound=Entry)


class Readings:
    """Reads the database; all methods raise DhsError if it has no such device."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def devices(self) -> dict[str, Entry]:
        """All devices by name, as they are now: copies that stay as they are."""
        with self._database.lock:
            return {
                device.name: copy.copy(device)
                for host in self._database.hosts.values()
                for device in host.devices
            }

    def motor(self, name: str) -> MotorEntry:
        """A motor as it is now: a copy that stays as it is."""
        motor = self._found(name, MotorEntry, "motor")
        with self._database.lock:
            return copy.copy(motor)

    def position(self, name: str) -> float:
        """Position of a motor, scaled."""
        return self.motor(name).position

    def is_moving(self, name: str) -> bool:
        """Whether the DHS reported a move of this motor as started and not yet as completed."""
        return self.motor(name).is_moving

    def shutter_state(self, name: str) -> str:
        """State of a shutter, `open` or `closed`."""
        shutter = self._found(name, ShutterEntry, "shutter")
        with self._database.lock:
            return shutter.state

    def counts(self, name: str) -> float:
        """Counts of an ion chamber's last report."""
        ion_chamber = self._found(name, IonChamberEntry, "ion chamber")
        with self._database.lock:
            return ion_chamber.counts

    def encoder_position(self, name: str) -> float:
        """Position of an encoder, scaled."""
        encoder = self._found(name, EncoderEntry, "encoder")
        with self._database.lock:
            return encoder.position

    def string(self, name: str) -> str:
        """Contents of a string in the database."""
        string = self._found(name, StringEntry, "string")
        with self._database.lock:
            return string.contents

    def _found(self, name: str, kind: type[D], what: str) -> D:
        found = self._database.find(name)
        if found is None or not isinstance(found[1], kind):
            raise DhsError(f"the database has no {what} named {name}")
        return found[1]
