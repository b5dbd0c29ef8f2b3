"""What every kind of field has, of this package or of a site's own."""

import attrs
import pytest

from dcs_codec.fields import Flag, Integer, Number, Rest, Word, Words
from dcs_codec.kinds import Kind, WordKind, has_own


class Plain(WordKind):
    """A kind without a value of its own, and no class of attrs."""

    def read(self, word: str) -> str:
        return word

    def write(self, value: object) -> str:
        return str(value)


@attrs.frozen
class CircleAngle(Plain):
    turns: int = 0


def test_kinds_are_equal_by_class_and_fields() -> None:
    kinds: list[Kind] = [Word(), Word(max_bytes=3), Flag(), Integer(), Rest(), Words(), Plain()]
    for index, kind in enumerate(kinds):
        for other_index, other in enumerate(kinds):
            assert (kind == other) is (index == other_index)
    assert len({*kinds, *kinds}) == len(kinds)
    assert Word() != "word"
    assert CircleAngle(turns=1) == CircleAngle(turns=1) != CircleAngle()


def test_a_kind_shows_its_fields() -> None:
    shown = "Number(limit=5, optional=False, stored=True)"
    assert repr(Number(limit=5, stored=True)) == shown
    assert repr(Plain()) == "Plain()"


def test_what_a_kind_says_of_itself_by_default() -> None:
    kind = CircleAngle()
    assert kind.described() == ("circle angle", "")
    assert (kind.optional, kind.missing, kind.samples) == (False, None, ())
    assert (kind.repeats, kind.is_verbatim, kind.longest_word) == (False, False, 0)


class Reader(Word):
    def read(self, word: str) -> str:
        return word


class Writer(Word):
    def write(self, value: object) -> str:
        return super().write(value)


class FastReader(Reader):
    def reading(self, field: str, word: str) -> object:  # type: ignore[override] # not called
        raise NotImplementedError


@pytest.mark.parametrize(
    ("kind", "reads", "writes"),
    [
        (Word(), True, True),
        (Reader(), False, True),
        (Writer(), True, False),
        (FastReader(), True, True),
        (Plain(), False, False),
    ],
    ids=repr,
)
def test_a_fast_way_goes_with_the_reference_of_its_class_or_of_one_above(
    kind: WordKind, reads: bool, writes: bool
) -> None:
    assert has_own(kind, "reading", "read") is reads
    assert has_own(kind, "writing", "write") is writes
    assert has_own(kind, "repeats", "write") is writes
