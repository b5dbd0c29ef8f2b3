"""Commands as of a GUI: what a DHS gets, what is refused, and in which words."""

from collections.abc import Iterator

import pytest

from dcs_codec import EncodeError, HtosSetStringCompleted, Message, gui
from dcs_codec.gui import gui_codec
from dcs_codec.limits import V2_HEADER_SIZE
from dhs_lab.simulators.dcss import (
    CountingRun,
    GuiRefusedError,
    HardwareHost,
    MoveRun,
    OperationRun,
    RealMotorEntry,
    ReportRun,
    Script,
    SimulatedDcss,
    VectorRun,
)
from dhs_lab.simulators.dcss.gui_port.local_gui import refusal
from dhs_lab.simulators.dcss.shell import Shell
from dhs_lab.simulators.web.wishes import Commands
from dhs_runtime import DhsError
from tests.lab.simulators.closed_host import closed_host
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer
from tests.lab.simulators.gui.gui_peer import GuiPeer

ABORTS = ["stoh_abort_all soft"] * 2
MAY_NOT = "permit check failed: no_permission"


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    mine = HardwareHost.of(
        "aDHS",
        motors=["gonio_z", "phi", RealMotorEntry("held", motor_lock_on=True)],
        strings={"status": ""},
        shutters=["shutter"],
        ion_chambers=["i0", "i1"],
        encoders=["angle"],
        operations=["op"],
    )
    gone = HardwareHost.of(
        "gone",
        motors=["far"],
        shutters=["far_shutter"],
        strings={"far_string": "old"},
        ion_chambers=["far_ion"],
        encoders=["far_encoder"],
        operations=["far_op"],
    )
    server = SimulatedDcss([mine, closed_host(), gone], gui_port=0)

    @server.scripted("center")
    def center(script: Script) -> str:
        return "centred"

    server.pseudo_motor("gap", ("gonio_z",), lambda z: z)(lambda script, to: None)
    with server:
        yield server


@pytest.fixture
def dhs(dcss: SimulatedDcss) -> Iterator[DhsPeer]:
    with DhsPeer.logged_in(dcss, "closed"), DhsPeer.logged_in(dcss, "aDHS") as peer:
        yield peer


# -- what a DHS gets -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        (
            'gtos_set_string status a[b]c$d;e"f\ng\th\\i#j%k{l}',
            "gtos_set_string status a b c d e f g\th\\i#j%k{l}",
        ),
        ("gtos_start_operation op 1.1 [exit] $x;y", "gtos_start_operation op 1.1  exit   x y"),
        ("gtos_set_string status ", "gtos_set_string status"),
        ("gtos_set_string status", "gtos_set_string status"),
        ("gtos_set_string status  ", "gtos_set_string status  "),
        ("gtos_set_string status two  blanks  ", "gtos_set_string status two  blanks  "),
        ("gtos_read_ion_chambers 0.5 1 i0 i1", "gtos_read_ion_chambers 0.5 0 i0 i1"),
        ("gtos_read_ion_chambers 0.5 0 i0", "gtos_read_ion_chambers 0.5 0 i0"),
        ("  gtos_get_encoder angle", "gtos_get_encoder angle"),
        ("gtos_set_encoder angle 1.5", "gtos_set_encoder angle 1.5"),
        ("gtos_set_shutter_state shutter", "gtos_set_shutter_state shutter"),
        ("gtos_start_oscillation phi NULL 1.0 2.0", "gtos_start_oscillation phi NULL 1.0 2.0"),
        ("gtos_abort_all", "gtos_abort_all"),
    ],
)
def test_what_goes_on(dcss: SimulatedDcss, dhs: DhsPeer, said: str, sent: str) -> None:
    dcss.from_gui(said)
    assert dhs.read_until_now() == [f"stoh_{sent.removeprefix('gtos_')}"]


def test_home_reaches_the_dhs_once_limits_are_off(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    with pytest.raises(GuiRefusedError, match="gonio_z_sw_limit"):
        dcss.from_gui("gtos_start_motor_move gonio_z home")
    assert dhs.read_until_now() == ABORTS
    dcss.configure("gonio_z", lower_limit_on=False, upper_limit_on=False)
    dcss.from_gui("gtos_start_motor_move gonio_z home")
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
    dcss.configure("phi", lower_limit_on=False, upper_limit_on=False)
    dhs.read_until_now()
    run = dcss.from_gui(f"gtos_start_motor_move phi {word}")
    dhs.read_until_now()
    assert dhs.bytes_until_now[V2_HEADER_SIZE:] == b"stoh_start_motor_move phi %b\0" % (
        sent.encode()
    )
    assert isinstance(run, MoveRun)
    is_zero = word in {"0", "0.000", "-0.0", "+.0", "00", "0e5"}
    assert not is_zero or run.goal == 0


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        (gui.GtosStartMotorMove(motor_name="phi", destination=1.0), MoveRun),
        ("gtos_start_vector_move phi gonio_z 1 2 3", VectorRun),
        ("gtos_start_vector_move phi NULL 1 2 3", MoveRun),
        ("gtos_start_operation op 1.7", OperationRun),
        ("gtos_start_operation op 1.7 {", OperationRun),
        ("gtos_start_operation center 1.7", OperationRun),
        ("gtos_read_ion_chambers 1 0 i0", CountingRun),
        ("gtos_set_motor_position phi 1", ReportRun),
        ("gtos_set_shutter_state shutter open", ReportRun),
        ("gtos_abort_motor_move phi soft", type(None)),
        ("gtos_stop_operation op", type(None)),
        ("gtos_configure_device phi 1", type(None)),
        ("gtos_log note me hello", type(None)),
        ("gtos_become_master", type(None)),
        ("gtos_become_slave", type(None)),
    ],
)
def test_the_run_is_that_of_the_answer(
    dcss: SimulatedDcss, dhs: DhsPeer, asked: str, kind: type
) -> None:
    assert isinstance(dcss.from_gui(asked), kind)


def test_what_a_gui_asks_for_can_be_waited_for(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    run = dcss.from_gui("gtos_set_string status [a  b]")
    assert isinstance(run, ReportRun)
    assert dhs.read_until_now() == ["stoh_set_string status  a  b "]
    dhs.send(
        HtosSetStringCompleted(string_name="status", string_status="normal", string_contents="a")
    )
    assert run.wait(DEADLINE_S).contents == "a"


def test_a_script_of_the_engine_can_be_waited_for(dcss: SimulatedDcss) -> None:
    run = dcss.from_gui("gtos_start_operation center 1.7")
    assert isinstance(run, OperationRun)
    assert run.wait(DEADLINE_S).text == "centred"


# -- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("start_motor_move gonio_z home", "gonio_z_sw_limit", "if moved to home."),
        ("start_motor_move gonio_z nan", "gonio_z_sw_limit", "would exceed"),
        (
            "start_motor_move gonio_z 2000",
            "gonio_z_sw_limit",
            "gonio_z would exceed upper limit of 1000.000000 if moved to 2000.000000.",
        ),
        ("start_motor_move held 1", "locked", "locked"),
        ("start_motor_move shutter 1", "type_not_motor", "shutter type is not motor"),
        ("start_motor_move gonio_z", "error", "gonio_z has no destination"),
        ("start_motor_move m 1", "no_permission", f"m {MAY_NOT}"),
        ("abort_motor_move m soft", "error", f"m {MAY_NOT}"),
        ("start_oscillation m NULL 1 1", "error", f"m {MAY_NOT}"),
        ("start_vector_move m NULL 1 1 1", "error", "lock m failed: no_permission"),
        ("set_shutter_state s open", "error", f"s {MAY_NOT}"),
        ("set_string t x", "error", f"t {MAY_NOT}"),
        ("get_encoder e", "no_permission", f"e {MAY_NOT}"),
        ("set_encoder e 1", "no_permission", f"e {MAY_NOT}"),
        ("start_operation op 2.1", "not_honest_client", "op 2.1 not_honest_client"),
        ("start_operation op", "missing_operation_Id", "op missing_operation_Id"),
        ("stop_operation", "error", "operation name needed"),
        ("read_ion_chambers 1 0 i0 phi", "error", "type_not_ion_chamber"),
        ("read_ion_chambers", "error", "wrong # args"),
        ("start_motor_move far 1", "no_hw_host gone", "far no_hw_host gone"),
        ("abort_motor_move far soft", "error", "Hardware host for device far not connected."),
        ("set_motor_position far 1", "error", "no_hardware_host far"),
        ("configure_device far 1", "error", "no_hardware_host far"),
        ("start_oscillation far NULL 1 1", "error", "far not connected."),
        ("set_shutter_state far_shutter open", "no_hw_host_gone", "no_hw_host_gone"),
        ("set_string far_string x", "no_hw_host_gone", "no_hw_host_gone"),
        ("read_ion_chambers 1 0 far_ion", "hardware_offline", "hardware_offline"),
        ("get_encoder far_encoder", "no_hw_host_gone", "far_encoder no_hw_host gone"),
        ("start_operation far_op 1.1", "no_hw_host gone", "far_op no_hw_host gone"),
        ("stop_operation far_op", "error", "far_op no_hw_host gone"),
        ("set_motor_position gap 1", "error", "invalid command name stoh_set_motor_position"),
        ("start_operation center 1.1 {", "error", "missing close-brace"),
        ("dance", "error", "Unrecognized command: gtos_dance."),
        ("admin", "error", "command needed"),
        ("become_master master_lock_key=1", "error", "expired_key"),
    ],
)
def test_a_refusal_has_the_words_of_dcss(
    dcss: SimulatedDcss, dhs: DhsPeer, text: str, status: str, words: str
) -> None:
    with pytest.raises(GuiRefusedError) as refused:
        dcss.from_gui(f"gtos_{text}")
    assert refused.value.status == status
    assert words in str(refused.value)
    aborts = {"gonio_z_sw_limit": 2, "locked": 2, "no_hw_host gone": text.startswith("start_motor")}
    assert dhs.read_until_now() == ["stoh_abort_all soft"] * aborts.get(status, 0)
    assert not dcss.unanswered()


@pytest.mark.parametrize("text", ["stoh_abort_all", ""])
def test_what_is_no_command_of_a_gui_is_refused(dcss: SimulatedDcss, text: str) -> None:
    with pytest.raises(GuiRefusedError, match=f"Unrecognized command: {text}."):
        dcss.from_gui(text)


def test_a_second_move_stops_the_first(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    dcss.from_gui("gtos_start_motor_move phi 1")
    dhs.send_text("htos_motor_move_started phi 1.0")
    dcss.traffic.wait_for(lambda line: line.text.startswith("htos_motor_move_started"), DEADLINE_S)
    with pytest.raises(GuiRefusedError, match="moving") as refused:
        dcss.from_gui("gtos_start_motor_move phi 2")
    assert refused.value.status == "moving"
    assert dhs.read_until_now()[-2:] == ABORTS


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("start_motor_move gonio_Z 1", "'gonio_Z'; did you mean gonio_z?"),
        ("set_motor_position nosuch 1", "'nosuch'"),
        ("start_vector_move nosuch NULL 1 1 1", "'nosuch'"),
        ("start_oscillation nosuch NULL 1 1", "'nosuch'"),
        ("set_shutter_state shuter open", "'shuter'; did you mean shutter?"),
        ("read_ion_chambers 1 0 i0 i7", "'i7'"),
        ("start_operation nosuch 1.1", "'nosuch'"),
        ("get_encoder nosuch", "'nosuch'"),
    ],
)
def test_a_name_that_is_nowhere_gets_one_clear_line(
    dcss: SimulatedDcss, dhs: DhsPeer, text: str, hint: str
) -> None:
    with pytest.raises(GuiRefusedError) as refused:
        dcss.from_gui(f"gtos_{text}")
    assert str(refused.value).startswith(f"the database has no device {hint}")
    assert refused.value.status == "not_exist"
    assert dhs.read_until_now() == []


def test_a_message_that_does_not_fit_the_wire_is_not_said(dcss: SimulatedDcss) -> None:
    with pytest.raises(EncodeError):
        dcss.from_gui(gui.GtosSetShutterState(shutter_name="shutter", shutter_state="a b"))


# -- three doors -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "verb", "wish"),
    [
        ("move gonio_z 2000", "move", {"name": "gonio_z", "destination": 2000}),
        ("move gonio_z home", "move", {"name": "gonio_z", "destination": "home"}),
        ("move held 1", "move", {"name": "held", "destination": 1}),
        ("move shutter 1", "move", {"name": "shutter", "destination": 1}),
        ("move far 1", "move", {"name": "far", "destination": 1}),
        ("abort far soft", "abort_move", {"name": "far"}),
        ("set-position far 1", "set_position", {"name": "far", "position": 1}),
        ("configure far speed=5", "configure", {"name": "far", "speed": 5}),
        ("oscillate m - 1 1", "oscillate", {"name": "m", "degrees": 1, "time_s": 1}),
        ("shutter s open", "set_shutter", {"name": "s", "state": "open"}),
        ("string t x", "set_string", {"name": "t", "contents": "x"}),
        ("read 1 far_ion", "read_ion_chamber", {"name": "far_ion", "time_s": 1}),
        ("encoder e", "get_encoder", {"name": "e"}),
        ("encoder e 1", "set_encoder", {"name": "e", "position": 1}),
        ("stop far_op", "stop_operation", {"name": "far_op"}),
    ],
)
def test_the_prompt_and_the_page_refuse_in_the_words_of_the_gui_port(
    dcss: SimulatedDcss, dhs: DhsPeer, line: str, verb: str, wish: dict[str, object]
) -> None:
    asked: list[str] = []

    class Listening(Commands):
        def _ask(self, message: Message) -> None:
            asked.append(gui_codec().encode_text(message))
            super()._ask(message)

    with pytest.raises(GuiRefusedError) as on_page:
        Listening(dcss).obey(verb, wish)
    with Shell(dcss, lambda _: None) as shell:
        at_prompt = shell.run(line).text
    assert at_prompt == f"refused: {on_page.value}"
    with GuiPeer.logged_in(dcss) as client:
        told = [text for text in client.ask(*asked) if text.startswith("stog_")]
    assert set(str(refusal(told)).split("; ")) == set(str(on_page.value).split("; "))


# -- asking before ---------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["1", "2000", "-2000", "home", "0", "1e9"])
@pytest.mark.parametrize("motor", ["gonio_z", "held", "gap"])
def test_the_objection_is_the_refusal_to_come(
    dcss: SimulatedDcss, dhs: DhsPeer, motor: str, word: str
) -> None:
    objection = dcss.objection(motor, word)
    assert dhs.read_until_now() == [], "nothing happens yet"
    refused = ""
    try:
        dcss.from_gui(f"gtos_start_motor_move {motor} {word}")
    except GuiRefusedError as error:
        refused = str(error)
    assert objection == refused


def test_nobody_can_object_to_a_motor_that_is_not_there(dcss: SimulatedDcss) -> None:
    with pytest.raises(DhsError, match="no motor 'nosuch'"):
        dcss.objection("nosuch", "1")
