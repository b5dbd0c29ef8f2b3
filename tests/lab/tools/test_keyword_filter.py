"""Filtering by keyword: the skipped lines have none of the wanted messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhs_lab.tools.inputs import ByteSource
from dhs_lab.tools.keyword_filter import KeywordFilter
from dhs_lab.tools.reading import ReadOptions, read
from dhs_lab.tools.sightings import Sighting
from dhs_lab.tools.sniffing import Format
from tests.lab.tools.helpers import damages, found, texts
from tests.lab.tools.test_logs_of_python import LOGS, TEXTS


@pytest.mark.parametrize(
    ("patterns", "pieces"),
    [
        ((), ()),
        (("stoh_abort_all",), (b"stoh_abort_all",)),
        (("htos_operation_*", "*_motor_*"), (b"htos_operation_", b"_motor_")),
        (("stoh_start_[mo]*",), (b"stoh_start_",)),
        (("stoh_abort_all", "*"), ()),
        (("st*",), ()),
    ],
)
def test_what_every_place_with_such_a_keyword_has(
    patterns: tuple[str, ...], pieces: tuple[bytes, ...]
) -> None:
    assert KeywordFilter(patterns).pieces == pieces


PATTERNS = st.sampled_from(["stoh_abort_all", "stoh_start_*", "*_set_*", "*", "htos_*", "stoh_?*l"])


@pytest.mark.parametrize("kind", LOGS)
@given(st.lists(PATTERNS, min_size=1, max_size=3))
def test_of_a_log_the_same_is_told_as_of_all_its_messages(kind: str, patterns: list[str]) -> None:
    data = LOGS[kind].encode()
    wanted = KeywordFilter(tuple(patterns))
    findings = found(data, ReadOptions(format=Format.LOG, wanted=wanted))
    everything = found(data, ReadOptions(format=Format.LOG))
    expected = [each for each in everything if isinstance(each, Sighting)]
    assert findings == [each for each in expected if wanted.admits(each.keyword)]
    assert texts(everything) == list(TEXTS)
    assert damages(everything) == []


NOISE = (
    "06/26/15 14:32:47 1981794048     INFO    broadcasting -> stog_log note {x.c 2  }",
    "no time, no message",
    "",
)


@pytest.mark.parametrize("kind", LOGS)
@given(st.data())
def test_however_a_log_comes_and_whatever_is_between_its_lines(
    kind: str, data: st.DataObject
) -> None:
    """Lines are searched in blocks of any size; lines without a keyword are never cut out."""
    noise = data.draw(st.lists(st.sampled_from(NOISE), max_size=4))
    lines = LOGS[kind].splitlines(keepends=True)
    whole = "".join([line + "\n" for line in noise] + lines).encode()
    sizes = data.draw(st.lists(st.integers(1, 200), min_size=1, max_size=50))
    wanted = KeywordFilter(("stoh_*",)) if data.draw(st.booleans()) else KeywordFilter()
    options = ReadOptions(format=Format.LOG, wanted=wanted)
    pieces = Pieces(whole, sizes)
    assert list(read(ByteSource("x", pieces), options)) == found(whole, options)
    assert not pieces.left


class Pieces:
    """A file that gives its bytes in pieces of these sizes, the rest in one."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self.left = data
        self._sizes = iter(sizes)

    def read1(self, _: int = -1, /) -> bytes:
        size = next(self._sizes, len(self.left))
        piece, self.left = self.left[:size], self.left[size:]
        return piece


def test_lines_of_a_text_are_no_messages_though_they_have_the_keyword() -> None:
    c = "06/26/15 14:32:47 1981794048     INFO    message from a <- "
    trace = "2026-01-01 12:00:00.123 DEBUG   dcss-link        dhs_runtime.wire.a: <- "
    c_log = f"{c}{{htos_note a}} {{x.c 290  }}\n{c}{{htos_set_string_completed s normal a\n"
    c_log += "htos_note b} {x.c 290  }\n"
    trace_log = f"{trace}htos_note a\n{trace}stoh_set_string s a\nhtos_note b\n"
    for log in (c_log, trace_log):
        options = ReadOptions(format=Format.LOG, wanted=KeywordFilter(("htos_note",)))
        assert texts(found(log.encode(), options)) == ["htos_note a"], log
