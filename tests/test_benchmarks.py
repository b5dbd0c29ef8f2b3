"""The benchmarks measure what they say; how fast it is, they tell themselves."""

import pytest

pytest.importorskip("pyperf", reason="the extra `bench` is not installed")

from benchmarks import bench_codec, bench_runtime
from benchmarks.floor import floor_decode, floor_encode, floor_frames


def test_codec_and_floor_do_the_same_work() -> None:
    count = len(bench_codec.MESSAGES)
    assert bench_codec.frames() == bench_codec.decode() == count
    assert floor_frames(bench_codec.STREAM) == floor_decode(bench_codec.STREAM) == count
    assert bench_codec.encode() == floor_encode(bench_codec.MESSAGES) == len(bench_codec.STREAM)


def test_runtime_benchmarks_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_runtime, "ROUNDS", 200)
    monkeypatch.setattr(bench_runtime, "RESTARTS", 2)
    bench_runtime.main()
    assert "ratio of the medians" in capsys.readouterr().out
