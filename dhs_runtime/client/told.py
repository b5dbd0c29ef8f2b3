"""What a client knows of the beamline, as read-only mappings of values."""

from collections.abc import Mapping

from dcs_codec.gui import ClientRow
from dhs_runtime.client.picture import BeamlinePicture
from dhs_runtime.client.seen import (
    EncoderView,
    HostView,
    IonChamberView,
    MotorView,
    Named,
    OperationView,
    ShutterView,
    StringView,
    View,
)


class Told:
    """What DCSS told last; it stays while the link is lost, and is told anew after it.

    Reading never waits. A value is frozen: ask again for a newer one.
    """

    def __init__(self) -> None:
        self._picture = BeamlinePicture()

    @property
    def motors(self) -> Mapping[str, MotorView]:
        """The motors as DCSS told them last; a missing name is `NoDeviceError`."""
        return Named("motor", self._picture.motors)

    @property
    def shutters(self) -> Mapping[str, ShutterView]:
        """The shutters."""
        return Named("shutter", self._picture.shutters)

    @property
    def strings(self) -> Mapping[str, StringView]:
        """The strings."""
        return Named("string", self._picture.strings)

    @property
    def encoders(self) -> Mapping[str, EncoderView]:
        """The encoders."""
        return Named("encoder", self._picture.encoders)

    @property
    def ion_chambers(self) -> Mapping[str, IonChamberView]:
        """The ion chambers."""
        return Named("ion chamber", self._picture.ion_chambers)

    @property
    def operations(self) -> Mapping[str, OperationView]:
        """The operations."""
        return Named("operation", self._picture.operations)

    @property
    def hosts(self) -> Mapping[str, HostView]:
        """The hardware hosts: DHSs, and `self`, the scripting engine."""
        return Named("hardware host", self._picture.hosts)

    def views(self) -> list[View]:
        """All that has a name: motors, shutters, strings, encoders and so on, kind by kind."""
        return list(self._picture.views())

    def view(self, name: str) -> View:
        """The object with this name, of any kind.

        Raises:
            NoDeviceError: Nothing has.
        """
        known = {view.name: view for view in self.views()}
        return Named("device", known)[name]

    def is_online(self, view: View) -> bool:
        """Whether the DHS of a device is there."""
        host = view.name if isinstance(view, HostView) else view.host
        return host in self.hosts and self.hosts[host].is_online

    @property
    def client_id(self) -> int:
        """Number that DCSS gave this connection; another after each reconnect."""
        return self._picture.client_id

    @property
    def clients(self) -> Mapping[int, ClientRow]:
        """All clients of DCSS by number, those that it could tell."""
        return dict(self._picture.clients)

    @property
    def is_master(self) -> bool:
        """Whether this client is master."""
        return self._picture.is_master

    @property
    def location(self) -> str:
        """Where DCSS takes this client to be: HUTCH, LOCAL or REMOTE."""
        return self._picture.location
