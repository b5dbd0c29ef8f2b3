"""The optional data folder: recordings of real traffic, kept beside the checkout.

Nothing of it is copied into the project. Tests that read it skip, with the reason, where it is
absent; the environment variable `DCS_SHARED` names another place.
"""

import functools
import json
import os
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

_BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared"


@attrs.frozen
class RecordedFrame:
    """One frame exchanged with a real dcss, from `traffic/frames.jsonl`.

    Attributes:
        host: Hardware host of the connection: `pydhs` speaks v2, `pydhs1` v1.
        protocol: 1 or 2.
        from_dcss: Whether dcss sent it.
        data: The bytes as they went, header included.
        case: What was tried, "" where the recording says nothing.
    """

    host: str
    protocol: int
    from_dcss: bool
    data: bytes
    case: str


@attrs.frozen
class LoggedMessage:
    """One message logged at a beamline, from `traffic/messages.jsonl`."""

    source: str
    text: str


def shared_path(name: str) -> Path:
    """A file of the data folder, `traffic/frames.jsonl` say; skips the test without it."""
    folder = Path(os.environ.get("DCS_SHARED", _BESIDE_CHECKOUT))
    path = folder / name
    if not path.exists():
        pytest.skip(f"data folder has no {name}: {folder} (DCS_SHARED names another)")
    return path


@functools.cache
def recorded_frames() -> tuple[RecordedFrame, ...]:
    """Every frame of the recording, in the order of the recording."""
    return tuple(
        RecordedFrame(
            host=str(row["host"]),
            protocol=int(str(row["protocol"])),
            from_dcss=row["dir"] == "dcss->dhs",
            data=bytes.fromhex(str(row["hex"])),
            case=str(row.get("case", "")),
        )
        for row in _rows("traffic/frames.jsonl")
    )


@functools.cache
def logged_messages() -> tuple[LoggedMessage, ...]:
    """Every distinct message of the logs."""
    return tuple(
        LoggedMessage(source=str(row["source"]), text=str(row["text"]))
        for row in _rows("traffic/messages.jsonl")
    )


def _rows(name: str) -> Iterator[dict[str, object]]:
    with shared_path(name).open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
