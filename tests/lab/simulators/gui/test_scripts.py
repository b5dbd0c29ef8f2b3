"""Scripts and pseudo motors of the scripting engine as Python functions."""

import math
import threading
from collections.abc import Callable, Iterator

import pytest

from dhs_lab.simulators.dcss import (
    Completion,
    HardwareHost,
    MoveCompletion,
    PseudoMotorEntry,
    Script,
    ScriptError,
    SimulatedDcss,
)
from dhs_runtime import ConfigError, DhsError
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer
from tests.lab.simulators.gui.gui_peer import GuiPeer
from tests.runtime.peers import eventually


def devices() -> HardwareHost:
    """A DHS with a device of each kind."""
    return HardwareHost.of(
        "aDHS",
        motors=["x", "y"],
        shutters=["shutter"],
        strings={"status": "idle"},
        encoders=["enc"],
        ion_chambers=["i0", "i1"],
        operations=["collect"],
    )


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    with SimulatedDcss([devices()], gui_port=0) as server:
        yield server


@pytest.fixture
def dhs(dcss: SimulatedDcss) -> Iterator[DhsPeer]:
    with DhsPeer.logged_in(dcss, "aDHS") as peer:
        yield peer


@pytest.fixture
def gui(dcss: SimulatedDcss, dhs: DhsPeer) -> Iterator[GuiPeer]:
    assert dhs.name
    with GuiPeer.logged_in(dcss) as peer:
        yield peer


def next_command(dhs: DhsPeer) -> str:
    """The next text that the DHS is sent."""
    return dhs.read_text()


def test_a_script_moves_starts_and_waits(dcss: SimulatedDcss, dhs: DhsPeer, gui: GuiPeer) -> None:
    @dcss.scripted("center")
    def center(script: Script) -> str:
        script.update(f"begins with {' and '.join(script.args)}")
        place = script.move("x", 2)
        found = script.run_operation("collect", "a b", place)
        script.set_shutter("shutter", "open")
        script.set_string("status", "done")
        counts = script.count(0.5, "i0", "i1")
        return f"{found} {script.get_encoder('enc')} {counts}"

    gui.say(f"gtos_start_operation center {gui.client_id}.1 one {{two three}}")
    assert next_command(dhs) == "stoh_start_motor_move x 2.0"
    dhs.send_text("htos_motor_move_started x 2")
    dhs.send_text("htos_motor_move_completed x 1.5 normal")
    assert next_command(dhs) == "stoh_start_operation collect 1.1 {a b} 1.5"
    dhs.send_text("htos_operation_completed collect 1.1 normal found it")
    assert next_command(dhs) == "stoh_set_shutter_state shutter open"
    dhs.send_text("htos_report_shutter_state shutter open")
    assert next_command(dhs) == "stoh_set_string status done"
    dhs.send_text("htos_set_string_completed status normal done")
    assert next_command(dhs) == "stoh_read_ion_chambers 0.5 0 i0 i1"
    dhs.send_text("htos_report_ion_chambers 0.5 i0 3 i1 4")
    assert next_command(dhs) == "stoh_get_encoder enc"
    dhs.send_text("htos_get_encoder_completed enc 7.25 normal")
    end = f"stog_operation_completed center {gui.client_id}.1 normal found it 7.25"
    told = gui.read_to(end + " {'i0': 3.0, 'i1': 4.0}")
    update = f"stog_operation_update center {gui.client_id}.1 begins with one and two three"
    assert update in told
    assert "stog_start_operation collect 1.1 {a b} 1.5" in told


def test_what_a_script_raises_is_told(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    @dcss.scripted("fails")
    def fails(script: Script) -> None:
        raise ScriptError(f"no {script.text}")

    assert dhs.name
    assert dcss.start_operation("fails", "luck").wait(DEADLINE_S).text == "no luck"
    assert dcss.start_operation("fails", "luck").wait(DEADLINE_S).status == "error"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("bad { luck"), "bad { luck"),
        (ValueError(), "ValueError"),
        (SystemExit("over"), "over"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_whatever_ends_a_script_completes_it(
    dcss: SimulatedDcss, error: BaseException, told: str
) -> None:
    @dcss.scripted("fails")
    def fails(_: Script) -> None:
        raise error

    assert dcss.start_operation("fails").wait(DEADLINE_S) == Completion("error", told)


def test_a_script_that_starts_itself_is_ended(dcss: SimulatedDcss) -> None:
    @dcss.scripted("again", is_parallel=True)
    def again(script: Script) -> str:
        return script.run_operation("again")

    for _ in range(2):
        run = dcss.start_operation("again")
        assert run.wait(4 * DEADLINE_S).text.endswith("scripts run already")


@pytest.mark.parametrize(
    ("asks", "ends", "told"),
    [
        (lambda script: script.get_encoder("enc"), "get_encoder_completed enc 1 bad", "enc_bad"),
        (
            lambda script: script.set_shutter("shutter", "open"),
            "report_shutter_state shutter closed stuck",
            "shutter_stuck",
        ),
        (
            lambda script: script.set_string("status", "new"),
            "set_string_completed status refused old",
            "status_refused",
        ),
        (
            lambda script: script.count(1, "i0", "i1"),
            "report_ion_chambers 0 i0 i1 no_beam",
            "i1_no_beam",
        ),
    ],
)
def test_a_failure_names_its_device(
    dcss: SimulatedDcss,
    dhs: DhsPeer,
    asks: Callable[[Script], object],
    ends: str,
    told: str,
) -> None:
    dcss.scripted("asks")(lambda script: str(asks(script)))
    run = dcss.start_operation("asks")
    assert next_command(dhs)
    dhs.send_text(f"htos_{ends}")
    assert run.wait(DEADLINE_S).text == told


def test_what_is_no_ion_chamber_cannot_be_counted(dcss: SimulatedDcss) -> None:
    dcss.scripted("counts")(lambda script: str(script.count(1, "enc")))
    assert "no ion chamber" in dcss.start_operation("counts").wait(DEADLINE_S).text


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ("htos_motor_move_completed x 0.5 cw_hw_limit", "x_cw_hw_limit"),
        ("htos_motor_move_completed x 0.5 aborted", "x_aborted"),
    ],
)
def test_a_move_that_fails_ends_its_script(
    dcss: SimulatedDcss, dhs: DhsPeer, ends: str, told: str
) -> None:
    dcss.scripted("moves")(lambda script: str(script.move("x", 2)))
    run = dcss.start_operation("moves")
    assert next_command(dhs) == "stoh_start_motor_move x 2.0"
    dhs.send_text(ends)
    assert run.wait(DEADLINE_S).text == told


def test_a_move_that_is_refused_ends_its_script(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    dcss.scripted("moves")(lambda script: str(script.move("x", 2000)))
    assert dcss.start_operation("moves").wait(DEADLINE_S).text == "x_sw_limit"
    assert dhs.read_until_now() == ["stoh_abort_all soft"] * 2


def test_the_loss_of_the_dhs_ends_what_waits_for_it(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    dcss.scripted("moves")(lambda script: str(script.move("x", 2)))
    dcss.scripted("starts")(lambda script: script.run_operation("collect"))
    moves, starts = dcss.start_operation("moves"), dcss.start_operation("starts")
    assert {next_command(dhs).split()[1] for _ in range(2)} == {"x", "collect"}
    dhs.close()
    assert moves.wait(DEADLINE_S).text == "x_no_hw_host_aDHS"
    assert starts.wait(DEADLINE_S).text == "no_hw_host_aDHS"


def test_an_abort_ends_a_script_that_lets_time_pass(dcss: SimulatedDcss, gui: GuiPeer) -> None:
    dcss.scripted("waits")(lambda script: script.wait_s(DEADLINE_S * 10))
    run = dcss.start_operation("waits")
    gui.read_to("stog_start_operation waits 1.1")
    gui.ask("gtos_abort_all soft")
    assert run.wait(DEADLINE_S).text == "aborted"


def test_an_abort_ends_waits_for_strings_and_no_others(
    dcss: SimulatedDcss, dhs: DhsPeer, gui: GuiPeer
) -> None:
    has_looked = threading.Event()

    def look(_: str) -> bool:
        has_looked.set()
        return False

    dcss.scripted("waits")(lambda script: script.wait_string("status", look))
    dcss.scripted("sets")(lambda script: str(script.set_string("status", "new")))
    dcss.scripted("reads")(lambda script: str(script.get_encoder("enc")))
    waits, sets, reads = (dcss.start_operation(name) for name in ("waits", "sets", "reads"))
    assert has_looked.wait(DEADLINE_S)
    assert {next_command(dhs).split()[0] for _ in "12"} == {"stoh_set_string", "stoh_get_encoder"}
    gui.ask("gtos_abort_all soft")
    assert [run.wait(DEADLINE_S).text for run in (waits, sets)] == ["status_aborted"] * 2
    assert not reads.is_over
    dhs.send_text("htos_get_encoder_completed enc 1 normal")
    assert reads.wait(DEADLINE_S).text == "aborted"


def test_a_script_that_cannot_read_a_string_costs_its_dhs_nothing(
    dcss: SimulatedDcss, dhs: DhsPeer
) -> None:
    dcss.scripted("waits")(lambda script: script.wait_string("status", lambda text: text[9] == "x"))
    run = dcss.start_operation("waits")
    dhs.send_text("htos_set_string_completed status normal short")
    assert run.wait(DEADLINE_S).text == "string index out of range"
    dhs.settle()


def test_a_script_that_is_busy_and_one_that_may_run_twice(
    dcss: SimulatedDcss, dhs: DhsPeer
) -> None:
    assert dhs.name
    go_on = threading.Event()

    def wait(_: Script) -> None:
        go_on.wait(DEADLINE_S)

    dcss.scripted("alone")(wait)
    dcss.scripted("together", is_parallel=True)(wait)
    first, second = dcss.start_operation("alone"), dcss.start_operation("alone")
    assert second.wait(DEADLINE_S).status == "active"
    both = [dcss.start_operation("together") for _ in range(2)]
    go_on.set()
    assert [run.wait(DEADLINE_S).status for run in (first, *both)] == ["normal"] * 3


def test_the_stop_flag(dcss: SimulatedDcss, gui: GuiPeer) -> None:
    @dcss.scripted("counts")
    def counts(script: Script) -> str:
        while not script.is_stopped:
            script.wait_s(0.001)
        return "stopped"

    run = dcss.start_operation("counts")
    told = gui.ask("gtos_stop_operation counts")
    assert "stog_log note server stop flag set for self operation counts" in told
    assert run.wait(DEADLINE_S).text == "stopped"


def test_a_string_is_waited_for(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    dcss.scripted("waits")(lambda script: script.wait_string("status", lambda text: text == "go"))
    run = dcss.start_operation("waits")
    dhs.send_text("htos_set_string_completed status normal not yet")
    dhs.send_text("htos_set_string_completed status normal go")
    assert run.wait(DEADLINE_S).text == "go"


def test_motors_may_be_blocked(dcss: SimulatedDcss, gui: GuiPeer) -> None:
    go_on = threading.Event()
    is_blocked = threading.Event()

    @dcss.scripted("blocks")
    def blocks(script: Script) -> None:
        with script.block_motors():
            is_blocked.set()
            go_on.wait(DEADLINE_S)

    run = dcss.start_operation("blocks")
    assert is_blocked.wait(DEADLINE_S)
    assert "stog_motor_move_completed x 0.000000 blocked" in gui.ask("gtos_start_motor_move x 1")
    go_on.set()
    assert run.wait(DEADLINE_S).status == "normal"


def test_the_end_of_the_server_ends_scripts() -> None:
    dcss = SimulatedDcss([devices()])
    dcss.scripted("waits")(lambda script: script.wait_string("status", lambda _: False))
    with dcss:
        dcss.start_operation("waits")
    eventually(lambda: not [one for one in threading.enumerate() if one.name.startswith("script-")])


def test_what_has_no_script_says_so(gui: GuiPeer) -> None:
    dcss = SimulatedDcss([HardwareHost.of("self", operations=["tcl"], pseudo_motors=["slit"])])
    assert gui.client_id
    with dcss:
        run = dcss.start_operation("tcl")
        assert run.wait(DEADLINE_S).text == "no script of this operation is simulated"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("gtos_get_encoder e", "stog_get_encoder_completed e 0.000000 not_simulated"),
        ("gtos_set_encoder e 5", "stog_set_encoder_completed e 0.000000 not_simulated"),
        ("gtos_set_shutter_state s open", "stog_report_shutter_state s closed not_simulated"),
        ("gtos_read_ion_chambers 1 0 i j", "stog_report_ion_chambers 0 i j not_simulated"),
        ("gtos_start_motor_move v abc", "stog_motor_move_completed v 0.000000 normal"),
        ("gtos_start_motor_move v 1.5mm", "stog_motor_move_completed v 1.500000 normal"),
        ("gtos_start_motor_move v nan", "stog_motor_move_completed v 0.000000 not_simulated"),
        ("gtos_start_motor_move v 1e30", "stog_motor_move_completed v 0.000000 not_simulated"),
    ],
)
def test_every_device_of_the_engine_answers(asked: str, told: str) -> None:
    virtual = PseudoMotorEntry(
        "v", hardware_name="standardVirtualMotor", lower_limit_on=False, upper_limit_on=False
    )
    own = HardwareHost.of(
        "self", encoders=["e"], shutters=["s"], ion_chambers=["i", "j"], pseudo_motors=[virtual]
    )
    with SimulatedDcss([own], gui_port=0) as dcss, GuiPeer.logged_in(dcss) as gui:
        assert told in gui.ask(asked)
        assert dcss.verdicts == ()


def test_the_engine_takes_what_dcss_tells_it_of_its_strings(
    dcss: SimulatedDcss, dhs: DhsPeer, gui: GuiPeer
) -> None:
    dcss.scripted("op")(lambda _: None)
    dhs.send_text("htos_send_configuration op")
    dhs.settle()
    (told,) = gui.read_until_now()  # a real engine has no handler for that of an operation
    assert "invalid command name  stoh_configure_operation" in told
    with SimulatedDcss([HardwareHost.of("self", strings={"s": "x"}), devices()]) as other:
        with DhsPeer.logged_in(other, "aDHS") as peer:
            peer.send_text("htos_send_configuration s")
            peer.settle()
        assert other.traffic.texts("self") == ["stoh_configure_string s self x"]


def test_names_of_other_devices_are_refused(dcss: SimulatedDcss) -> None:
    with pytest.raises(ConfigError, match="two devices"):
        dcss.scripted("x")
    with pytest.raises(DhsError, match="no motor 'nosuch'"):
        dcss.pseudo_motor("slit", ["nosuch"], lambda place: place)


# -- pseudo motors ---------------------------------------------------------------------------


@pytest.fixture
def slit(dcss: SimulatedDcss, dhs: DhsPeer) -> SimulatedDcss:
    assert dhs.name

    @dcss.pseudo_motor("gap", ("x", "y"), lambda x, y: x - y)
    def move(script: Script, to: float) -> None:
        script.move_many({"x": to / 2, "y": -to / 2})

    return dcss


def test_a_pseudo_motor_moves_its_children(slit: SimulatedDcss, dhs: DhsPeer, gui: GuiPeer) -> None:
    assert gui.ask("gtos_start_motor_move gap 4")[0] == "stog_motor_move_started gap 4.000000"
    sent = {next_command(dhs) for _ in range(2)}
    assert sent == {"stoh_start_motor_move x 2.0", "stoh_start_motor_move y -2.0"}
    dhs.send_text("htos_motor_move_completed x 2 normal")
    dhs.send_text("htos_motor_move_completed y -2 normal")
    told = gui.read_to("stog_motor_move_completed gap 4.000000 normal")
    assert "stog_update_motor_position gap 2.000000 normal" in told
    assert slit.position("gap") == 4.0


def test_a_child_may_not_carry_its_parent_out_of_its_limits(
    slit: SimulatedDcss, dhs: DhsPeer, gui: GuiPeer
) -> None:
    slit.configure("gap", upper_limit=1.0)
    told = gui.ask("gtos_start_motor_move x 2")
    assert "stog_motor_move_completed x 0.000000 x_parents_sw_limit" in told
    assert dhs.read_until_now() == ["stoh_abort_all soft"] * 2
    dhs.send_text("htos_update_motor_position x 3 normal")
    dhs.send_text("htos_update_motor_position x 4 normal")
    assert dhs.read_until_now() == ["stoh_abort_all soft"], "once"
    assert "stog_motor_move_completed gap 3.000000 sw_limit" in gui.read_until_now()
    assert "stog_log error server gap is not within software limits." in gui.ask(
        "gtos_start_motor_move y 0"
    )


def test_a_locked_parent_locks_its_children(slit: SimulatedDcss, gui: GuiPeer) -> None:
    slit.configure("gap", motor_lock_on=True)
    told = gui.ask("gtos_start_motor_move x 1")
    assert "stog_log error server gap is locked" in told
    assert "stog_motor_move_completed x 0.000000 locked" in told


def test_a_parent_waits_for_no_child(slit: SimulatedDcss, dhs: DhsPeer, gui: GuiPeer) -> None:
    dhs.send_text("htos_motor_move_started x 1")
    dhs.settle()
    told = gui.ask("gtos_start_motor_move gap 1")
    assert "stog_log error server Child x of gap is already moving!" in told
    assert f"stog_motor_move_completed gap {slit.position('gap'):f} movingChildren" in told
    assert "stog_log warning server Abort motor list: x" in told


def no_place(x: float, y: float) -> float:
    raise ValueError(f"nowhere: {x} {y}")


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (no_place, "odd: ValueError: nowhere: 0.0 0.0"),
        (lambda *_: math.nan, "odd: its position is"),
    ],
)
def test_a_pseudo_motor_without_a_place_costs_nobody_anything(
    dcss: SimulatedDcss,
    dhs: DhsPeer,
    gui: GuiPeer,
    place: Callable[[float, float], float],
    why: str,
) -> None:
    dcss.pseudo_motor("odd", ("x", "y"), place)(lambda *_: None)
    dhs.send_text("htos_motor_move_completed x 0 normal")
    dhs.settle()
    told = gui.read_until_now()
    assert [f"Unhandled error in scripting engine {why}" in text for text in told] == [False, True]
    assert why in gui.ask("gtos_start_motor_move x 0")[-1]
    assert dcss.online() == ("aDHS",)


def test_a_pseudo_motor_without_a_script_ends_its_move_where_it_is() -> None:
    slit = PseudoMotorEntry("slit", position=2.5, hardware_name="slitScript")
    dcss = SimulatedDcss([HardwareHost.of("self", pseudo_motors=[slit])], gui_port=0)
    with dcss, GuiPeer.logged_in(dcss) as gui:
        gui.say("gtos_start_motor_move slit 3")
        end = "stog_motor_move_completed slit 2.500000 not_simulated"
        told = gui.read_to(end)
        assert "stog_log error server script slitScript of slit is not simulated" in told
        assert dcss.move("slit", 3).wait(DEADLINE_S) == MoveCompletion(2.5, "not_simulated")
        assert dcss.verdicts == ()
