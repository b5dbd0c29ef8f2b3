"""The benchmarks run and measure what they say; no figure is checked."""

import io
from pathlib import Path

import attrs
import pytest

pytest.importorskip("pyperf", reason="the extra `bench` is not installed")
pytest.importorskip("msgspec", reason="the extra `bench` is not installed")

from rich.console import Console

from benchmarks import (
    bench_capture,
    bench_classes,
    bench_codec,
    bench_decode,
    bench_detector,
    bench_gui,
    bench_import,
    bench_pictures,
    bench_receiver,
    bench_runtime,
    bench_throughput,
    bench_turns,
    report,
    sizes,
    walk,
)
from benchmarks.agreement import check_agreement, check_values
from benchmarks.bench_codec import Case, cases, groups
from benchmarks.floor import Reader
from benchmarks.measure import main as measure_and_keep
from benchmarks.measure import measure
from benchmarks.workloads import DEVICES, MIX, cut, v2_frame, workloads
from dcs_codec import DHS_MESSAGES, Message, decode_text
from dcs_codec.compiled import compile_decode, compile_encode
from dcs_codec.plan import Plan
from dhs_lab.tools.inputs import open_source
from dhs_lab.tools.reading import read
from dhs_lab.tools.sightings import Sighting

CASES = tuple(cases())

pytestmark = pytest.mark.uncovered


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_handles_the_messages_it_counts(case: Case) -> None:
    handled = case.run(case.prepare())
    if case.work == "chunks":
        assert handled > 0
    elif case.run is bench_codec.copied:
        assert handled == bench_codec.BINARY_SIZE
    else:
        assert handled == case.count


@pytest.mark.parametrize("rivals", tuple(groups()), ids=lambda rivals: rivals[0].name)
def test_rivals_are_measured_side_by_side(rivals: tuple[Case, ...]) -> None:
    few = [attrs.evolve(case, passes=1) for case in rivals]
    values = measure(few, windows=2)
    assert list(values) == [case.name for case in rivals]
    assert all(len(taken) == 2 and min(taken) > 0 for taken in values.values())


def test_what_is_measured_is_kept(tmp_path: Path) -> None:
    for _ in range(2):
        measure_and_keep(tmp_path / "kept.json", "frames", "storm", windows=3)
    figures = report.figures_of(tmp_path / "kept.json")
    assert {name: len(taken) for name, taken in figures.items()} == {
        "frames, storm, ours": 6,
        "frames, storm, floor": 6,
    }


def test_a_busy_moment_spoils_no_ratio() -> None:
    """It slows down both, as often as not in other windows than most."""
    assert report.ratio_of([1.2, 2.4, 1.2, 2.4], [1.0, 2.0, 1.0, 2.0]) == pytest.approx(1.2)


def test_codec_floor_and_msgspec_agree() -> None:
    check_agreement()


def test_disagreement_is_noticed() -> None:
    one, other = (decode_text(f"htos_motor_move_started m {at}") for at in (1.0, 2.0))
    with pytest.raises(AssertionError):
        check_values(one, other)


def test_workloads_are_what_they_are_called() -> None:
    burst, storm, mixed = workloads()
    registrations = [text for text in burst.texts if text.startswith("stoh_register_")]
    assert len(registrations) == len(DEVICES) == 300
    assert sum(text.endswith("\n") for text in registrations) == 135  # all that are no motors
    assert {text.split()[0] for text in storm.texts} == {
        "htos_motor_move_started",
        "htos_update_motor_position",
        "htos_motor_move_completed",
    }
    keywords = [text.split()[0] for text in mixed.texts]
    assert {keyword: keywords.count(keyword) for keyword in MIX} == MIX


def test_the_floor_reads_streams_cut_anywhere() -> None:
    stream = v2_frame("htos_note a\n", b"\0binary") + v2_frame("htos_note b")
    reader = Reader()
    found = []
    for piece in cut(stream, 1):
        reader.feed(piece)
        while (frame := reader.take()) is not None:
            found.append((frame.text, frame.binary))
    assert found == [(b"htos_note a", b"\0binary"), (b"htos_note b", b"")]


def test_tables_name_what_is_met_and_what_is_not() -> None:
    figures = {case.name: [1e-6 if case.who == "ours" else 0.5e-6] for case in CASES}
    out = io.StringIO()
    report.print_tables(figures, Console(file=out, width=80))
    lines = out.getvalue().splitlines()
    assert [line.count("not met") for line in lines if " decode  " in line] == [1, 1, 1]
    (binary,) = (line for line in lines if "MB binary" in line)
    assert "2.00 copies" in binary
    assert "not met" not in binary
    (at,) = (index for index, line in enumerate(lines) if "measured elsewhere" in line)
    assert ["pydhsfw" in line for line in lines[at:][:4]] == [False, True, True, False]
    assert not any("…" in line for line in lines), "does not fit a terminal"


def test_runtime_benchmarks_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_runtime, "ROUNDS", 200)
    monkeypatch.setattr(bench_runtime, "RESTARTS", 2)
    bench_runtime.main()
    assert "ratio of the medians" in capsys.readouterr().out


def test_round_trips_through_a_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_gui, "ROUNDS", 3)
    bench_gui.main(["--windows", "1"])
    printed = capsys.readouterr().out
    for rival in ("raw GUI, raw DHS", "DcssClient, raw DHS", "raw GUI, Dhs", "DcssClient, Dhs"):
        assert rival in printed


def test_round_trips_by_turns(capsys: pytest.CaptureFixture[str]) -> None:
    bench_turns.main(["--windows", "1"])
    printed = capsys.readouterr().out
    for rival in ("raw sockets", "DHS", "DHS, inline"):
        assert rival in printed


def test_decoding_a_log_is_measured_beside_another_tree(capsys: pytest.CaptureFixture[str]) -> None:
    bench_decode.main(bench_decode.ROOT, megabytes=0.1, turns=1)
    assert "decode -k, times as fast" in capsys.readouterr().out


def test_the_detector_is_measured_beside_a_floor_and_another_tree(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench_detector.main(bench_detector.ROOT, turns=1, runs=1)
    printed = capsys.readouterr().out
    for words in ("front light, 704 x 480", "detector relative to floor", "relative to TREE"):
        assert words in printed


def test_throughput_and_pictures_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_throughput, "RUNS", 1)
    monkeypatch.setattr(bench_pictures, "RUNS", 1)
    bench_throughput.main((10_000, 20_000))
    bench_pictures.main(10)
    monkeypatch.setattr(bench_receiver, "RUNS", 1)
    bench_receiver.main(50)
    bench_import.main(1)
    printed = capsys.readouterr().out
    assert "after    20,000 operations" in printed
    assert "receiver and client" in printed
    assert "50 cameras  receiver" in printed


def test_a_capture_is_decoded_and_its_memory_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = bench_capture.write_capture(tmp_path / "x.pcap", 100)
    with open_source(str(tmp_path / "x.pcap")) as source:
        findings = list(read(source))
    assert len(findings) == 2 * count
    assert {found.message.keyword for found in findings if isinstance(found, Sighting)} == {
        "stoh_start_operation",
        "htos_operation_completed",
    }
    bench_capture.main((1_000, 1_000_000), runs=1)
    printed = capsys.readouterr().out
    assert "dhs decode" in printed
    assert "a capture of   1.0 MB" in printed


def test_every_message_class_has_a_row() -> None:
    rows = bench_classes.measure(rounds=1, calls=2)
    assert [row.keyword for row in rows] == [each.keyword for each in DHS_MESSAGES]
    assert all(row.read_s > 0 and row.write_s > 0 for row in rows)
    console = Console(file=io.StringIO(), width=120)
    console.print(bench_classes.table_of(rows))
    for row in rows:
        assert row.keyword in console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO


def test_samples_are_read_by_generated_code() -> None:
    """A class without a compiled form would be many times slower than the others."""

    def reference(text: bytes, binary: bytes) -> Message:
        raise AssertionError(f"{text!r} was left to the reference")

    for message_class in DHS_MESSAGES:
        text = bench_classes.sample_of(message_class).encode()
        plan = Plan(message_class)
        decode = compile_decode(message_class, plan.words, plan.tail, reference)
        message = decode(text, text.partition(b" ")[2], b"")
        assert message == plan.decode(text, text.partition(b" ")[2], b"")
        encode = compile_encode(message_class, plan.words, plan.tail, plan.encode_reference)
        assert encode(message) == encode(message)


# -- what is counted -------------------------------------------------------------------------


@pytest.mark.parametrize("inline", [False, True], ids=["worker", "inline"])
def test_the_walk_of_an_operation_crosses_its_threads(inline: bool) -> None:
    made = walk.walk(inline=inline)
    assert made.threads == ["dcss-link"] + ["operation-1"] * (not inline)
    functions = [step.function for step in made.steps]
    assert functions.index("Codec.decode") < functions.index("Operation.complete")
    assert {"dcs_codec/codec.py", "generated by dcs_codec"} <= {step.file for step in made.steps}
    assert str(made).startswith(f"{len({step.file for step in made.steps})} files, ")


def test_sizes_are_those_of_the_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text("1\n" * 50)
    (tmp_path / "a.py").write_text("def f():\n    pass\n\n\ndef g():\n    # one\n    return 1\n")
    (tmp_path / "b.py").write_text("1\n2\n3\n")
    assert sizes.measured(sizes.sources(tmp_path)) == sizes.Sizes([3, 7], [2, 3])
    sizes.main([str(tmp_path)])
    table = capsys.readouterr().out.splitlines()
    assert table[-1] == f"| {tmp_path.name} | 2 | 10 | 5 / 7 | 2 / 3 / 3 |"
    assert [row.split("|")[1].strip() for row in table[2:-1]] == [*sizes.parts(sizes.ROOT)]
    assert len(sizes.parts(sizes.ROOT)) == 4
