"""The optional data next to the checkout: recorded traffic, pictures. None of it is copied.

Tests that need it skip if it is absent; DCS_SHARED names another folder.
"""

import functools
import json
import os
from pathlib import Path

import attrs
import pytest

ROOT = Path(os.environ.get("DCS_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def shared_path(name: str) -> Path:
    """A file of the shared data; skips the test if it is absent."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"{name} of the shared data is not here (set DCS_SHARED to its folder)")
    return path


@attrs.frozen
class Row:
    """One frame exchanged with a real dcss."""

    host: str
    protocol: int
    from_dcss: bool
    data: bytes
    case: str


@attrs.frozen
class Recording:
    """One connection of the recording: the bytes from dcss, in order."""

    host: str
    protocol: int
    frames: tuple[bytes, ...]

    def __str__(self) -> str:
        return f"{self.host}-v{self.protocol}-{len(self.frames)}"


@functools.cache
def _rows(path: Path) -> tuple[Row, ...]:
    rows = []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        rows.append(
            Row(
                host=row["host"],
                protocol=row["protocol"],
                from_dcss=row["dir"] == "dcss->dhs",
                data=bytes.fromhex(row["hex"]),
                case=row.get("case") or "",
            )
        )
    return tuple(rows)


def frame_rows() -> tuple[Row, ...]:
    """Every frame of the recording."""
    return _rows(shared_path("traffic/frames.jsonl"))


def message_texts(name: str = "messages") -> tuple[str, ...]:
    """Every distinct text logged at a beamline, or with `messages_field` at others."""
    lines = shared_path(f"traffic/{name}.jsonl").read_text().splitlines()
    return tuple(json.loads(line)["text"] for line in lines)


def recordings() -> tuple[Recording, ...]:
    """dcss's side of every connection that it accepted.

    A connection begins with `stoc_send_client_type`. Those with a case `hs:...` were tries of the
    handshake in parallel to the main connection of their host, and end there.
    """
    connections: list[tuple[str, int, list[bytes]]] = []
    open_now: dict[str, list[bytes]] = {}
    for row in frame_rows():
        if not row.from_dcss or row.case.startswith("hs:"):
            continue
        if row.data.startswith(b"stoc_send_client_type"):
            open_now[row.host] = []
            connections.append((row.host, row.protocol, open_now[row.host]))
        open_now[row.host].append(row.data)
    return tuple(Recording(host, protocol, tuple(frames)) for host, protocol, frames in connections)
