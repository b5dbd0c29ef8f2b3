"""The fuzz target passes on its seeds and near them, and detects every kind of fault."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    NEED_DATA,
    Codec,
    EncodeError,
    Frame,
    FrameDecoder,
    Framing,
    Message,
    NeedData,
    StohAbortAll,
)
from dcs_codec.plan import Plan
from fuzz import corpus, fuzz_codec, invariants, shapes

ROOT: Final = Path(__file__).resolve().parents[1]
NEAR: Final = 500

pytestmark = pytest.mark.uncovered


# -- the target on the codec as it is --------------------------------------------------------


def test_the_seed_of_a_class_is_a_message_of_it() -> None:
    for plan in shapes.PLANS:
        assert type(shapes.CODEC.decode(Frame(corpus.text_of(plan)))) is plan.message_class


def test_every_invariant_holds_of_the_seeds() -> None:
    for seed in corpus.seeds():
        invariants.check(seed)


def test_every_invariant_holds_near_the_seeds() -> None:
    seeds = corpus.seeds()
    for number in range(NEAR):
        invariants.check(corpus.mutated(seeds[number % len(seeds)], number))


@given(st.binary(max_size=300))
def test_every_invariant_holds_of_any_bytes(data: bytes) -> None:
    invariants.check(data)


@given(corpus.inputs())
def test_every_invariant_holds_of_drawn_inputs(data: bytes) -> None:
    invariants.check(data)


@given(st.binary(min_size=invariants.HEAD_SIZE, max_size=invariants.HEAD_SIZE))
def test_a_head_is_read_as_it_is_written(head: bytes) -> None:
    steering = invariants.Steering.of(head)
    assert invariants.Steering.of(steering.head()) == steering


@given(st.binary(max_size=100), st.binary(min_size=8, max_size=8))
def test_pieces_are_the_stream(stream: bytes, head: bytes) -> None:
    for pieces in invariants.Steering.of(head).cut(stream):
        assert b"".join(pieces) == stream


# -- the target on a codec that is broken ----------------------------------------------------


class DropsSingleBytes(FrameDecoder):
    """How the stream is cut makes a difference."""

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take data."""
        super().receive_data(data[1:] if len(data) == 1 else data)


class ForgetsErrors(FrameDecoder):
    """An error is raised once."""

    def next_frame(self) -> Frame | Literal[NeedData.NEED_DATA]:
        """Take a frame."""
        error, self._error = self._error, None
        return NEED_DATA if error else super().next_frame()


class RaisesAnything(FrameDecoder):
    """An error that is not documented."""

    def next_frame(self) -> Frame | Literal[NeedData.NEED_DATA]:
        """Take a frame."""
        raise EncodeError("", "", "in a decoder")


class KeepsTooMuch(FrameDecoder):
    """Keeps all it was ever given."""

    @property
    def pending(self) -> bytes:
        """Bytes that are kept."""
        return super().pending + bytes(1 << 24)


class KeepsAfterErrors(FrameDecoder):
    """Keeps what comes after an error."""

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take data."""
        super().receive_data(data)
        if self._error is not None:
            self._waiting += data


class RaisesNoLimit(FrameDecoder):
    """Lets frames of any size through."""

    def __init__(self, framing: Framing = Framing.AUTO, max_frame_size: int = 0) -> None:
        super().__init__(framing)


class MakesNothing(Codec):
    """Some text is no message."""

    def decode(self, frame: Frame) -> Message:
        """Read."""
        return Message()


class WritesAnother(Codec):
    """What is written is not what was there."""

    def encode(self, message: Message) -> Frame:
        """Write."""
        return super().encode(StohAbortAll(abort_arg="soft"))


class WritesOtherBytes(Codec):
    """The short way to bytes is another than the long one."""

    def encode_bytes(self, message: Message, framing: Framing) -> bytes:
        """Write."""
        return super().encode_bytes(message, Framing.V2)


def broken_by(check: Callable[[], None]) -> int:
    """Number of the invariant that a check finds broken."""
    with pytest.raises(invariants.BrokenInvariantError) as caught:
        check()
    return caught.value.number


def check_seeds(seeds: Iterable[bytes] = corpus.seeds()) -> None:
    for seed in seeds:
        invariants.check(seed)


@pytest.mark.parametrize(
    ("decoder", "number"),
    [
        (DropsSingleBytes, 1),
        (ForgetsErrors, 1),
        (RaisesAnything, 1),
        (KeepsTooMuch, 6),
        (KeepsAfterErrors, 6),
    ],
)
def test_a_broken_decoder_is_seen(
    monkeypatch: pytest.MonkeyPatch, decoder: type[FrameDecoder], number: int
) -> None:
    monkeypatch.setattr(invariants, "FrameDecoder", decoder)
    assert broken_by(check_seeds) == number


def test_a_frame_beyond_the_limit_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariants, "FrameDecoder", RaisesNoLimit)
    steering = invariants.Steering(limit=64)
    data = steering.head() + b"%12d %12d " % (65, 0) + b"a" * 65
    assert broken_by(lambda: invariants.check(data)) == 6


@pytest.mark.parametrize(
    ("codec", "number"), [(MakesNothing, 2), (WritesAnother, 3), (WritesOtherBytes, 4)]
)
def test_a_broken_codec_is_seen(
    monkeypatch: pytest.MonkeyPatch, codec: type[Codec], number: int
) -> None:
    monkeypatch.setattr(invariants, "CODEC", codec(shapes.CODEC.registry))
    assert broken_by(check_seeds) == number


@pytest.mark.parametrize("way", ["decode", "encode_reference"])
@pytest.mark.parametrize("plan", shapes.PLANS[::8], ids=lambda plan: plan.keyword)
def test_two_ways_that_differ_are_seen(
    monkeypatch: pytest.MonkeyPatch, plan: Plan[Message], way: str
) -> None:
    seeds = [seed for seed in corpus.seeds() if plan.keyword.encode() in seed]

    check_seeds(seeds)  # so that the codec has compiled what is changed here
    right_decode, right_encode = plan.decode, plan.encode_reference

    def decode(text: bytes, tail: bytes, binary: bytes) -> Message:
        return attrs.evolve(right_decode(text, tail, binary), binary=b"other")

    def encode(message: Message) -> str:
        return right_encode(message) + " more"

    monkeypatch.setattr(plan, way, {"decode": decode, "encode_reference": encode}[way])
    assert broken_by(lambda: check_seeds(seeds)) == 4


def test_a_list_that_is_not_split_again_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariants, "join_list", " ".join)
    assert broken_by(lambda: invariants.check_lists("{a b} c")) == 5


# -- the search ------------------------------------------------------------------------------


def fails_on_x(data: bytes) -> None:
    """A check with two failures."""
    if b"x" in data:
        raise invariants.BrokenInvariantError(1, "x", "is there")
    if b"y" in data:
        raise KeyError("y")


def test_a_search_keeps_the_smallest_of_each_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search = fuzz_codec.Search(fails_on_x, "nobody", 60.0, tmp_path / "findings")
    for data in (b"right", b"abcxdef", b"xx", b"123y", b"y", b"right"):
        search.run(data)
    assert search.finish() == 1
    found = sorted((tmp_path / "findings").iterdir())
    assert sorted(path.read_bytes() for path in found) == [b"x", b"y"]
    said = capsys.readouterr().out
    assert "6 inputs, findings: 2" in said.splitlines()[-1]
    assert "invariant (1), x: is there" in said
    assert all(str(path) in said for path in found)


def test_a_search_without_findings_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search = fuzz_codec.Search(fails_on_x, "nobody", 60.0, tmp_path / "findings")
    search.run(b"right")
    assert search.finish() == 0
    assert capsys.readouterr().out == "fuzz: nobody ran for 0 s: 1 inputs, nothing was found\n"
    assert not (tmp_path / "findings").exists()


def test_a_failure_is_minimised() -> None:
    def still_fails(data: bytes) -> bool:
        return data.count(b"<") >= 2 and b"Q" in data

    assert fuzz_codec.minimised(b"aaa<bbbb<cc" * 9 + b"Q<zz", still_fails) in (b"<<Q", b"<Q<")


def test_the_dictionary_has_the_form_of_libfuzzer(tmp_path: Path) -> None:
    corpus.write_dictionary(tmp_path / "words.dict")
    lines = (tmp_path / "words.dict").read_text().splitlines()
    assert len(lines) == len(corpus.words()) > len(shapes.PLANS)
    assert all(re.fullmatch(r'"(\\x[0-9a-f]{2})+"', line) for line in lines)


def run_script(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "fuzz" / "fuzz_codec.py", *arguments],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def test_a_file_is_checked_again(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(corpus.seeds()[0])
    done = run_script(path)
    assert (done.returncode, done.stdout) == (0, f"{path}: every invariant holds\n")


@pytest.mark.parametrize("engine", fuzz_codec.ENGINES)
def test_a_search_ends_by_itself_and_tells_how_it_went(engine: str) -> None:
    pytest.importorskip(engine)
    done = run_script(f"--engine={engine}", "-max_total_time=1")
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    told = re.fullmatch(rf"fuzz: {engine} ran for \d+ s: (\d+) inputs, nothing was found", last)
    assert told is not None, last
    assert int(told[1]) >= len(corpus.seeds())
