"""What DCSS has sent about the beamline: values that are replaced, never changed.

The first push does not say which motors move and which operations run, so both are None (unknown)
until a message says so.
"""

import functools
from collections.abc import Iterator
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
from dhs_runtime.client.seen import (
    Change,
    EncoderView,
    HostView,
    IonChamberView,
    MotorView,
    OperationView,
    ShutterView,
    StringView,
    View,
)

V = TypeVar("V", bound=View)

ONLINE = "online"


class BeamlinePicture:
    """The beamline as received since one login; its owner has the lock."""

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
        self.location = ""
        self.is_staff = False
        self.is_master = False
        self._changes: list[Change] = []

    def views(self) -> Iterator[View]:
        """All views, kind by kind."""
        for kind in (
            *(self.motors, self.shutters, self.strings, self.encoders),
            *(self.ion_chambers, self.operations, self.hosts),
        ):
            yield from kind.values()

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

    def apply(self, message: Message) -> None:
        """Enter a message; those that are not about the beamline change nothing."""
        _apply(message, self)


@functools.singledispatch
def _apply(message: Message, picture: BeamlinePicture) -> None:
    """The function that enters messages of a class, looked up once; most change nothing."""


@_apply.register
def _(message: StogConfigureHardwareHost, picture: BeamlinePicture) -> None:
    is_online = message.state == ONLINE
    picture.put(picture.hosts, HostView(name=message.host_name, is_online=is_online))


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
    picture.change(picture.motors, message.motor_name, position=message.position, is_moving=False)


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
    except DecodeError:  # the request that waits for it reports this
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
    if old := picture.operations.get(message.operation_name):
        running = old.running | {message.operation_handle}
        picture.change(picture.operations, message.operation_name, running=running)


@_apply.register
def _(message: StogOperationCompleted, picture: BeamlinePicture) -> None:
    if old := picture.operations.get(message.operation_name):
        running = old.running - {message.operation_handle}
        picture.change(picture.operations, message.operation_name, running=running)


@_apply.register
def _(message: StogSetPermissionLevel, picture: BeamlinePicture) -> None:
    picture.location, picture.is_staff = message.location, message.is_staff


@_apply.register
def _(_: StogUpdateClientList, picture: BeamlinePicture) -> None:
    picture.clients.clear()


@_apply.register
def _(message: StogUpdateClient, picture: BeamlinePicture) -> None:
    try:
        picture.clients[message.client_id] = message.client
    except DecodeError:  # a row that dcss cut; the others are used
        return


@_apply.register
def _(_: StogBecomeMaster, picture: BeamlinePicture) -> None:
    picture.is_master = True


@_apply.register
def _(_: StogBecomeSlave, picture: BeamlinePicture) -> None:
    picture.is_master = False


def _is_open(state: str) -> bool | None:
    return {ShutterState.OPEN.value: True, ShutterState.CLOSED.value: False}.get(state)
