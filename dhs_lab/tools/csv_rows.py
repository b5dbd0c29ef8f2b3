"""CSV of messages: what `dhs decode --csv` writes, for spreadsheets and pandas."""

import csv
import io
import json
from typing import Any, Final

from dcs_codec import MalformedMessage, UnknownMessage
from dcs_codec.interchange import to_dict
from dhs_lab.tools.sightings import Sighting

COLUMNS: Final = (
    *("time", "connection", "direction", "keyword", "device", "handle", "status"),
    *("fields", "problem", "source", "place"),
)
"""Columns of a row.

`time` is in seconds since 1970 if the input has dates. `device`, `handle` and `status` are copies
of the fields that most people look for; `fields` has all fields, as a JSON object. `problem` says
why a message is unknown or malformed. `place` is a line, or an offset in bytes.
"""


def header() -> str:
    """The first line, without its end."""
    return ",".join(COLUMNS)


def csv_of(found: Sighting) -> str:
    """The row of a sighting, without its end."""
    fields = to_dict(found.message)
    del fields["keyword"]
    place = found.place
    row = {
        "time": found.time,
        "connection": found.connection,
        "direction": None if found.direction is None else found.direction.value,
        "keyword": found.keyword,
        "device": _first(fields, "_name"),
        "handle": _first(fields, "_handle"),
        "status": _first(fields, "status"),
        "fields": json.dumps(fields, allow_nan=False),
        "problem": _problem(found),
        "source": place.source,
        "place": place.offset if place.line is None else place.line,
    }
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([row[column] for column in COLUMNS])
    return line.getvalue()


def _first(fields: dict[str, Any], ending: str) -> object:
    return next((value for name, value in fields.items() if name.endswith(ending)), None)


def _problem(found: Sighting) -> str | None:
    message = found.message
    if isinstance(message, UnknownMessage):
        return "unknown"
    if isinstance(message, MalformedMessage):
        return f"malformed: {message.field}: {message.reason}"
    return None
