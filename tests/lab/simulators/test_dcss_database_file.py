"""Databases from files: our YAML, and dcss's dumps."""

from pathlib import Path

import attrs
import pytest
import yaml

from dcs_codec import Framing
from dhs_lab.simulators.dcss import (
    CircleMode,
    EncoderEntry,
    HardwareHost,
    PseudoMotorEntry,
    RealMotorEntry,
    ShutterEntry,
    SimulatedDcss,
    StringEntry,
)
from dhs_lab.simulators.dcss.database_file import SAMPLE, load_database, read_database
from dhs_runtime import ConfigError
from tests.lab.simulators.dhs_peer import DhsPeer


def read(text: str) -> tuple[HardwareHost, ...]:
    return read_database(yaml.safe_load(text), "db.yaml")


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return str(caught.value).splitlines()


# -- what it holds ---------------------------------------------------------------------------


def test_the_sample_says_the_defaults_where_it_says_so() -> None:
    stage, echo = read(SAMPLE)
    assert (stage.name, stage.framing, echo.name) == ("stageDHS", Framing.V2, "echoDHS")
    devices = {device.name: device for device in stage.devices}
    assert devices["sample_z"] == RealMotorEntry("sample_z")
    assert devices["gonio_phi"] == RealMotorEntry(
        "gonio_phi",
        hardware_name="phi",
        upper_limit=3600.0,
        lower_limit=-3600.0,
        circle_mode=CircleMode.UP_TO_360,
        units="deg",
    )
    assert devices["energy"] == PseudoMotorEntry(
        "energy",
        position=12000.0,
        upper_limit=20000.0,
        lower_limit=5000.0,
        units="eV",
        dependencies=("gonio_phi",),
        children=("gonio_phi",),
    )
    assert devices["shutter"] == ShutterEntry("shutter")
    assert devices["phi_encoder"] == EncoderEntry("phi_encoder")
    assert devices["stage_status"] == StringEntry("stage_status", "idle")


def test_it_names_every_field_of_a_real_motor() -> None:
    told = {field.name for field in attrs.fields(RealMotorEntry) if field.init} - {"name"}
    for name in told - {"dependencies"}:
        assert f" {name}:" in SAMPLE or f"{name}:" in SAMPLE or name in SAMPLE, name


def test_a_dhs_is_given_what_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "beamline.yaml"
    path.write_text(SAMPLE)
    with (
        SimulatedDcss(load_database(path).hosts) as dcss,
        DhsPeer.logged_in(dcss, "stageDHS") as peer,
    ):
        assert peer.registrations[:3] == [
            "stoh_register_real_motor sample_z sample_z",
            "stoh_register_real_motor gonio_phi phi",
            "stoh_register_pseudo_motor energy energy",
        ]
        assert peer.registrations[-1] == "stoh_set_motor_children energy gonio_phi"


def test_hosts_and_kinds_may_be_empty() -> None:
    one, two = read("hosts: {one: , two: {motors: , framing: v1}}")
    assert (one, two) == (HardwareHost("one"), HardwareHost("two", framing=Framing.V1))


# -- what is wrong with it -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("host: {}", "host: unknown key; did you mean hosts?"),
        ("hosts: {}", "hosts: there is no host"),
        ("hosts: [a]", "hosts: a mapping wanted, got a list"),
        ("hosts: {a: 7}", "hosts.a: a mapping wanted, got 7"),
        ("hosts: {a b: }", "hosts.a b: a name is one word of at most 39 bytes"),
        ("hosts: {a: {motorz: [x]}}", "hosts.a.motorz: unknown key; did you mean motors?"),
        ("hosts: {a: {framing: v3}}", "hosts.a.framing: one of v1, v2"),
        ("hosts: {a: {framing: auto}}", "hosts.a.framing: v1 or v2 wanted"),
        ("hosts: {a: {motors: 5}}", "hosts.a.motors: a mapping wanted, got 5"),
        ("hosts: {a: {motors: {m: 5}}}", "hosts.a.motors.m: a mapping wanted, got 5"),
        ("hosts: {a: {motors: {m: {x: 3}}}}", "hosts.a.motors.m.x: unknown key (known: name"),
        ("hosts: {a: {motors: {m: {name: x}}}}", "hosts.a.motors.m: unknown key name"),
        (
            "hosts: {a: {motors: {m: {position: x}}}}",
            "hosts.a.motors.m.position: number wanted, got 'x'",
        ),
        (
            "hosts: {a: {motors: {m: {circle_mode: round}}}}",
            "hosts.a.motors.m.circle_mode: one of none, up_to_360",
        ),
        (
            "hosts: {a: {motors: {m: {circle_mode: [1]}}}}",
            "hosts.a.motors.m.circle_mode: one of none, up_to_360",
        ),
        ("hosts: {a: {shutters: {s: ajar}}}", "hosts.a.shutters.s.state: one of open, close"),
        ("hosts: {a: {strings: {s: 5}}}", "hosts.a.strings.s: a text or a mapping wanted"),
        ("hosts: {a: {motors: [m], encoders: [m]}}", "hosts: two devices of the database are"),
        (
            "hosts: {a: {motors: {m: {dependencies: [x]}}}}",
            "hosts.a: m: needs the motor x, which is in no host",
        ),
    ],
)
def test_a_mistake_is_named_by_file_and_path(text: str, mistake: str) -> None:
    assert any(line.startswith(f"db.yaml: {mistake}") for line in mistakes(text)), mistakes(text)


def test_all_mistakes_are_named_at_once() -> None:
    text = "hosts: {a: {shutters: {s: ajar}, motors: {m: {speed: fast}}}, b: {strings: {s: [1]}}}"
    assert len(mistakes(text)) == 3


# -- files -----------------------------------------------------------------------------------


def test_a_dump_is_read_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "beamline.dump"
    motor = "z\n1\nx\n1 1 1 1 1\n1 1 1 1 1\n0\nnan 25 -20 400 2000 100 -40 1 1 0 1 0 0\n\n"
    path.write_text(f"self\n3\nlocalhost 2\n\nbad\n77\n\n{motor}x\n3\nlocalhost 1\n\nEND\n")
    loaded = load_database(path)
    assert [host.name for host in loaded.hosts] == ["self", "x"]
    assert loaded.problems == (f"{path}: line 6: bad: type 77 is obsolete or unknown",)
    assert loaded.notes == (f"{path}: line 14: z: position is nan, 0 is taken",)


def test_what_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.dump: No such file"):
        load_database(tmp_path / "absent.dump")
    with pytest.raises(ConfigError, match=r"absent\.yml: No such file"):
        load_database(tmp_path / "absent.yml")
    path = tmp_path / "notes.txt"
    path.write_text("hello\n")
    with pytest.raises(ConfigError, match=r"notes\.txt: no hardware host in it; is it a dump"):
        load_database(path)
