"""`Readings`: the values of devices in the database of a simulated DCSS."""

import copy

from dhs_lab.simulators.dcss.database import Database
from dhs_lab.simulators.dcss.entries import EncoderEntry, IonChamberEntry, ShutterEntry, StringEntry
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.dcss.motors import MotorEntry


class Readings:
    """Reads the database; all methods raise DhsError if it has no such device."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def devices(self) -> dict[str, Entry]:
        """All devices by name, as they are now: copies, which do not change."""
        with self._database.lock:
            return {
                device.name: copy.copy(device)
                for host in self._database.hosts.values()
                for device in host.devices
            }

    def motor(self, name: str) -> MotorEntry:
        """A motor as it is now: a copy, which does not change."""
        _, motor = self._database.get(name, MotorEntry)
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
        _, shutter = self._database.get(name, ShutterEntry)
        with self._database.lock:
            return shutter.state

    def counts(self, name: str) -> float:
        """Counts of an ion chamber's last report."""
        _, ion_chamber = self._database.get(name, IonChamberEntry)
        with self._database.lock:
            return ion_chamber.counts

    def encoder_position(self, name: str) -> float:
        """Position of an encoder, scaled."""
        _, encoder = self._database.get(name, EncoderEntry)
        with self._database.lock:
            return encoder.position

    def string(self, name: str) -> str:
        """Contents of a string in the database."""
        _, string = self._database.get(name, StringEntry)
        with self._database.lock:
            return string.contents
