"""Reading and writing every message class, per word, compared with the median class."""

import statistics
import time
from collections.abc import Callable
from typing import Final

import attrs
from rich.console import Console
from rich.table import Table

from benchmarks.report import LOOK
from dcs_codec import DHS_MESSAGES, Codec, Frame, Framing, MalformedMessage, Message, default_codec
from dcs_codec.catalogue import FieldDescription, describe

ROUNDS: Final = 25  # all classes in turn, so that a busy moment affects all alike
CALLS: Final = 200
MOST: Final = 3.0
"""Limit of the time of a class per word, in units of the median class."""

SAMPLES: Final = {
    "word": "gonio_phi",
    "number": "12.500000",
    "integer": "2000",
    "0 or 1": "1",
    "number or word": "12.500000",
    "rest of text": "normal {two words} 0.97934",
    "names": "gonio_z sample_x energy",
    "readings or failure": "i0 73423 i1 1250.5 i2 8.0",
}
"""The values of a sample's fields, by their type in the catalogue."""


@attrs.frozen
class Row:
    """One class.

    Attributes:
        keyword: Its keyword.
        words: Words of the sample.
        read_s: The shortest time of reading.
        write_s: The shortest time of writing.
    """

    keyword: str
    words: int
    read_s: float
    write_s: float


def sample_of(message_class: type[Message]) -> str:
    """A text of a class, in its longest form."""

    def word(field: FieldDescription) -> str:
        return SAMPLES[field.type]

    return " ".join((message_class.keyword, *map(word, describe(message_class).fields)))


def measure(rounds: int = ROUNDS, calls: int = CALLS) -> tuple[Row, ...]:
    """The rows of all classes."""
    codec = default_codec()
    texts = {each.keyword: sample_of(each) for each in DHS_MESSAGES}
    works = {keyword: _works(codec, text) for keyword, text in texts.items()}
    best_s: dict[tuple[str, str], float] = {}
    for _ in range(rounds):
        for keyword, pair in works.items():
            for what, work in pair.items():
                taken = _time(work, calls)
                best_s[keyword, what] = min(taken, best_s.get((keyword, what), taken))
    return tuple(
        Row(keyword, len(text.split()), best_s[keyword, "read"], best_s[keyword, "write"])
        for keyword, text in texts.items()
    )


def _works(codec: Codec, text: str) -> dict[str, Callable[[], object]]:
    frame = Frame(text.encode())
    message = codec.decode(frame)
    assert not isinstance(message, MalformedMessage), message
    return {
        "read": lambda: codec.decode(frame),
        "write": lambda: codec.encode_bytes(message, Framing.V2),
    }


def _time(work: Callable[[], object], calls: int) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - began) / calls


def table_of(rows: tuple[Row, ...]) -> Table:
    """A row for each class, the slowest first."""
    read_s = statistics.median(row.read_s / row.words for row in rows)
    write_s = statistics.median(row.write_s / row.words for row in rows)
    table = Table(title="Every message class, v2; ratios per word to the median class", **LOOK)
    table.add_column("keyword", no_wrap=True)
    for heading in ("words", "read µs", "ratio", "write µs", "ratio", "target", ""):
        table.add_column(heading, justify="right", no_wrap=True)
    found = []
    for row in rows:
        reading, writing = row.read_s / row.words / read_s, row.write_s / row.words / write_s
        found.append((max(reading, writing), row, reading, writing))
    for most, row, reading, writing in sorted(found, key=lambda each: -each[0]):
        table.add_row(
            row.keyword,
            str(row.words),
            f"{row.read_s * 1e6:.2f}",
            f"{reading:.2f}",
            f"{row.write_s * 1e6:.2f}",
            f"{writing:.2f}",
            f"≤ {MOST:g}",
            "[green]met[/]" if most <= MOST else "[red]not met[/]",
        )
    return table


def main(rounds: int = ROUNDS) -> None:
    """Measure and print."""
    console = Console()
    console.print(table_of(measure(rounds)), no_wrap=True, crop=False)


if __name__ == "__main__":
    main()
