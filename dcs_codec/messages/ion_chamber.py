"""Messages of ion chambers: counters that are read together, for a time."""

import functools
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final

import attrs

from dcs_codec.drafts import draft_class
from dcs_codec.fields import DeviceNames, HardwareName, Name, OnOff, Seconds, Steps, Text
from dcs_codec.kinds import Reading, TailKind, Writing
from dcs_codec.limits import MAX_COUNTS, MAX_NAME
from dcs_codec.lists import quote_word, split_list
from dcs_codec.message import Message
from dcs_codec.numbers import plus_minus
from dcs_codec.tail_kinds import Rest
from dcs_codec.word_kinds import Number, Word
from dcs_codec.words import as_text, find_words

__all__ = [
    "HtosConfigureIonChamber",
    "HtosReportIonChambers",
    "IonChamberFailure",
    "IonChamberReading",
    "StohConfigureIonChamber",
    "StohReadIonChambers",
    "StohRegisterIonChamber",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohRegisterIonChamber(Message):
    """DCSS tells the DHS that this ion chamber is its own.

    Wire:   stoh_register_ion_chamber ion_chamber_name hardware_name counter_channel timer
            timer_type
    Units:  hardware_name: name of the counter; counter_channel: number of its channel
    Source: dcss_hardware_client.c:1345, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_register_ion_chamber"
    ion_chamber_name: Name
    hardware_name: HardwareName
    counter_channel: Steps
    timer: HardwareName
    timer_type: HardwareName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohConfigureIonChamber(Message):
    """Answer to `htos_send_configuration` of an ion chamber.

    Wire:   stoh_configure_ion_chamber ion_chamber_name hardware_host hardware_name counter_channel
            timer timer_type
    Units:  hardware_name: name of the counter; counter_channel: number of its channel
    Source: dcss_database.c:562, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_configure_ion_chamber"
    ion_chamber_name: Name
    hardware_host: Name
    hardware_name: HardwareName
    counter_channel: Steps
    timer: HardwareName
    timer_type: HardwareName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohReadIonChambers(Message):
    """Count for a time; the DHS answers `htos_report_ion_chambers`.

    Wire:   stoh_read_ion_chambers ion_chamber_time is_repeated ion_chamber_names
    Units:  ion_chamber_time: s; is_repeated: whether to go on counting (the scripting engine
            always rewrites it to 0)
    Source: dcss_gui_client.c:1721, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_read_ion_chambers"
    ion_chamber_time: Seconds
    is_repeated: OnOff
    ion_chamber_names: DeviceNames


@attrs.frozen(weakref_slot=False)
class IonChamberReading:
    """What one ion chamber counted.

    Attributes:
        name: Name of the ion chamber.
        counts: Its counts over the time of the report.
    """

    name: str
    counts: float


@attrs.frozen
class IonChamberFailure:
    """Why nothing was counted.

    Attributes:
        names: The ion chambers, one at least.
        reason: The reason, to the letter; blanks are right here.
    """

    names: tuple[str, ...]
    reason: str


_NAME: Final = Word(max_bytes=MAX_NAME)
_COUNTS: Final = Number(limit=MAX_COUNTS)
_REASON: Final = Rest()
_FEWEST: Final = 2  # a name and a reason
_QUOTING: Final = b'{}"\\'  # what a Tcl list holds words together with
_UNDERSCORE: Final = ord("_")


@attrs.frozen(repr=False, eq=False)
class IonChamberResult(TailKind):
    """Kind of field: readings if the time before it is positive, else a failure."""

    def read_tail(
        self, tail: str, before: Mapping[str, object]
    ) -> tuple[IonChamberReading, ...] | IonChamberFailure:
        """Pairs of name and counts, or names and a reason; else ValueError."""
        if not _is_counted(before):
            *names, reason = _list_of(tail)
            return IonChamberFailure(tuple(names), reason)
        words = [word for word, _ in find_words(tail)]
        if not words or len(words) % 2:
            raise ValueError("is not pairs of name and counts")
        pairs = zip(words[::2], words[1::2], strict=True)
        return tuple(IonChamberReading(name, _COUNTS.read(counts)) for name, counts in pairs)

    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        """The words of readings or of a failure; raises ValueError if they do not fit the time."""
        if _is_counted(before):
            if not isinstance(value, tuple) or not value:
                raise ValueError("is a tuple of readings where the time is positive")
            return "".join(map(_written_reading, value))
        if not isinstance(value, IonChamberFailure):
            raise ValueError("is a failure where the time is not positive")
        if not value.names:
            raise ValueError("names no ion chamber")
        names = " ".join(map(_written_name, value.names))
        reason = quote_word(as_text(value.reason))
        return f" {names}{_REASON.write_tail(reason, {})}"

    def described(self) -> tuple[str, str]:
        """Either of both."""
        return "readings or failure", f"names {MAX_NAME} bytes, counts {plus_minus(MAX_COUNTS)}"

    def reading(self, field: str) -> Reading:
        """Readings, and failures without braces, quotes and backslashes."""
        line = f"draft.{field} = read_plain(rest, draft)"
        return Reading(lines=(line,), least=1, names={"read_plain": self.read_plain})

    def writing(self, field: str) -> Writing:
        """Readings."""
        text = f"{{write_plain(message.{field}, message)}}"
        return Writing(text=text, names={"write_plain": self.write_plain})

    def read_plain(
        self, words: list[bytes], before: Any
    ) -> tuple[IonChamberReading, ...] | IonChamberFailure:
        """As `read_tail`, of words without braces, quotes and backslashes."""
        if not before.ion_chamber_time > 0:
            text = b" ".join(words)
            if len(words) < _FEWEST or text.translate(None, _QUOTING) != text:
                raise ValueError
            *names, reason = text.decode().split(" ")
            return IonChamberFailure(tuple(names), reason)
        readings = []
        for name, counts in zip(words[::2], words[1::2], strict=True):
            value = float(counts)
            if _UNDERSCORE in counts or value * 0.0 != 0.0:
                raise ValueError
            draft = _Draft()
            draft.name = name.decode()
            draft.counts = value
            draft.__class__ = IonChamberReading
            readings.append(draft)
        return tuple(readings)

    def write_plain(self, value: Any, before: Any) -> str:
        """As `write_tail`, of readings."""
        if type(value) is not tuple or {*map(type, value)} != _READINGS:
            raise ValueError
        if not before.ion_chamber_time > 0:
            raise ValueError
        written = ""
        for reading in value:
            counts = reading.counts
            if type(counts) not in _NUMBERS or not (_LEAST < counts < _MOST or counts == 0):
                raise ValueError
            written += f" {_known_name(reading.name)} {counts!r}"
        return written


_NUMBERS: Final = (float, int)
_LEAST: Final = 1e-3  # well within what Python writes without an exponent
_MOST: Final = 9e14
_READINGS: Final = {IonChamberReading}
_Draft: Final = draft_class(IonChamberReading)
_known_name: Final = functools.lru_cache(1024)(_NAME.write)


def _is_counted(before: Mapping[str, object]) -> bool:
    time = before["ion_chamber_time"]
    return isinstance(time, (int, float)) and time > 0


def _list_of(tail: str) -> list[str]:
    words = split_list(tail)
    if len(words) < 2:  # noqa: PLR2004 - a name and a reason
        raise ValueError("is not names and a reason")
    for name in words[:-1]:
        if find_words(name) != [(name, len(name))]:
            raise ValueError(f"holds {name!r} among the names")
    return words


def _written_name(name: object) -> str:
    word = _NAME.write(name)
    if quote_word(word) != word:
        raise ValueError(f"holds a name that is not a plain word of a Tcl list: {word!r}")
    return word


def _written_reading(reading: object) -> str:
    if not isinstance(reading, IonChamberReading):
        raise ValueError(f"holds a {type(reading).__name__} among its readings")
    return f" {_NAME.write(reading.name)} {_COUNTS.write(reading.counts)}"


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosReportIonChambers(Message):
    """What was counted, or why nothing was.

    Report only ion chambers that DCSS registered: at a name that is not in its database, dcss's
    thread for this DHS loops forever.

    Wire:   htos_report_ion_chambers ion_chamber_time result
    Units:  ion_chamber_time: s, 0 for a failure; result: `name counts` for each, or the names and
            a reason, one word or `{braced text}`
    Source: dcss_hardware_client.c:787, message_handlers.tcl:1378, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_report_ion_chambers"
    ion_chamber_time: Seconds
    result: Annotated[tuple[IonChamberReading, ...] | IonChamberFailure, IonChamberResult()]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosConfigureIonChamber(Message):
    """dcss ignores it; no known DHS sends it.

    Wire:   htos_configure_ion_chamber ion_chamber_name arguments
    Source: confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_configure_ion_chamber"
    ion_chamber_name: Name
    arguments: Text = ""
