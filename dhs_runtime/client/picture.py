"""What DCSS has sent about the beamline: values that are replaced, never changed.

The first push does not say which motors move and which operations run. Until a message does,
`is_moving` is None (unknown) and `running` is empty.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import attrs

from dcs_codec import DecodeError, IonChamberFailure, Message, ShutterState
from dcs_codec.gui import (
    ClientRow,
    StogBecomeMaster,
    StogBecomeSlave,
    StogConfigureEncoder,
    StogConfigureHardwareHost,
    StogConfigureIonChamber,
    StogConfigureOperation,
    StogConfigurePseudoMotor,
    StogConfigureRealMotor,
    StogConfigureShutter,
    StogConfigureString,
    StogGetEncoderCompleted,
    StogMotorMoveCompleted,
    StogMotorMoveStarted,
    StogOperationCompleted,
    StogReportIonChambers,
    StogReportShutterState,
    StogSetEncoderCompleted,
    StogSetMotorBaseUnits,
    StogSetPermissionLevel,
    StogSetStringCompleted,
    StogStartOperation,
    StogUpdateClient,
    StogUpdateClientList,
    StogUpdateMotorPosition,
)
from dhs_runtime.answers import NORMAL
from dhs_runtime.client.errors import is_moving_after
from dhs_runtime.client.seen import (
    Change,
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
    no_device,
)

V = TypeVar("V", bound=View)

ONLINE = "online"
MOST_RUNNING = 1_000
"""Most running handles of one operation that are kept; further starts are ignored."""


class BeamlinePicture:
    """The beamline as received since one login; the caller holds the lock."""

    def __init__(self, client_id: int = 0) -> None:
        self.client_id = client_id
        self.motors: dict[str, MotorView] = {}
        self.shutters: dict[str, ShutterView] = {}
        self.strings: dict[str, StringView] = {}
        self.encoders: dict[str, EncoderView] = {}
        self.ion_chambers: dict[str, IonChamberView] = {}
        self.operations: dict[str, OperationView] = {}
        self.hosts: dict[str, HostView] = {}
        self.clients: dict[int, ClientRow] = {}
        self.has_all_clients = False
        self._listed: dict[int, ClientRow] = {}
        self._rows_to_come = 0
        self.location = ""
        self.is_master = False
        self._changes: list[Change] = []

    def _kinds(self) -> tuple[Mapping[str, View], ...]:
        return (
            *(self.motors, self.shutters, self.strings, self.encoders),
            *(self.ion_chambers, self.operations, self.hosts),
        )

    def views(self) -> Iterator[View]:
        """All views, kind by kind; any thread may call this, without the lock."""
        for kind in self._kinds():
            yield from tuple(kind.values())

    def view(self, name: str) -> View | None:
        """The view with this name, of any kind; any thread may call this, without the lock."""
        return next((kind[name] for kind in self._kinds() if name in kind), None)

    def take_changes(self) -> list[Change]:
        """The changes since the last call."""
        changes, self._changes = self._changes, []
        return changes

    def changes_since(self, old: "BeamlinePicture") -> list[Change]:
        """The differences from an older picture."""
        before = {(view.kind, view.name): view for view in old.views()}
        after = {(view.kind, view.name): view for view in self.views()}
        return [
            Change(before.get(key), after.get(key))
            for key in before | after
            if before.get(key) != after.get(key)
        ]

    def put(self, views: dict[str, V], view: V, *, is_update: bool = False) -> None:
        """Store a new view."""
        before = views.get(view.name)
        if before != view:
            views[view.name] = view
            self._changes.append(Change(before, view, is_update))

    def change(
        self, views: dict[str, V], name: str, *, is_update: bool = False, **changes: object
    ) -> None:
        """Change some values of a view; does nothing for a name that DCSS never sent."""
        old: Any = views.get(name)
        if old is not None:
            self.put(views, attrs.evolve(old, **changes), is_update=is_update)

    def list_clients(self, count: int) -> None:
        """Start a new list of `count` clients; the old one stays until it is complete."""
        self._listed, self._rows_to_come = {}, count
        self._end_list()

    def add_client(self, number: int, row: ClientRow | None) -> None:
        """Enter a row; None if it cannot be read."""
        if row is not None:
            self.clients[number] = self._listed[number] = row
        self._rows_to_come -= 1
        self._end_list()

    def _end_list(self) -> None:
        if self._rows_to_come == 0:
            self.clients, self.has_all_clients = self._listed, True

    def apply(self, message: Message) -> None:
        """Enter a message; one that is not about the beamline changes nothing."""
        _apply(message, self)


class Told:
    """The last values from DCSS. They stay while the link is lost; a reconnect brings new ones.

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
            NoDeviceError: There is no such object.
        """
        view = self._picture.view(name)
        if view is None:
            raise no_device(name, "device", [each.name for each in self.views()])
        return view

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


@functools.singledispatch
def _apply(message: Message, picture: BeamlinePicture) -> None:
    """Enter a message into a picture; messages of most classes change nothing."""


@_apply.register
def _(message: StogConfigureHardwareHost, picture: BeamlinePicture) -> None:
    is_online = message.state == ONLINE
    picture.put(picture.hosts, HostView(name=message.host_name, is_online=is_online))
    if not is_online:  # its operations are over, and dcss does not report their ends
        for name, operation in picture.operations.items():
            if operation.host == message.host_name:
                picture.change(picture.operations, name, running=frozenset())


@_apply.register(StogConfigureRealMotor)
@_apply.register(StogConfigurePseudoMotor)
def _(message: StogConfigureRealMotor | StogConfigurePseudoMotor, picture: BeamlinePicture) -> None:
    old = picture.motors.get(message.motor_name)
    view = MotorView(
        name=message.motor_name,
        host=message.hardware_host,
        position=message.position,
        config=message,
        units=old.units if old else "",
        is_moving=old.is_moving if old else None,
    )
    picture.put(picture.motors, view)


@_apply.register
def _(message: StogSetMotorBaseUnits, picture: BeamlinePicture) -> None:
    picture.change(picture.motors, message.motor_name, units=message.units)


@_apply.register
def _(message: StogMotorMoveStarted, picture: BeamlinePicture) -> None:
    picture.change(picture.motors, message.motor_name, is_moving=True)


@_apply.register
def _(message: StogUpdateMotorPosition, picture: BeamlinePicture) -> None:
    picture.change(picture.motors, message.motor_name, position=message.position, is_update=True)


@_apply.register
def _(message: StogMotorMoveCompleted, picture: BeamlinePicture) -> None:
    if old := picture.motors.get(message.motor_name):
        is_moving = is_moving_after(message.status, old.is_moving)
        picture.put(
            picture.motors, attrs.evolve(old, position=message.position, is_moving=is_moving)
        )


@_apply.register
def _(message: StogConfigureShutter, picture: BeamlinePicture) -> None:
    name, host = message.shutter_name, message.hardware_host
    is_open = _is_open(message.shutter_state)
    picture.put(picture.shutters, ShutterView(name=name, host=host, is_open=is_open))


@_apply.register
def _(message: StogReportShutterState, picture: BeamlinePicture) -> None:
    if message.result in ("", NORMAL):
        picture.change(
            picture.shutters, message.shutter_name, is_open=_is_open(message.shutter_state)
        )


@_apply.register
def _(message: StogConfigureString, picture: BeamlinePicture) -> None:
    name, host, contents = message.string_name, message.hardware_host, message.string_contents
    picture.put(picture.strings, StringView(name=name, host=host, contents=contents))


@_apply.register
def _(message: StogSetStringCompleted, picture: BeamlinePicture) -> None:
    if message.string_status == NORMAL:
        picture.change(picture.strings, message.string_name, contents=message.string_contents)


@_apply.register
def _(message: StogConfigureEncoder, picture: BeamlinePicture) -> None:
    name, host = message.encoder_name, message.hardware_host
    picture.put(picture.encoders, EncoderView(name=name, host=host, position=message.position))


@_apply.register(StogGetEncoderCompleted)
@_apply.register(StogSetEncoderCompleted)
def _(message: StogGetEncoderCompleted | StogSetEncoderCompleted, picture: BeamlinePicture) -> None:
    if message.status == NORMAL:
        picture.change(picture.encoders, message.encoder_name, position=message.position)


@_apply.register
def _(message: StogConfigureIonChamber, picture: BeamlinePicture) -> None:
    name, host = message.ion_chamber_name, message.hardware_host
    picture.put(picture.ion_chambers, IonChamberView(name=name, host=host))


@_apply.register
def _(message: StogReportIonChambers, picture: BeamlinePicture) -> None:
    try:
        result = message.result
    except DecodeError:  # the request that waits for it says so if it times out
        return
    if not isinstance(result, IonChamberFailure):
        for reading in result:
            picture.change(picture.ion_chambers, reading.name, counts=reading.counts)


@_apply.register
def _(message: StogConfigureOperation, picture: BeamlinePicture) -> None:
    name, host = message.operation_name, message.hardware_host
    picture.put(picture.operations, OperationView(name=name, host=host))


@_apply.register
def _(message: StogStartOperation, picture: BeamlinePicture) -> None:
    old = picture.operations.get(message.operation_name)
    if old is not None and len(old.running) < MOST_RUNNING:
        running = old.running | {message.operation_handle}
        picture.change(picture.operations, message.operation_name, running=running)


@_apply.register
def _(message: StogOperationCompleted, picture: BeamlinePicture) -> None:
    if old := picture.operations.get(message.operation_name):
        running = old.running - {message.operation_handle}
        picture.change(picture.operations, message.operation_name, running=running)


@_apply.register
def _(message: StogSetPermissionLevel, picture: BeamlinePicture) -> None:
    picture.location = message.location


@_apply.register
def _(message: StogUpdateClientList, picture: BeamlinePicture) -> None:
    picture.list_clients(message.client_count)


@_apply.register
def _(message: StogUpdateClient, picture: BeamlinePicture) -> None:
    try:
        row = message.client
    except DecodeError:  # a row that dcss cut; the others are used
        row = None
    picture.add_client(message.client_id, row)


@_apply.register
def _(_: StogBecomeMaster, picture: BeamlinePicture) -> None:
    picture.is_master = True


@_apply.register
def _(_: StogBecomeSlave, picture: BeamlinePicture) -> None:
    picture.is_master = False


def _is_open(state: str) -> bool | None:
    return {ShutterState.OPEN.value: True, ShutterState.CLOSED.value: False}.get(state)
