"""The messages that a DHS gets for messages of a GUI."""

from collections.abc import Iterator

import pytest

from dcs_codec import HtosSetStringCompleted
from dcs_codec.limits import V2_HEADER_SIZE
from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss, from_gui
from dhs_lab.simulators.dcss.gui_path import as_forwarded
from dhs_lab.simulators.dcss.move_runs import MoveRun
from dhs_lab.simulators.dcss.runs import ReportRun
from dhs_runtime import DhsError
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    host = HardwareHost.of("aDHS", motors=["gonio_z"], strings={"status": ""}, shutters=["shutter"])
    with SimulatedDcss([host]) as server:
        yield server


@pytest.fixture
def dhs(dcss: SimulatedDcss) -> Iterator[DhsPeer]:
    with DhsPeer.logged_in(dcss, "aDHS") as peer:
        yield peer


@pytest.mark.parametrize(
    ("said", "forwarded"),
    [
        (
            'gtos_set_string s a[b]c$d;e"f\ng\th\\i#j%k{l}',
            "gtos_set_string s a b c d e f g\th\\i#j%k{l}",
        ),
        ("gtos_start_operation op 1.1 [exit] $x;y", "gtos_start_operation op 1.1  exit   x y"),
        ("gtos_set_string s ", "gtos_set_string s"),
        ("gtos_set_string s", "gtos_set_string s"),
        ("gtos_set_string s  ", "gtos_set_string s  "),
        ("gtos_set_string s two  blanks  ", "gtos_set_string s two  blanks  "),
        ("gtos_read_ion_chambers 0.50 1 i0 i1", "gtos_read_ion_chambers 0.50 0 i0 i1"),
        ("gtos_read_ion_chambers 0.50 0 i0", "gtos_read_ion_chambers 0.50 0 i0"),
        ("gtos_start_motor_move m 0.000", "gtos_start_motor_move m 0.000"),
        ("gtos_start_motor_move m -1e3", "gtos_start_motor_move m -1e3"),
        ("gtos_start_motor_move free home", "gtos_start_motor_move free home"),
        ("gtos_start_motor_move free #HM1", "gtos_start_motor_move free #HM1"),
        ("gtos_abort_all", "gtos_abort_all"),
        ("", ""),
    ],
)
def test_what_goes_on(said: str, forwarded: str) -> None:
    assert as_forwarded(said) == forwarded


@pytest.mark.parametrize("word", ["home", "#HM1", "nan", "2000"])
def test_a_move_is_refused_by_the_rules_of_the_engine(
    dcss: SimulatedDcss, dhs: DhsPeer, word: str
) -> None:
    with pytest.raises(DhsError, match=f"gonio_z is not sent to '{word}': gonio_z_sw_limit"):
        from_gui(dcss, f"gtos_start_motor_move gonio_z {word}")
    assert dhs.read_until_now() == ["stoh_abort_all soft"] * 2


def test_home_reaches_the_dhs_once_limits_are_off(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    with pytest.raises(DhsError, match="gonio_z_sw_limit"):
        from_gui(dcss, "gtos_start_motor_move gonio_z home")
    assert dhs.read_until_now() == ["stoh_abort_all soft"] * 2
    dcss.configure("gonio_z", lower_limit_on=False, upper_limit_on=False)
    from_gui(dcss, "gtos_start_motor_move gonio_z home")
    assert dhs.read_until_now()[-1] == "stoh_start_motor_move gonio_z home"


@pytest.mark.parametrize(
    ("word", "sent"),
    [
        ("0", "0"),
        ("0.000", "0.000"),
        ("-0.0", "-0.0"),
        ("+.0", "+.0"),
        ("00", "00"),
        ("0e5", "0e5"),
        ("0x0", "0x0"),
        ("0up", "0up"),
        ("home", "home"),
        ("-", "-"),
        ("1e-9", "0.000000"),
        ("1e-400", "1e-400"),
        ("-1e3", "-1000.000000"),
        (".5", "0.500000"),
        ("5up", "5.000000"),
        ("0x10", "16.000000"),
        ("inf", "inf"),
        ("1e400", "inf"),
    ],
)
def test_a_destination_is_printed_unless_it_is_0(
    dcss: SimulatedDcss, dhs: DhsPeer, word: str, sent: str
) -> None:
    dcss.configure("gonio_z", lower_limit_on=False, upper_limit_on=False)
    dhs.read_until_now()
    run = from_gui(dcss, f"gtos_start_motor_move gonio_z {word}")
    dhs.read_until_now()
    assert dhs.bytes_until_now[V2_HEADER_SIZE:] == b"stoh_start_motor_move gonio_z %b\0" % (
        sent.encode()
    )
    assert isinstance(run, MoveRun)
    is_zero = word in {"0", "0.000", "-0.0", "+.0", "00", "0e5"}
    assert not is_zero or run.goal == 0


def test_what_a_gui_asks_for_can_be_waited_for(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    run = from_gui(dcss, "gtos_set_string status [a  b]")
    assert isinstance(run, ReportRun)
    assert dhs.read_until_now() == ["stoh_set_string status  a  b "]
    dhs.send(
        HtosSetStringCompleted(string_name="status", string_status="normal", string_contents="a")
    )
    assert run.wait(DEADLINE_S).contents == "a"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("gtos_log note me hello", "no GUI says"),
        ("stoh_abort_all", "no GUI says"),
        ("", "no GUI says"),
        ("gtos_set_shutter_state shutter", "shutter_state is missing"),
        ("gtos_get_encoder nosuch", "nosuch"),
    ],
)
def test_what_no_dhs_gets_is_refused(dcss: SimulatedDcss, text: str, reason: str) -> None:
    with pytest.raises(DhsError, match=reason):
        from_gui(dcss, text)
