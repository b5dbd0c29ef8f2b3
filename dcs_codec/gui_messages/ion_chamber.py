"""Messages of ion chambers: counters that are read together, for a time."""

from typing import ClassVar

import attrs

from dcs_codec.errors import DecodeError
from dcs_codec.fields import MotorNamesOrNone, OptionalOnOff, Seconds, Steps, Text
from dcs_codec.gui_fields import ToldName, ToldNumber
from dcs_codec.message import Message
from dcs_codec.messages.ion_chamber import IonChamberFailure, IonChamberReading, IonChamberResult

__all__ = ["GtosReadIonChambers", "StogConfigureIonChamber", "StogReportIonChambers"]

_TIME = "ion_chamber_time"
_REPORTED = "reported"
_RESULT = IonChamberResult()


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosReadIonChambers(Message):
    """Count for a time; one report comes from each DHS that owns some of them.

    Wire:   gtos_read_ion_chambers ion_chamber_time [is_repeated] ion_chamber_names
    Units:  ion_chamber_time: s; is_repeated: the scripting engine always makes it 0
    Source: dcss_gui_client.c:1721, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_read_ion_chambers"
    ion_chamber_time: Seconds
    is_repeated: OptionalOnOff
    ion_chamber_names: MotorNamesOrNone


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogConfigureIonChamber(Message):
    """An ion chamber.

    Wire:   stog_configure_ion_chamber ion_chamber_name hardware_host hardware_name counter_channel
            timer timer_type
    Units:  hardware_name: name of the counter; counter_channel: number of its channel
    Source: dcss_database.c:562, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_configure_ion_chamber"
    ion_chamber_name: ToldName
    hardware_host: ToldName
    hardware_name: ToldName
    counter_channel: Steps
    timer: ToldName
    timer_type: ToldName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogReportIonChambers(Message):
    """What was counted, or why nothing was.

    dcss passes on what a DHS wrote, and writes two blanks in refusals of its own, so the words are
    kept to the letter.

    Wire:   stog_report_ion_chambers ion_chamber_time reported
    Units:  ion_chamber_time: s, 0 for a failure; reported: `name counts` for each, or the names and
            a reason, one word or `{braced text}`; empty if nothing was asked for
    Source: dcss_hardware_client.c:787, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_report_ion_chambers"
    ion_chamber_time: ToldNumber
    reported: Text = ""

    @property
    def result(self) -> tuple[IonChamberReading, ...] | IonChamberFailure:
        """Readings or a failure; raises DecodeError if the words are neither."""
        try:
            return _RESULT.read_tail(f" {self.reported}", {_TIME: self.ion_chamber_time})
        except ValueError as error:
            raise DecodeError(self.keyword, _REPORTED, str(error)) from None

    @classmethod
    def of(
        cls, ion_chamber_time: float, result: tuple[IonChamberReading, ...] | IonChamberFailure
    ) -> "StogReportIonChambers":
        """A report of readings or a failure; raises ValueError if they do not fit the time."""
        reported = _RESULT.write_tail(result, {_TIME: ion_chamber_time})
        return cls(ion_chamber_time=ion_chamber_time, reported=reported[1:])
