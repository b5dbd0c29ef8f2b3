"""What DCSS has told of the beamline: values that are replaced, never changed.

Nothing in the first push says which motors move and which operations run, so both are None
(unknown) until something is heard.
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
    """The beamline as one login told it; its owner has the lock."""

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
        """All that has a name, kind by kind."""
        for kind in (
            *(self.motors, self.shutters, self.strings, self.encoders),
            *(self.ion_chambers, self.operations, self.hosts),
        ):
            yield from kind.values()

    def take_changes(self) -> list[Change]:
        """What changed since the last call."""
        changes, self._changes = self._changes, []
        return changes

    def changes_since(self, old: "BeamlinePicture") -> list[Change]:
        """What is another in this picture than in an old one."""
        before = {(view.kind, view.name): view for view in old.views()}
        after = {(view.kind, view.name): view for view in self.views()}
        return [
            Change(before.get(key), after.get(key))
            for key in before | after
            if before.get(key) != after.get(key)
        ]

    def _put(self, views: dict[str, V], view: V, *, is_update: bool = False) -> None:
        before = views.get(view.name)
        if before != view:
            views[view.name] = view
            self._changes.append(Change(before, view, is_update))

    def _change(
        self, views: dict[str, V], name: str, *, is_update: bool = False, **changes: object
    ) -> None:
        old: Any = views.get(name)
        if old is not None:  # of a name that DCSS never told there is nothing to keep
            self._put(views, attrs.evolve(old, **changes), is_update=is_update)

    @functools.singledispatchmethod
    def apply(self, message: Message) -> None:
        """Take a message in; those that say nothing of the beamline change nothing."""

    @apply.register
    def _(self, message: StogConfigureHardwareHost) -> None:
        is_online = message.state == ONLINE
        self._put(self.hosts, HostView(name=message.host_name, is_online=is_online))

    @apply.register(StogConfigureRealMotor)
    @apply.register(StogConfigurePseudoMotor)
    def _(self, message: StogConfigureRealMotor | StogConfigurePseudoMotor) -> None:
        old = self.motors.get(message.motor_name)
        view = MotorView(
            name=message.motor_name,
            host=message.hardware_host,
            position=message.position,
            config=message,
            units=old.units if old else "",
            is_moving=old.is_moving if old else None,
        )
        self._put(self.motors, view)

    @apply.register
    def _(self, message: StogSetMotorBaseUnits) -> None:
        self._change(self.motors, message.motor_name, units=message.units)

    @apply.register
    def _(self, message: StogMotorMoveStarted) -> None:
        self._change(self.motors, message.motor_name, is_moving=True)

    @apply.register
    def _(self, message: StogUpdateMotorPosition) -> None:
        self._change(self.motors, message.motor_name, position=message.position, is_update=True)

    @apply.register
    def _(self, message: StogMotorMoveCompleted) -> None:
        self._change(self.motors, message.motor_name, position=message.position, is_moving=False)

    @apply.register
    def _(self, message: StogConfigureShutter) -> None:
        name, host = message.shutter_name, message.hardware_host
        is_open = _is_open(message.shutter_state)
        self._put(self.shutters, ShutterView(name=name, host=host, is_open=is_open))

    @apply.register
    def _(self, message: StogReportShutterState) -> None:
        if message.result in ("", NORMAL):
            self._change(
                self.shutters, message.shutter_name, is_open=_is_open(message.shutter_state)
            )

    @apply.register
    def _(self, message: StogConfigureString) -> None:
        name, host, contents = message.string_name, message.hardware_host, message.string_contents
        self._put(self.strings, StringView(name=name, host=host, contents=contents))

    @apply.register
    def _(self, message: StogSetStringCompleted) -> None:
        if message.string_status == NORMAL:
            self._change(self.strings, message.string_name, contents=message.string_contents)

    @apply.register
    def _(self, message: StogConfigureEncoder) -> None:
        name, host = message.encoder_name, message.hardware_host
        self._put(self.encoders, EncoderView(name=name, host=host, position=message.position))

    @apply.register(StogGetEncoderCompleted)
    @apply.register(StogSetEncoderCompleted)
    def _(self, message: StogGetEncoderCompleted | StogSetEncoderCompleted) -> None:
        if message.status == NORMAL:
            self._change(self.encoders, message.encoder_name, position=message.position)

    @apply.register
    def _(self, message: StogConfigureIonChamber) -> None:
        name, host = message.ion_chamber_name, message.hardware_host
        self._put(self.ion_chambers, IonChamberView(name=name, host=host))

    @apply.register
    def _(self, message: StogReportIonChambers) -> None:
        try:
            result = message.result
        except DecodeError:  # it says so where it is waited for
            return
        if not isinstance(result, IonChamberFailure):
            for reading in result:
                self._change(self.ion_chambers, reading.name, counts=reading.counts)

    @apply.register
    def _(self, message: StogConfigureOperation) -> None:
        name, host = message.operation_name, message.hardware_host
        self._put(self.operations, OperationView(name=name, host=host))

    @apply.register
    def _(self, message: StogStartOperation) -> None:
        if old := self.operations.get(message.operation_name):
            running = old.running | {message.operation_handle}
            self._change(self.operations, message.operation_name, running=running)

    @apply.register
    def _(self, message: StogOperationCompleted) -> None:
        if old := self.operations.get(message.operation_name):
            running = old.running - {message.operation_handle}
            self._change(self.operations, message.operation_name, running=running)

    @apply.register
    def _(self, message: StogSetPermissionLevel) -> None:
        self.location, self.is_staff = message.location, message.is_staff

    @apply.register
    def _(self, _: StogUpdateClientList) -> None:
        self.clients.clear()

    @apply.register
    def _(self, message: StogUpdateClient) -> None:
        try:
            self.clients[message.client_id] = message.client
        except DecodeError:  # a row that dcss cut; the others stand
            return

    @apply.register
    def _(self, _: StogBecomeMaster) -> None:
        self.is_master = True

    @apply.register
    def _(self, _: StogBecomeSlave) -> None:
        self.is_master = False


def _is_open(state: str) -> bool | None:
    return {ShutterState.OPEN.value: True, ShutterState.CLOSED.value: False}.get(state)
