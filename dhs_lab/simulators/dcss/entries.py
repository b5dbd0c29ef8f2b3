"""Entries of a simulated DCSS's database: a class for each kind of device except motors.

Each knows everything about its kind, see `Entry`; `database.KINDS` lists the classes.
"""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal, Self

import attrs

from dcs_codec import (
    HtosGetEncoderCompleted,
    HtosReportShutterState,
    HtosSetEncoderCompleted,
    HtosSetStringCompleted,
    Message,
    OperationStatus,
    ShutterResult,
    ShutterState,
    StohConfigureEncoder,
    StohConfigureIonChamber,
    StohConfigureObject,
    StohConfigureOperation,
    StohConfigureShutter,
    StohConfigureString,
    StohGetEncoder,
    StohRegisterEncoder,
    StohRegisterIonChamber,
    StohRegisterObject,
    StohRegisterOperation,
    StohRegisterShutter,
    StohRegisterString,
    StohSetEncoder,
    StohSetShutterState,
    StohSetString,
)
from dcs_codec.limits import MAX_STRING_CONTENTS
from dhs_lab.simulators.dcss.dump_sections import PERMITS, STRING_LINES, Section, is_permit
from dhs_lab.simulators.dcss.entry import Entry, permits_field
from dhs_lab.simulators.dcss.reports import EncoderReport, ShutterReport, StringReport
from dhs_runtime.lowlevel import get_logger

_OTHER_STATE: Final[Mapping[str, str]] = {
    ShutterState.OPEN: ShutterState.CLOSED,
    ShutterState.CLOSED: ShutterState.OPEN,
}

logger = get_logger(__name__)


@attrs.frozen
class OperationEntry(Entry):
    """An operation; its hardware name is its name if the dump has none."""

    kind: ClassVar[str] = "operation"
    listed: ClassVar[str] = "operations"
    dump_type: ClassVar[int] = 11

    name: str
    hardware_name: str = ""
    staff_permits: str = permits_field()
    user_permits: str = permits_field()

    def registration(self) -> Message:
        """`stoh_register_operation`."""
        return StohRegisterOperation(
            operation_name=self.name, hardware_name=self.hardware_name or self.name
        )

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_operation`."""
        return StohConfigureOperation(operation_name=self.name, hardware_host=hardware_host)

    @classmethod
    def of_section(cls, section: Section) -> tuple[str, Self]:
        """As `Entry.of_section`."""
        section.expect(3)
        section.permits(1)
        host, hardware_name = section.host()
        return host, cls(section.name, hardware_name)


@attrs.define
class StringEntry(Entry):
    """A string and its contents, which change."""

    kind: ClassVar[str] = "string"
    listed: ClassVar[str] = "strings"
    short_for: ClassVar[str] = "contents"
    dump_type: ClassVar[int] = 13
    name_field: ClassVar[str] = "string_name"
    answers: ClassVar[Mapping[type[Message], type[Message]]] = {
        StohSetString: HtosSetStringCompleted
    }

    name: str
    contents: str = ""
    hardware_name: str = "standardString"
    staff_permits: str = permits_field()
    user_permits: str = permits_field()

    @property
    def value(self) -> str:
        """Its contents."""
        return self.contents

    def describe(self) -> str:
        """One line about it, with the contents in quotes."""
        return f"{self.kind} {self.name} {self.contents!r}"

    def registration(self) -> Message:
        """`stoh_register_string`."""
        return StohRegisterString(string_name=self.name, hardware_name=self.hardware_name)

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_string`."""
        return StohConfigureString(
            string_name=self.name, hardware_host=hardware_host, string_contents=self.contents
        )

    @classmethod
    def of_section(cls, section: Section) -> tuple[str, Self]:
        """As `Entry.of_section`."""
        if not section.is_newer:
            section.expect(1, 2, 3, STRING_LINES)
        at = 1
        lines = section.lines
        if len(lines) > at + 1 and not (section.is_newer and not all(map(is_permit, lines[1:3]))):
            section.permits(at)
            at += PERMITS
        host, hardware_name = section.host()
        return host, cls(section.name, "\n".join(lines[at:]), hardware_name)

    def take(self, message: HtosSetStringCompleted) -> StringReport:
        """Store the contents of a successful report, cut as dcss cuts them."""
        contents = message.string_contents
        if message.string_status == OperationStatus.NORMAL:
            data = contents.encode("utf-8", "surrogateescape")
            if len(data) > MAX_STRING_CONTENTS:
                logger.warning("%s: %d bytes, dcss cuts them at 1879", self.name, len(data))
                contents = data[:MAX_STRING_CONTENTS].decode("utf-8", "surrogateescape")
            self.contents = contents
        return StringReport(contents, message.string_status)

    def lost(self, status: str) -> StringReport:
        """A report with the unchanged contents."""
        return StringReport(self.contents, status)

    @classmethod
    def status_of(cls, report: HtosSetStringCompleted) -> str:
        """`string_status`."""
        return report.string_status


@attrs.define
class ShutterEntry(Entry):
    """A shutter or filter, and its state as the DHS last reported it."""

    kind: ClassVar[str] = "shutter"
    listed: ClassVar[str] = "shutters"
    short_for: ClassVar[str] = "state"
    key_words: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "state": {"open": "open", "closed": "closed"}
    }
    dump_type: ClassVar[int] = 6
    name_field: ClassVar[str] = "shutter_name"
    answers: ClassVar[Mapping[type[Message], type[Message]]] = {
        StohSetShutterState: HtosReportShutterState
    }

    name: str
    state: Literal["open", "closed"] = "closed"
    hardware_name: str = ""
    staff_permits: str = permits_field()
    user_permits: str = permits_field()

    @property
    def value(self) -> str:
        """Its state."""
        return self.state

    def registration(self) -> Message:
        """`stoh_register_shutter`, with the state of the database, not of the hardware."""
        return StohRegisterShutter(
            shutter_name=self.name,
            shutter_state=self.state,
            hardware_name=self.hardware_name or self.name,
        )

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_shutter`."""
        return StohConfigureShutter(
            shutter_name=self.name, hardware_host=hardware_host, shutter_state=self.state
        )

    @classmethod
    def of_section(cls, section: Section) -> tuple[str, Self]:
        """As `Entry.of_section`."""
        section.expect_permits()
        host, state, *more = section.words(0, 2, "host and state")
        hardware_name = more[0] if more else section.name
        for name in (host, hardware_name):
            section.short(0, name)
        is_closed = section.integer(0, state, "state") == 1
        return host, cls(section.name, "closed" if is_closed else "open", hardware_name)

    def take(self, message: HtosReportShutterState) -> ShutterReport:
        """Store the state of a successful report; for dcss, any word except `closed` means open."""
        status = self.status_of(message)
        if status == ShutterResult.NORMAL:
            closed = message.shutter_state == ShutterState.CLOSED
            self.state = "closed" if closed else "open"
        return ShutterReport(message.shutter_state, status)

    def lost(self, status: str) -> ShutterReport:
        """A report with an unknown state."""
        return ShutterReport("unknown", status)

    @classmethod
    def status_of(cls, report: HtosReportShutterState) -> str:
        """`result`, which may be missing."""
        return report.result or ShutterResult.NORMAL

    def is_answer(self, command: StohSetShutterState, report: ShutterReport) -> bool:
        """Whether it is an answer: a `normal` report of the other state is not.

        DHSs send one when a shutter is registered, and it may arrive late.
        """
        other = _OTHER_STATE.get(command.shutter_state, "")
        return report != ShutterReport(other, ShutterResult.NORMAL)


@attrs.define
class IonChamberEntry(Entry):
    """An ion chamber, and what it counted last.

    Attributes:
        name: Name in the database.
        hardware_name: Name of the counter; the device's name if empty.
        counter_channel: Number of its channel.
        timer: Name of the timer that gates the counter.
        timer_type: Its kind.
        counts: Counts of the last report, during the time of that report.
    """

    kind: ClassVar[str] = "ion chamber"
    listed: ClassVar[str] = "ion_chambers"
    dump_type: ClassVar[int] = 4

    name: str
    hardware_name: str = ""
    counter_channel: int = 0
    timer: str = "timer"
    timer_type: str = "standardIonChamber"
    counts: float = 0.0
    staff_permits: str = permits_field()
    user_permits: str = permits_field()

    @property
    def value(self) -> float:
        """Its counts."""
        return self.counts

    def registration(self) -> Message:
        """`stoh_register_ion_chamber`."""
        return StohRegisterIonChamber(
            ion_chamber_name=self.name,
            hardware_name=self.hardware_name or self.name,
            counter_channel=self.counter_channel,
            timer=self.timer,
            timer_type=self.timer_type,
        )

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_ion_chamber`."""
        return StohConfigureIonChamber(
            ion_chamber_name=self.name,
            hardware_host=hardware_host,
            hardware_name=self.hardware_name or self.name,
            counter_channel=self.counter_channel,
            timer=self.timer,
            timer_type=self.timer_type,
        )

    @classmethod
    def of_section(cls, section: Section) -> tuple[str, Self]:
        """As `Entry.of_section`."""
        section.expect_permits()
        host, counter, channel, timer, timer_type = section.words(0, 5, "ion chamber")[:5]
        for name in (host, counter, timer, timer_type):
            section.short(0, name)
        channel_number = section.integer(0, channel, "channel")
        return host, cls(section.name, counter, channel_number, timer, timer_type)


@attrs.define
class EncoderEntry(Entry):
    """An encoder and its last position, scaled; a dump has no position."""

    kind: ClassVar[str] = "encoder"
    listed: ClassVar[str] = "encoders"
    dump_type: ClassVar[int] = 12
    name_field: ClassVar[str] = "encoder_name"
    answers: ClassVar[Mapping[type[Message], type[Message]]] = {
        StohGetEncoder: HtosGetEncoderCompleted,
        StohSetEncoder: HtosSetEncoderCompleted,
    }

    name: str
    hardware_name: str = ""
    position: float = 0.0
    staff_permits: str = permits_field()
    user_permits: str = permits_field()

    @property
    def value(self) -> float:
        """Its position."""
        return self.position

    def registration(self) -> Message:
        """`stoh_register_encoder`."""
        return StohRegisterEncoder(
            encoder_name=self.name, hardware_name=self.hardware_name or self.name
        )

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_encoder`, the position twice."""
        return StohConfigureEncoder(
            encoder_name=self.name,
            hardware_host=hardware_host,
            position=self.position,
            repeated_position=self.position,
        )

    @classmethod
    def of_section(cls, section: Section) -> tuple[str, Self]:
        """As `Entry.of_section`."""
        section.expect_permits()
        host, hardware_name = section.host()
        return host, cls(section.name, hardware_name)

    def take(self, message: HtosGetEncoderCompleted | HtosSetEncoderCompleted) -> EncoderReport:
        """Store the position, with any status."""
        self.position = message.position
        return EncoderReport(message.position, message.status)

    def lost(self, status: str) -> EncoderReport:
        """A report with the unchanged position."""
        return EncoderReport(self.position, status)


@attrs.frozen
class ObjectEntry(Entry):
    """An object; no known DHS reads one."""

    kind: ClassVar[str] = "object"
    listed: ClassVar[str] = "objects"
    dump_type: ClassVar[int] = 14

    name: str
    hardware_name: str = ""
    staff_permits: str = permits_field()
    user_permits: str = permits_field()

    def registration(self) -> Message:
        """`stoh_register_object`."""
        return StohRegisterObject(
            object_name=self.name, hardware_name=self.hardware_name or self.name
        )

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_object`."""
        return StohConfigureObject(object_name=self.name, hardware_host=hardware_host)

    @classmethod
    def of_section(cls, section: Section) -> tuple[str, Self]:
        """As `Entry.of_section`; dcss writes only name and type, and cannot read an object."""
        count = section.expect(0, 1, 3)
        if count > 1:
            section.permits(1)
        host, hardware_name = section.host() if count else ("self", section.name)
        return host, cls(section.name, hardware_name)
