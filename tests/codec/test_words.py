import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import EncodeError
from dcs_codec.strategies import UNICODE_BLANKS, texts
from dcs_codec.words import (
    clean_text,
    find_words,
    first_word,
    to_bytes,
    to_text,
)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        (b"", ""),
        ("é µ".encode(), "é µ"),
        (b"\xff\x85", "\udcff\udc85"),
        (b"\xc2\x85", "\x85"),
        (b"\xed\xa0\x80", "\udced\udca0\udc80"),
    ],
)
def test_text_of_bytes_both_ways(data: bytes, text: str) -> None:
    assert to_text(data) == text
    assert to_bytes(text) == data


@given(st.binary())
def test_any_bytes_have_a_text_and_come_back(data: bytes) -> None:
    """Text keeps every byte: to_bytes(to_text(data)) == data."""
    assert to_bytes(to_text(data)) == data


@given(st.text(st.one_of(st.characters(codec=None), st.sampled_from("\udcc3\udca9\ud800"))))
def test_a_text_has_bytes_only_if_they_read_back(text: str) -> None:
    """to_bytes gives bytes that to_text reads as the same text, or refuses."""
    try:
        data = to_bytes(text)
    except EncodeError:
        return
    assert to_text(data) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a\ud800", "character '\\ud800' has no bytes"),
        ("\udcc3\udca9", "escaped bytes that together are another character"),
    ],
)
def test_texts_without_bytes(text: str, reason: str) -> None:
    with pytest.raises(EncodeError) as caught:
        to_bytes(text)
    assert str(caught.value) == reason


def test_words_are_what_c_takes_for_words() -> None:
    text = f" \ta\vb  {UNICODE_BLANKS}\n"
    assert find_words(text) == [("a", 3), ("b", 5), (UNICODE_BLANKS, 16)]
    assert first_word(text) == "a"
    assert find_words(" \r\n") == []
    assert first_word(" \r\n") == ""


@given(texts())
def test_the_first_word_is_the_first_word(text: str) -> None:
    """first_word agrees with find_words, which loses nothing but blanks."""
    found = find_words(text)
    assert first_word(text) == (found[0][0] if found else "")
    assert all(text[:end].endswith(word) for word, end in found)
    blanks = " \t\n\v\f\r"
    kept = text.translate(dict.fromkeys(map(ord, blanks)))
    assert "".join(word for word, _ in found) == kept


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a b ", "a b "),
        ("a\r\n\n", "a"),
        ("a\0b\n", "a"),
        ("a\n\0", "a"),
        ("\0", ""),
        ("a\n b", "a\n b"),
    ],
)
def test_clean_text(text: str, clean: str) -> None:
    assert clean_text(text) == clean
