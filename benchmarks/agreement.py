"""Checks that codec, floor and msgspec do the same work, before anything is measured."""

from collections.abc import Iterator

import attrs

from benchmarks import floor
from benchmarks.floor_encode import encode as floor_encode
from benchmarks.structs import structs_of
from benchmarks.workloads import Workload, workloads
from dcs_codec import NEED_DATA, Frame, FrameDecoder, Framing, Message, default_codec


def check_agreement() -> None:
    """Assert that all read the same frames and values, and write the same bytes."""
    for load in workloads():
        frames = list(_frames(load))
        plain_frames = list(_plain_frames(load))
        assert len(frames) == len(plain_frames) == len(load.texts)
        for frame, plain, message in zip(frames, plain_frames, load.messages, strict=True):
            assert (frame.text, frame.binary) == (plain.text, plain.binary)
            assert default_codec().decode(frame) == message
            check_values(message, floor.decode(plain))
            check_bytes(message)
        _check_structs(load)


def check_values(message: Message, plain: object) -> None:
    """Assert that both have the same fields with the same values of the same types."""
    for field in attrs.fields(type(message)):
        if not field.init:  # surplus words; no message of the workloads has any
            continue
        ours, other = getattr(message, field.name), getattr(plain, field.name)
        assert type(ours) is type(other), (message, field.name)
        assert ours == other, (message, field.name)


def check_bytes(message: Message) -> None:
    """Assert that codec and floor write the same, the first time and again."""
    expected = floor_encode(message)
    assert default_codec().encode_bytes(message, Framing.V2) == expected
    assert default_codec().encode_bytes(message, Framing.V2) == expected


def _check_structs(load: Workload) -> None:
    structs, values = structs_of(load.messages)
    for message, value in zip(load.messages, values, strict=True):
        again = structs.decode(structs.encode(value))
        for name in value.__struct_fields__:
            assert getattr(again, name) == getattr(message, name)


def _frames(load: Workload) -> Iterator[Frame]:
    decoder = FrameDecoder(Framing.V2)
    for piece in load.pieces:
        decoder.receive_data(piece)
        while (frame := decoder.next_frame()) is not NEED_DATA:
            yield frame


def _plain_frames(load: Workload) -> Iterator[floor.PlainFrame]:
    reader = floor.Reader()
    for piece in load.pieces:
        reader.feed(piece)
        while (frame := reader.take()) is not None:
            yield frame
