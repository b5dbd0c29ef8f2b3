"""The reader of chunked bodies, on bytes alone."""

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhs_runtime.services.chunked import BodyTooLargeError, read_chunked, read_sized


def stream(data: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(data))


@given(
    pieces=st.lists(st.binary(min_size=1, max_size=300)),
    extension=st.sampled_from([b"", b";", b" ; a=b", b';c="d"']),
    trailers=st.lists(st.sampled_from([b"A: b\r\n", b"X:\r\n"]), max_size=30),
    rest=st.binary(max_size=20),
)
def test_any_chunks_are_joined(
    pieces: list[bytes], extension: bytes, trailers: list[bytes], rest: bytes
) -> None:
    coded = b"".join(b"%x%b\r\n%b\r\n" % (len(each), extension, each) for each in pieces)
    body = b"".join(pieces)
    source = stream(coded + b"0" + extension + b"\r\n" + b"".join(trailers) + b"\r\n" + rest)
    assert read_chunked(source, len(body)) == body
    assert source.read() == rest
    if body:
        with pytest.raises(BodyTooLargeError):
            read_chunked(stream(coded), len(body) - 1)
    for cut in {0, 1, len(coded) // 2, len(coded)}:
        with pytest.raises(EOFError):
            read_chunked(stream(coded[:cut]), len(body))


@given(st.binary(max_size=400) | st.from_regex(rb"([0-9a-f]{1,2};?\r\n[ab]{0,20}\r?\n?)*"))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with contextlib.suppress(ValueError, EOFError):
        assert len(read_chunked(stream(data), 100)) <= 100


def test_sized_bodies_are_exact() -> None:
    source = stream(b"abcdef")
    assert read_sized(source, 0) == b""
    assert read_sized(source, 5) == b"abcde"
    with pytest.raises(EOFError, match="1 of 2 bytes"):
        read_sized(source, 2)
