import contextlib
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import is_list, join_list, list_safe, split_list
from dcs_codec.lists import quote_word
from dcs_codec.strategies import words
from tests.codec.tcl import tcl_split

# Split and joined: the list as join_list writes it.
LISTS = [
    ([], ""),
    (["one"], "one"),
    (["one", "two"], "one two"),
    (["two three", "four"], "{two three} four"),
    ([""], "{}"),
    (["", ""], "{} {}"),
    (["{a b} c"], "{{a b} c}"),
    (["$x", "[y]", "a;b", '"'], '{$x} {[y]} {a;b} {"}'),
    (["#note", "a#"], "{#note} a#"),
    (["a\\b"], "a\\\\b"),
    (["}{"], "\\}\\{"),
    (["} \t\n"], "\\}\\ \\t\\n"),
    (["}\a\b\f\v\r"], "\\}\a\b\\f\\v\\r"),
    (["#{"], "\\#\\{"),
    (["1.10", "é", "\xa0"], "1.10 é {\xa0}"),
]

# Only split: as people and other programs write them.
SPLIT_ONLY = [
    (" \t\n\v\f\r", []),
    ("  a   b\n", ["a", "b"]),
    ('"a b" c', ["a b", "c"]),
    ('"a {b"', ["a {b"]),
    ('""', [""]),
    ('"a\\"b"', ['a"b']),
    ('a"b c{d e}', ['a"b', "c{d", "e}"]),
    ("{a\\}b}", ["a\\}b"]),
    ("{a {b c} d} {}", ["a {b c} d", ""]),
    ("a\\ b\\tc", ["a b\tc"]),
    (r"\a\b\f\n\r\t\v", ["\a\b\f\n\r\t\v"]),
    ("a\\", ["a\\"]),
    ("\x1ca \x85b\xa0c", ["\x1ca", "\x85b\xa0c"]),
    (r"\x41 \x414 \xe9g \xg", ["A", "A4", "ég", "xg"]),
    (r"\u41 \u00e9 \u00419 \u", ["A", "é", "A9", "u"]),
    (r"\U41 \U0001F600 \U10ffff \U00110000 \Ux", ["A", "😀", "\U0010ffff", "\U000110000", "Ux"]),
    (r"\101 \1014 \4x \400 \8", ["A", "A4", "\x04x", " 0", "8"]),
    ('a\\\n \t b "c\\\nd" {e\\\nf}', ["a b", "c d", "e\\\nf"]),
]

NO_LISTS = ["{", "{a", "{a {b}", "{a\\}", "{a}b", "{a}{b}", '"', '"a', '"a\\"', '"a"b', '{a}"']


@pytest.mark.parametrize(("words", "text"), LISTS)
def test_lists_both_ways(words: list[str], text: str) -> None:
    assert join_list(words) == text
    assert split_list(text) == words


@pytest.mark.parametrize(("text", "words"), SPLIT_ONLY)
def test_lists_as_others_write_them(text: str, words: list[str]) -> None:
    assert split_list(text) == words


@pytest.mark.parametrize("text", NO_LISTS)
def test_what_is_no_list(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not closed|right after"):
        split_list(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a {b {c} " + "d" * 99, f"brace at 2 is not closed: '{{b {{c}} {'d' * 33}'"),
        ('a "b ' + "c" * 99, f"quote at 2 is not closed: '\"b {'c' * 38}'"),
        ("a {b}c", "'c' right after a closing brace or quote at 5"),
        ('a "b"c', "'c' right after a closing brace or quote at 5"),
    ],
)
def test_where_a_list_goes_wrong_is_told(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"closed|closing") as caught:
        split_list(text)
    assert str(caught.value) == reason


@given(st.lists(st.one_of(words(), st.text()), max_size=6))
def test_lists_read_back(drawn: list[str]) -> None:
    """split_list splits a list of join_list into the same words."""
    assert split_list(join_list(drawn)) == drawn


@given(st.one_of(st.text(), st.text(alphabet='{}"\\ ab\n[]$;#xu01')))
def test_any_text_is_a_list_or_a_value_error(text: str) -> None:
    """split_list of any text returns words or raises ValueError."""
    with contextlib.suppress(ValueError):
        split_list(text)


def some_texts(count: int, length: int) -> list[str]:
    chance = random.Random(length)
    marks = '{}[]$;"\\\\\\ \t\n\v\r\fabnrtvux417#é\x1c\xa0'
    return ["".join(chance.choices(marks, k=chance.randrange(length))) for _ in range(count)]


def test_real_tcl_splits_texts_alike(tmp_path: Path) -> None:
    by_hand = [text for text, _ in SPLIT_ONLY if "\\U" not in text]  # Tcl 8 ends at U+FFFF
    batch = [*by_hand, *NO_LISTS, *some_texts(5000, 14)]
    ours: list[list[str] | None] = []
    for text in batch:
        try:
            ours.append(split_list(text))
        except ValueError:
            ours.append(None)
    assert None in ours
    theirs = tcl_split(batch, tmp_path)
    assert [pair for pair in zip(batch, ours, theirs, strict=True) if pair[1] != pair[2]] == []


def test_real_tcl_reads_our_lists(tmp_path: Path) -> None:
    pool = some_texts(6000, 8)
    lists = [pool[at : at + at % 4] for at in range(0, len(pool), 3)]
    theirs = tcl_split([join_list(words) for words in lists], tmp_path)
    assert theirs == lists


def test_quote_word_leaves_plain_words_alone() -> None:
    assert quote_word("plain-1.10,é") == "plain-1.10,é"


@pytest.mark.parametrize("text", ["", "a b", "{a b} c", r"a\ b", '"a b"', 'a"b', "x{y", "a]b[c;$"])
def test_a_list_is_one(text: str) -> None:
    assert is_list(text)
    assert list_safe(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Expecting {property", "Expecting (property"),
        ("a {b} } {", "a (b) ) ("),
        ('"{"', "'('"),  # a list before the filter of dcss, and none after it
        ("{a}b", "(a)b"),
        ('"a"b \\', "'a'b /"),
        ("{a\n}b", "(a\n)b"),
    ],
)
def test_what_is_no_list_is_made_one(text: str, safe: str) -> None:
    assert not is_list(text)
    assert list_safe(text) == safe


@given(st.one_of(st.text(), st.text(alphabet='{}"\\ ab\n[]$;#xu01')))
def test_a_safe_text_is_a_list_before_and_after_the_filter(text: str) -> None:
    safe = list_safe(text)
    assert is_list(safe)
    split_list(safe)
    for mark in '[]$;"\n':
        safe = safe.replace(mark, " ")
    split_list(safe)


@given(st.lists(words(), max_size=6))
def test_what_is_joined_stays_a_list_whatever_dcss_blanks(drawn: list[str]) -> None:
    assert is_list(join_list(drawn))
