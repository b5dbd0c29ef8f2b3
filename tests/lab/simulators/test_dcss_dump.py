"""Dumps of dcss's database, whole and damaged."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import Framing
from dhs_lab.simulators.dcss import (
    CircleMode,
    Dump,
    EncoderEntry,
    Entry,
    HardwareHost,
    IonChamberEntry,
    ObjectEntry,
    OperationEntry,
    PseudoMotorEntry,
    RealMotorEntry,
    ShutterEntry,
    SimulatedDcss,
    StringEntry,
    load_dump,
    parse_dump,
)
from tests.lab.simulators.dhs_peer import DhsPeer
from tests.shared import shared_path

PERMITS = "1 1 1 1 1\n0 1 1 1 1\n"
SELF = "self\n3\nlocalhost 2\n\n"
GALIL = "galil\n3\nbl.example.org 1\n\n"
END = "END\n"
REAL = "1.5 25.0 -20.0 400.0 2000 100 -40 1 1 0 1 0 2 mm"
PSEUDO = "12000.0 20000.0 5000.0 1 0 0 0 eV"


def devices(section: str) -> tuple[Entry, ...]:
    """The devices of `galil` in a dump with this section; nothing may be wrong with it."""
    dump = parse_dump(SELF + section + "\n\n" + GALIL + END)
    assert dump.problems == ()
    assert [host.name for host in dump.hosts] == ["self", "galil"]
    return dump.hosts[1].devices


def problems(section: str) -> list[str]:
    """The problems of a section that begins at line 9; a shutter after it must be read."""
    dump = parse_dump(SELF + GALIL + section + "\n\nlast\n6\ngalil 0\n\n" + END)
    assert dump.hosts[1].devices[-1:] == (ShutterEntry("last", "open", "last"),)
    return [str(problem) for problem in dump.problems]


MOTOR = RealMotorEntry(
    "z",
    hardware_name="stage",
    position=1.5,
    upper_limit=25,
    lower_limit=-20,
    scale_factor=400,
    speed=2000,
    acceleration=100,
    backlash=-40,
    backlash_on=True,
    circle_mode=CircleMode.AROUND_ZERO,
    units="mm",
    dependencies=("a", "b"),
)
ENERGY = PseudoMotorEntry(
    "energy",
    hardware_name="mono",
    position=12000,
    upper_limit=20000,
    lower_limit=5000,
    upper_limit_on=False,
    units="eV",
    children=("z", "y"),
)


@pytest.mark.parametrize(
    ("section", "device"),
    [
        (f"z\n1\ngalil stage\n{PERMITS}a b\n{REAL}", MOTOR),
        (f"z\n1\ngalil stage\n{REAL} \na b\n{PERMITS}", MOTOR),
        (f"energy\n2\ngalil mono\n{PERMITS}0\n{PSEUDO}\nz y", ENERGY),
        (f"energy\n2\ngalil mono\n{PSEUDO}\n0\nz y\n{PERMITS}", ENERGY),
        ("i\n4\ngalil hex1 3 rtc1 clock", IonChamberEntry("i", "hex1", 3, "rtc1", "clock")),
        (f"i\n4\ngalil c 0 t k\n{PERMITS}", IonChamberEntry("i", "c", 0, "t", "k")),
        ("s\n6\ngalil 0", ShutterEntry("s", "open", "s")),
        (f"s\n6\ngalil 1 hw\n{PERMITS}", ShutterEntry("s", "closed", "hw")),
        (f"o\n11\ngalil hw\n{PERMITS}", OperationEntry("o", "hw")),
        (f"o\n11\ngalil\n{PERMITS}", OperationEntry("o", "o")),
        ("e\n12\ngalil hw", EncoderEntry("e", "hw")),
        (f"e\n12\ngalil hw\n{PERMITS}", EncoderEntry("e", "hw")),
        ("t\n13\ngalil standardString", StringEntry("t")),
        ("t\n13\ngalil hw\nsome  contents", StringEntry("t", "some  contents", "hw")),
        (f"t\n13\ngalil hw\n{PERMITS}", StringEntry("t", "", "hw")),
        (f"t\n13\ngalil hw\n{PERMITS} {{a b}} c ", StringEntry("t", "{a b} c", "hw")),
        (f"j\n14\ngalil hw\n{PERMITS}", ObjectEntry("j", "hw")),
    ],
)
def test_every_kind_of_device_in_every_form(section: str, device: Entry) -> None:
    assert devices(section) == (device,)


def test_an_object_as_dcss_writes_it_belongs_to_the_scripting_engine() -> None:
    dump = parse_dump(SELF + "j\n14\n\n" + END)
    assert dump == Dump((HardwareHost("self", (ObjectEntry("j", "j"),)),))


def test_units_may_be_missing() -> None:
    (motor,) = devices(f"z\n1\ngalil stage\n{PERMITS}0\n{REAL.removesuffix(' mm')}")
    assert isinstance(motor, RealMotorEntry)
    assert (motor.units, motor.dependencies) == ("", ())


@pytest.mark.parametrize(
    "section",
    [
        "run0\n8\ninactive 0 1",
        f"run0\n8\nself name\n{PERMITS}inactive 0 1",
        "runs\n9\n2 0 0 0",
        f"runs\n9\nself name\n{PERMITS}2 0 0 0",
        "blank\n0",
    ],
)
def test_what_no_dhs_is_told_of_is_left_out(section: str) -> None:
    assert devices(section) == ()


def test_order_and_framing_are_those_of_the_file() -> None:
    text = (
        f"galil\n3\nx 1\n\n  \ns1\n6\nself 0\n\n\no\n11\ngalil o\n{PERMITS}\ns2\n6\ngalil 1\n\n"
        f"late\n6\nother 0\n\nself\n3\nlocalhost 2\n\nother\n3\ny 2\n\n{END}"
        "\nbehind\n6\ngalil 0\n"
    )
    assert parse_dump(text) == Dump(
        (
            HardwareHost(
                "galil",
                (OperationEntry("o", "o"), ShutterEntry("s2", "closed", "s2")),
                Framing.V1,
            ),
            HardwareHost("self", (ShutterEntry("s1", "open", "s1"),)),
            HardwareHost("other", (ShutterEntry("late", "open", "late"),)),
        )
    )


@pytest.mark.parametrize("word", ["nan", "-nan", "NaN", "inf", "-inf", "1e400"])
@pytest.mark.parametrize(
    ("kind", "configuration", "lines"),
    [(1, REAL, ""), (2, PSEUDO, "child\n")],
)
def test_a_motor_whose_position_is_none_is_read_with_the_rest(
    word: str, kind: int, configuration: str, lines: str
) -> None:
    _, rest = configuration.split(" ", 1)
    section = f"z\n{kind}\ngalil stage\n{PERMITS}0\n{{}} {rest}\n{lines}"
    dump = parse_dump(SELF + GALIL + section.format(word) + "\n" + END)
    assert [str(each) for each in dump.notes] == [f"line 15: z: position is {word}, 0 is taken"]
    assert dump.problems == ()
    assert dump.hosts == parse_dump(SELF + GALIL + section.format("0.0") + "\n" + END).hosts
    (motor,) = dump.hosts[1].devices
    assert motor.name == "z"


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("x", "line 9: x: has no type"),
        ("x\nshutter\ngalil 0", "line 10: x: type is not an integer: 'shutter'"),
        ("x\n5\ngalil 0", "line 10: x: type 5 is obsolete or unknown"),
        ("x\n99", "line 10: x: type 99 is obsolete or unknown"),
        ("x\n6", "line 9: x: 0 lines after the type, its type has 1 or 3"),
        ("x\n6\ngalil", "line 11: x: 1 words for host and state, 2 needed"),
        ("x\n6\ngalil open", "line 11: x: state is not an integer: 'open'"),
        ("x\n6\ngalil 0\n1 1 1 1 1\n1 1 1 1", "line 13: x: a permit has five 0 or 1"),
        ("x\n6\nnobody 0", "line 9: x: its hardware host nobody has no section"),
        ("galil\n6\ngalil 0", "line 9: galil: line 5 has the same name"),
        (f"{'n' * 40}\n6\ngalil 0", f"line 9: {'n' * 40}: a name of 40 characters"),
        (f"x\n6\n{'h' * 40} 0", "line 11: x: 40 characters, dcss takes 39"),
        ("x\n6\ngalil 0\té", "line 11: x: has a character that is not printable"),
        ("x\n13\ngalil hw\n" + "c" * 1023, "line 12: x: 1023 characters, dcss reads 1022"),
        ("x" + "\n1" * 10, "line 9: x: 11 lines, dcss reads 10"),
        ("x\n3\ncomputer", "line 11: x: 1 words for computer and protocol, 2 needed"),
        ("x\n3\ncomputer 3", "line 11: x: protocol 3 is not 1 or 2"),
        (
            f"z\n1\ngalil stage\n0\n{REAL}\n1 1 1 1 1\nno permit",
            "line 12: z: there are no permits, here or at the end",
        ),
        (
            f"z\n1\ngalil stage\n{PERMITS}0\n1.5 25.0 -20.0",
            "line 15: z: 3 words for configuration, 13 needed",
        ),
        (
            f"z\n1\ngalil stage\n{PERMITS}0\n{REAL.replace('25.0', 'inf')}",
            "line 15: z: upper_limit is not a number: 'inf'",
        ),
        (
            f"z\n1\ngalil stage\n{PERMITS}0\n{REAL.replace('1.5', 'here')}",
            "line 15: z: position is not a number: 'here'",
        ),
        (
            f"z\n1\ngalil stage\n{PERMITS}0\n{REAL.replace('25.0', 'high')}",
            "line 15: z: upper_limit is not a number: 'high'",
        ),
        (
            f"z\n1\ngalil stage\n{PERMITS}0\n{REAL.replace('2000', 'fast')}",
            "line 15: z: speed is not an integer: 'fast'",
        ),
        (
            f"z\n1\ngalil stage\n{PERMITS}0\n{REAL.replace('2 mm', '5 mm')}",
            "line 15: z: circle mode 5 is not 0 to 4",
        ),
        (
            f"z\n1\ngalil stage\n{PERMITS}0\n{REAL}{'m' * 30}",
            "line 15: z: 32 characters, dcss takes 31",
        ),
        (
            f"z\n1\ngalil stage\n{PERMITS}{'d' * 160}\n{REAL}",
            "line 14: z: 160 characters, dcss takes 159",
        ),
        ("x\n8\n" + "r" * 800, "line 11: x: 800 characters, dcss takes 799"),
        ("x\n11\ngalil x", "line 9: x: 1 lines after the type, its type has 3"),
    ],
)
def test_a_damaged_section_is_reported_and_left_out(section: str, problem: str) -> None:
    assert problems(section) == [problem]


def test_faults_of_the_whole_file() -> None:
    assert [str(problem) for problem in parse_dump("").problems] == [
        "line 1: the file ends without a section named END",
        "line 1: there is no hardware host self",
    ]
    many = "".join(f"s{number}\n6\nself 0\n\n" for number in range(1000))
    dump = parse_dump(SELF + many + END)
    assert [str(problem) for problem in dump.problems] == [
        "line 4001: s999: more than 1000 sections"
    ]


MORE = "0\n0\n1390945420\n1390945420"


def newer(section: str) -> tuple[Entry, ...]:
    """The devices of `galil` in a dump of the second generation."""
    dump = parse_dump(f"{SELF}{section}\n\n{GALIL}last\n6\ngalil 0\n\n{END}")
    assert (dump.problems, dump.generation) == ((), 2)
    assert dump.hosts[1].devices[-1] == ShutterEntry("last", "open", "last")
    return dump.hosts[1].devices[:-1]


@pytest.mark.parametrize(
    ("section", "device"),
    [
        (f"z\n1\ngalil stage\n{PERMITS}a b\n{REAL}\n{MORE}", MOTOR),
        (f"z\n1\ngalil stage\n{REAL}\na b\n{PERMITS}{MORE}", MOTOR),
        (f"z\n1\ngalil stage\n{PERMITS}a b\n{REAL}\n0\n0\n-1\n1390945420.25", MOTOR),
        (f"energy\n2\ngalil mono\n{PERMITS}0\n{PSEUDO}\nz y\n{MORE}", ENERGY),
        (f"t\n13\ngalil hw\n{PERMITS}a\n  b c\nd", StringEntry("t", "a\nb c\nd", "hw")),
        (
            f"t\n13\ngalil hw\n{PERMITS}a\ne\n \n\nb\nc\n\nd",
            StringEntry("t", "a\ne\n\n\nb\nc\n\nd", "hw"),
        ),
        ("t\n13\ngalil hw\na\nb\nc\nd", StringEntry("t", "a\nb\nc\nd", "hw")),
        (
            f"t\n13\ngalil hw\n{PERMITS}" + "x\n" * 3000,
            StringEntry("t", "\n".join("x" * 3000), "hw"),
        ),
    ],
)
def test_dumps_of_the_second_generation(section: str, device: Entry) -> None:
    assert newer(section) == (device,)


def test_no_size_is_demanded_of_a_newer_dcss() -> None:
    long = f"z\n1\ngalil {'h' * 50}\n{PERMITS}{'d' * 200}\n{REAL}\n{MORE}"
    more = f"t\n13\ngalil hw\n{PERMITS}{'c' * 3000}\té"
    motor, string = newer(f"{long}\n\n{more}")
    assert isinstance(motor, RealMotorEntry)
    assert motor.dependencies == ("d" * 200,)
    assert string == StringEntry("t", "c" * 3000 + "\té", "hw")


def test_two_sections_run_together_are_no_newer_motor() -> None:
    """A blank line lost between a motor and a string of four lines."""
    dump = parse_dump(
        f"{SELF}{GALIL}z\n1\ngalil z\n{PERMITS}0\n{REAL}\nt\n13\ngalil hw\nx\n\n{END}"
    )
    assert dump.generation == 1
    assert [str(problem) for problem in dump.problems] == ["line 9: z: 11 lines, dcss reads 10"]


LINES = (
    f"z\n1\ngalil stage\n{PERMITS}a b\n{REAL}\n{MORE}\n\nt\n13\ngalil hw\nx\n\n{GALIL}{END}".split(
        "\n"
    )
)
ODD_LINES = ("", "13", "1", "END", "x", "9" * 5000, "nan", "²", "1e999", "- -", "\0")


def test_a_string_without_lines_in_a_newer_dump_is_reported() -> None:
    dump = parse_dump(f"{SELF}{GALIL}x\n13\n\nz\n1\ngalil z\n{PERMITS}0\n{REAL}\n{MORE}\n\n{END}")
    assert [str(problem) for problem in dump.problems] == [
        "line 9: x: it has no line for hardware host"
    ]
    assert [device.name for device in dump.hosts[1].devices] == ["z"]


@given(st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from([None, *ODD_LINES]))))
def test_no_damage_to_lines_is_an_error(damages: list[tuple[int, str | None]]) -> None:
    lines: list[str | None] = list(LINES)
    for at, line in damages:
        lines[at] = line
    dump = parse_dump("\n".join(line for line in lines if line is not None))
    assert isinstance(dump, Dump)


@given(st.text(alphabet="self galil\n\n\n0123 1 éEND\t") | st.text())
def test_no_text_is_an_error(text: str) -> None:
    assert isinstance(parse_dump(SELF + text), Dump)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("traffic/database.dump", 35),
        ("databases/full-beamline.dump", 477),
        ("databases/simulated-beamline.dump", 150),
        ("databases/newer-generation.dump", 110),
    ],
)
def test_real_dumps_are_read_whole(name: str, count: int) -> None:
    path = shared_path(name)
    dump = load_dump(path)
    assert dump.problems == ()
    assert sum(len(host.devices) for host in dump.hosts) == count
    sections = [text.split("\n") for text in re.split(r"\n(?:[ \t]*\n)+", path.read_text())]
    kept = [
        lines[0] for lines in sections if lines[1:2] > ["0"] and lines[1] not in ("3", "8", "9")
    ]
    for host in dump.hosts:
        names = [device.name for device in host.devices]
        assert names == [name for name in kept if name in names]
    assert len(kept) == count


def test_a_dhs_is_given_its_devices_of_a_real_dump() -> None:
    dump = load_dump(shared_path("databases/full-beamline.dump"))
    with SimulatedDcss(dump.hosts) as dcss, DhsPeer.logged_in(dcss, "gi") as dhs:
        assert len(dhs.registrations) >= 19
        assert dhs.registrations[0] == "stoh_register_real_motor table_vert_1 tablev1"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_dump(tmp_path / "nosuch.dump")
