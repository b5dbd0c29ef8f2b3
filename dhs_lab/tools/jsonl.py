"""JSON Lines of messages: what `dhs decode --json` and `dhs record` write, and bare messages.

A line is an object with a `message` (`dcs_codec.interchange`) and, if known, `time`, `connection`,
`direction`, `size`; or it is such a message itself. A recording also has lines with an `event` (a
connection opened, closed) and with `damage`.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dcs_codec import Direction, InterchangeError, direction_of
from dhs_lab.tools.inputs import ByteSource
from dhs_lab.tools.sightings import Damage, Found, Place, Sighting


def read_jsonl(source: ByteSource) -> Iterator[Found]:
    """The messages of JSON Lines."""
    for number, line in enumerate(source.lines(), start=1):
        if not line.strip():
            continue
        place = Place(source=source.name, line=number)
        try:
            found = finding_of(_object(line), place)
        except (ValueError, RecursionError, InterchangeError) as error:
            yield Damage(place=place, reason=str(error))
            continue
        if found is not None:
            yield found


def _object(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from None


def finding_of(row: object, place: Place) -> Found | None:
    """The sighting in one object; None if it is an event.

    Raises:
        InterchangeError: It is not the object of a message.
        ValueError: Another member has a wrong type.
    """
    from dcs_codec.interchange import from_dict  # noqa: PLC0415 - cattrs imports slowly

    if not isinstance(row, dict):
        raise ValueError(f"is an object, got {type(row).__name__}")
    if "event" in row:
        return None
    if "damage" in row:
        return Damage(place=place, reason=str(row["damage"]))
    if "message" not in row:
        message = from_dict(row)
        return Sighting(
            message=message, place=place, direction=direction_of(message.received_keyword)
        )
    message = from_dict(row["message"])
    connection = _of_type(row, "connection", (str, int), "")
    direction = _of_type(row, "direction", (str,), None)
    return Sighting(
        message=message,
        place=place,
        time=_of_type(row, "time", (int, float), None),
        connection=str(connection),
        conversation=str(row.get("conversation", connection)),
        direction=direction_of(message.received_keyword)
        if direction is None
        else Direction(direction),
        size=_of_type(row, "size", (int,), 0),
    )


def _of_type(row: Mapping[str, Any], key: str, types: tuple[type, ...], default: Any) -> Any:
    value = row.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, types):
        raise ValueError(f"{key}: {value!r} is not valid")
    return value


def line_of(found: Sighting) -> str:
    """The line of a sighting, without the line end."""
    return json.dumps(row_of(found), allow_nan=False)


def row_of(found: Sighting) -> dict[str, object]:
    """A sighting as the object of a line."""
    from dcs_codec.interchange import to_dict  # noqa: PLC0415 - cattrs imports slowly

    row: dict[str, object] = {
        "time": found.time,
        "connection": found.connection,
        "direction": None if found.direction is None else found.direction.value,
        "message": to_dict(found.message),
        "size": found.size,
        "source": found.place.source,
    }
    if found.conversation != found.connection:
        row["conversation"] = found.conversation
    if found.place.line is not None:
        row["line"] = found.place.line
    if found.place.offset is not None:
        row["offset"] = found.place.offset
    return row
