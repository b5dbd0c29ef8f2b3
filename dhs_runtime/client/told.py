"""What a client knows of the beamline, as read-only mappings of values."""

from collections.abc import Mapping

from dcs_codec.gui import ClientRow
from dhs_runtime.client.picture import BeamlinePicture
from dhs_runtime.client.seen import (
    DeviceView,
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
    """The last values from DCSS; they stay while the link is lost, and are sent again after it.

    Reading never waits. A value does not change: read it again for a newer one.
    """

    def __init__(self) -> None:
        self._picture = BeamlinePicture()

    @property
    def motors(self) -> Mapping[str, MotorView]:
        """The motors; a missing name raises `NoDeviceError`."""
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
        """All views: motors, shutters, strings, encoders and so on, kind by kind."""
        return list(self._picture.views())

    def view(self, name: str) -> View:
        """The object with this name, of any kind.

        Raises:
            NoDeviceError: There is none.
        """
        known = {view.name: view for view in self.views()}
        return Named("device", known)[name]

    def is_online(self, view: View) -> bool:
        """Whether the DHS of a device is online."""
        host = view.host if isinstance(view, DeviceView) else view.name
        return host in self.hosts and self.hosts[host].is_online

    @property
    def client_id(self) -> int:
        """Number that DCSS gave this connection; it changes with each reconnect."""
        return self._picture.client_id

    @property
    def clients(self) -> Mapping[int, ClientRow]:
        """The clients of DCSS by number, as far as it could list them."""
        return dict(self._picture.clients)

    @property
    def is_master(self) -> bool:
        """Whether this client is master."""
        return self._picture.is_master

    @property
    def location(self) -> str:
        """The place of this client according to DCSS: HUTCH, LOCAL or REMOTE."""
        return self._picture.location
