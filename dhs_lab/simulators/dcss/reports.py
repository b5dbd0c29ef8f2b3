"""Reports of DHSs as values: shutters, encoders, strings, ion chambers."""

from collections.abc import Mapping

import attrs


@attrs.frozen
class ShutterReport:
    """A shutter's state, and whether the command succeeded.

    Attributes:
        state: The word of the DHS, `open` or `closed`; `unknown` if the DHS was lost.
        status: `normal` (also if the report has no result), or the reason of the failure.
    """

    state: str
    status: str


@attrs.frozen
class PositionReport:
    """A motor's position, scaled, after its value was set, and whether that succeeded."""

    position: float
    status: str


@attrs.frozen
class EncoderReport:
    """An encoder's position, scaled, and whether it could be read or set."""

    position: float
    status: str


@attrs.frozen
class StringReport:
    """A string's contents, and whether they were set."""

    contents: str
    status: str


@attrs.frozen
class IonChamberReport:
    """The counts of ion chambers.

    Attributes:
        time_s: Time of counting, s; 0 for a failure.
        counts: Counts by ion chamber; empty for a failure.
        status: `normal`, or the reason of the failure.
    """

    time_s: float
    counts: Mapping[str, float]
    status: str
