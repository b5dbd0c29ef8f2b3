"""A plain socket plays dcss's side of a recording; the DHS stays in step to the last frame."""

import itertools
import random
from collections.abc import Callable, Iterator

import pytest

from dcs_codec import Framing, MalformedMessage, Message, decode_text
from dhs_runtime import Dhs
from tests.runtime.peers import RawDcss, eventually, running
from tests.shared import Recording, recordings

Cut = Callable[[bytes], Iterator[bytes]]


def whole(data: bytes) -> Iterator[bytes]:
    yield data


def one_byte(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


def random_cuts(data: bytes) -> Iterator[bytes]:
    source = random.Random(len(data))
    cuts = sorted(source.choices(range(len(data) + 1), k=len(data) // 40))
    return (data[a:b] for a, b in itertools.pairwise([0, *cuts, len(data)]))


def text_of(frame: bytes, framing: Framing) -> str:
    text = frame[26:] if framing is Framing.V2 else frame
    return text.partition(b"\0")[0].decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("cut", [whole, one_byte, random_cuts])
def test_the_dhs_stays_in_step_to_the_last_frame(cut: Cut) -> None:
    played = 0
    for recording in recordings():
        play(recording, cut)
        played += len(recording.frames)
    assert played > 200


def play(recording: Recording, cut: Cut) -> None:
    framing = Framing.V2 if recording.protocol == 2 else Framing.V1
    dhs = Dhs(recording.host)
    got: list[Message] = []
    dhs.on(Message)(got.append)
    with RawDcss() as dcss, running(dhs, dcss.config()):
        with dcss.accept() as peer:
            assert peer.shake_hands(framing) == f"htos_client_is_hardware {recording.host}"
            for piece in cut(b"".join(recording.frames[1:])):
                peer.send_bytes(piece)
            # One more, which is answered: the DHS is in step, and has seen all before it.
            peer.send("stoh_start_operation last.one 9.9 {in step}", framing=framing)
            while "last.one" not in peer.read_text():
                pass
        expected = [decode_text(text_of(frame, framing)) for frame in recording.frames[1:]]
        eventually(lambda: len(got) > len(expected))
    assert got[:-1] == expected
    assert not any(isinstance(message, MalformedMessage) for message in got)
