"""The shell of the simulated DCSS, with a real DHS that it drives."""

import queue
import threading
from collections.abc import Iterator

import pytest

from dhs_lab.simulators.dcss import (
    CircleMode,
    HardwareHost,
    RealMotorEntry,
    SimulatedDcss,
)
from dhs_lab.simulators.dcss import shell as shell_module
from dhs_lab.simulators.dcss.shell import COMMANDS, CommandResult, Shell
from dhs_runtime import Count, DeviceError, Dhs, Move, Operation
from tests.lab.simulators.closed_host import closed_host
from tests.runtime.peers import configured, eventually, fast_config, running, stopped

DEADLINE_S = 20.0


class Voice:
    """Keeps the output of a shell."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self.said: list[str] = []

    def __call__(self, text: str) -> None:
        self.said.append(text)
        self._lines.put(text)

    def wait(self, beginning: str) -> str:
        """The next line that begins with this."""
        while not (text := self._lines.get(timeout=DEADLINE_S)).startswith(beginning):
            pass
        return text


def go(move: Move) -> None:
    if move.destination == "home":
        raise DeviceError("no limit switch found", status="no_limits")


def make_dhs() -> Dhs:
    """A DHS with a device of each kind."""
    dhs = Dhs("stageDHS")
    for name in ("phi", "z"):
        motor = dhs.motor(name, words=["home"])
        motor.on_move(go)
        motor.on_vector_move(lambda move: None)
    dhs.shutter("shutter").on_set(lambda state: None)
    dhs.string("status").on_set(lambda contents: None)

    @dhs.encoder("encoder").on_get
    def read() -> float:
        return 4.5

    @dhs.ion_chamber("i0").on_count
    def count(count: Count) -> dict[str, float]:
        count.sleep(0.01)
        return {"i0": 12.0}

    @dhs.operation("echo")
    def echo(op: Operation) -> None:
        op.update("working")
        op.complete(*op.args)

    @dhs.operation("fail")
    def fail(op: Operation) -> None:
        raise ValueError("on purpose")

    @dhs.operation("hang")
    def hang(op: Operation) -> None:
        op.sleep(60)

    return dhs


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    host = HardwareHost.of(
        "stageDHS",
        motors=[RealMotorEntry("phi", circle_mode=CircleMode.UP_TO_360), "z"],
        shutters=["shutter"],
        strings={"status": "idle"},
        encoders=["encoder"],
        ion_chambers=["i0"],
        operations=["echo", "fail", "hang"],
    )
    with SimulatedDcss([host, HardwareHost("other")], patience=0.01) as server:
        yield server


@pytest.fixture
def voice() -> Voice:
    return Voice()


@pytest.fixture
def shell(dcss: SimulatedDcss, voice: Voice) -> Iterator[Shell]:
    with Shell(dcss, voice, timeout_s=DEADLINE_S) as shell:
        yield shell


@pytest.fixture
def driven(dcss: SimulatedDcss, shell: Shell) -> Iterator[Shell]:
    """A shell with its DHS online and registered."""
    with running(make_dhs(), fast_config(dcss.port)) as dhs:
        assert shell.run("wait stageDHS 20").ok
        assert shell.run("expect --within 20 message 'stoh_configure_string status*'").ok
        eventually(lambda: configured(dhs))
        yield shell


def test_a_line_may_be_told_to_wait_no_longer(driven: Shell, voice: Voice) -> None:
    assert not driven.interrupt()
    obeyed = threading.Thread(target=driven.run, args=("start hang",))
    obeyed.start()
    voice.wait("hang 1.1 started")
    eventually(driven.interrupt)
    obeyed.join(DEADLINE_S)
    assert not obeyed.is_alive()
    driven.run("abort")
    voice.wait("hang 1.1 completed aborted")


# -- devices ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said", "status"),
    [
        ("move z 2.5", "z at 2.5: normal", "normal"),
        ("move phi 350", "phi at 350.0: normal", "normal"),
        (
            "move z home",
            "refused: z_sw_limit; z would exceed upper limit of 1000.000000 if moved to home.",
            "z_sw_limit",
        ),
        (
            "move z 5000",
            "refused: z_sw_limit; z would exceed upper limit of 1000.000000 if moved to 5000",
            "z_sw_limit",
        ),
        ("send stageDHS stoh_start_motor_move z 5000", "z at 0.0: sw_limit", "sw_limit"),
        ("send stageDHS stoh_start_motor_move z home", "z at 0.0: no_limits", "no_limits"),
        ("set-position z 3", "z at 3.0: normal", "normal"),
        ("oscillate phi shutter 10 0.01", "phi at 10.0: normal", "normal"),
        ("oscillate phi - 10 0.01", "phi at 10.0: normal", "normal"),
        ("vector phi z 1 2 100", "phi at 1.0: normal, z at 2.0: normal", "normal"),
        ("vector stop phi z", "the vector move of phi is to stop", "normal"),
        ("vector speed phi - 20", "the vector move of phi is to go on at 20", "normal"),
        ("abort", "everything is to stop: soft, 1 DHS told", "normal"),
        ("abort all hard", "everything is to stop: hard, 1 DHS told", "normal"),
        ("abort phi hard", "phi is to stop: hard", "normal"),
        (
            "configure z speed=20 upper_limit=5 motor_lock_on=off",
            "z is configured: speed=20 upper_limit=5.0 motor_lock_on=False",
            "normal",
        ),
        ("shutter shutter open", "shutter is open: normal", "normal"),
        ("read 0.01 i0", "i0 12.0 in 0.01 s: normal", "normal"),
        ("encoder encoder", "encoder at 4.5: normal", "normal"),
        ("string status 'a  b' c", "status is 'a  b c': normal", "normal"),
        ("set status ''", "status is '': normal", "normal"),
        ("start echo 1 'two words'", "echo 1.1 completed normal 1 {two words}", "normal"),
        ("start fail", "fail 1.1 completed error", "error"),
        ("stop echo", "echo is to stop", "normal"),
        ("who", "stageDHS", "normal"),
        ("expect stageDHS online", "stageDHS is online", "normal"),
        ("expect status z_sw_limit move z 5000", "refused: z_sw_limit", "normal"),
        ("expect status normal move z 5000", "expected normal: refused: z_sw_limit", "error"),
        (
            "expect status sw_limit send stageDHS stoh_start_motor_move z 5000",
            "z at 0.0: sw_limit, as expected",
            "normal",
        ),
        (
            "send stageDHS stoh_set_string status 'a  b'",
            "status is 'a  b': normal",
            "normal",
        ),
        (
            "send stageDHS stoh_start_motor_move z 1 2 'a  b'",
            "z at 1.0: normal",
            "normal",
        ),
        ("send stageDHS stoh_site_own 1.50", "stageDHS is sent stoh_site_own 1.50", "normal"),
        (
            "gui gtos_set_shutter_state shutter open",
            "shutter is open: normal",
            "normal",
        ),
        ("gui gtos_log note me hello", "a GUI says gtos_log note me hello", "normal"),
        ("gui gtos_start_motor_move z 5000", "refused: z_sw_limit", "z_sw_limit"),
        ("drop stageDHS reset", "stageDHS is disconnected by a reset", "normal"),
    ],
)
def test_a_command_waits_and_says_one_line(
    driven: Shell, voice: Voice, line: str, said: str, status: str
) -> None:
    outcome = driven.run(line)
    assert voice.said[-1].startswith(said)
    assert (outcome.text, outcome.status) == (voice.said[-1], status)
    assert driven.failures == (status != "normal")


def test_an_operation_shows_its_updates(driven: Shell, voice: Voice) -> None:
    driven.run("start echo hello")
    assert voice.said[-3:] == [
        "echo 1.1 started",
        "echo 1.1 update: working",
        "echo 1.1 completed normal hello",
    ]


def test_what_is_sent_goes_out_as_it_stands(dcss: SimulatedDcss, driven: Shell) -> None:
    driven.run("send stageDHS stoh_site_own 1.50 'a  b'")
    dcss.traffic.wait_for(lambda line: line.text == "stoh_site_own 1.50 a  b", 0)
    assert driven.run("send stageDHS stoh_set_string status 'a  b'").ok
    dcss.traffic.wait_for(
        lambda line: line.text == "htos_set_string_completed status normal a  b", DEADLINE_S
    )


@pytest.mark.parametrize("line", ["start hang &", "start --no-wait hang"])
def test_who_does_not_wait_hears_later(driven: Shell, voice: Voice, line: str) -> None:
    assert driven.run(line) == CommandResult("hang 1.1 started")
    assert driven.run("wait 0").status == "error"
    driven.run("abort")
    assert voice.wait("hang 1.1 completed") == "hang 1.1 completed aborted stoh_abort_all soft"
    assert driven.run("wait 20") == CommandResult("everything is done")
    assert driven.failures == 2  # the wait for nothing, and the abort


def test_a_deadline_is_an_error(driven: Shell) -> None:
    outcome = driven.run("start --timeout 0.05 hang")
    assert outcome.status == "error"
    assert outcome.text.startswith("error: hang 1.1: no completion within 0.05 s")
    driven.run("abort")


def test_a_repeated_reading_is_sent_past_the_rules(driven: Shell, voice: Voice) -> None:
    assert driven.run("send stageDHS stoh_read_ion_chambers 0.01 1 i0").ok
    assert voice.said[-1] == "i0 12.0 in 0.01 s: normal"
    driven.run("abort")
    assert driven.run("expect --within 20 message 'htos_report_ion_chambers 0*'").ok


def test_braces_of_tcl_get_a_hint(driven: Shell, voice: Voice) -> None:
    driven.run("start echo 1 {2 3} {4}")
    assert 'for one word with blanks: start echo 1 "2 3" "4"' in voice.said[-4]
    driven.run("start echo '{' 1")
    assert not any("braces" in text for text in voice.said[-3:])


def test_it_says_what_it_waits_for(
    driven: Shell, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell_module, "SILENT_S", 0.01)
    obeyed = threading.Thread(target=driven.run, args=("start hang",))
    obeyed.start()
    assert voice.wait("hang 1.1 started;") == "hang 1.1 started; waiting for its end"
    driven.run("abort")
    obeyed.join(DEADLINE_S)
    assert not obeyed.is_alive()


def test_an_operation_may_take_as_long_as_it_takes(
    dcss: SimulatedDcss, driven: Shell, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell_module, "TIMEOUT_S", 0.05)
    monkeypatch.setattr(shell_module, "SILENT_S", 0.1)
    with Shell(dcss, voice) as patient:
        obeyed = threading.Thread(target=patient.run, args=("start hang",))
        obeyed.start()
        assert voice.wait("hang 1.1 started;").endswith("; Ctrl-C stops waiting")
        assert patient.interrupt()
        obeyed.join(DEADLINE_S)
        assert not obeyed.is_alive()
        patient.run("abort")
        voice.wait("hang 1.1 completed aborted")


def test_traffic_is_shown_and_followed(driven: Shell, voice: Voice) -> None:
    assert "stoh_register_real_motor phi phi" in driven.run("traffic 1000").text
    assert len(driven.run("traffic 2").text.splitlines()) == 2
    driven.run("traffic --follow")
    driven.run("move z 1")
    while "stoh_start_motor_move z 1" not in voice.wait(""):
        pass


def test_faults_begin_and_end(driven: Shell) -> None:
    assert driven.run("fault").text == "no faults"
    line = "late 0.01 keyword=stoh_start_* count=2"
    assert driven.run(f"fault {line}").text == f"fault 1: {line}"
    assert driven.run("start echo x").ok
    assert driven.run("fault").text == f"1: {line}, hit 1"
    assert driven.run("fault clear 1").text == "fault 1 is not active"
    assert driven.run("fault drop").ok
    assert driven.run("fault clear").text == "no faults"
    assert driven.run("fault explode").text.startswith("error: no fault 'explode'; there are")


@pytest.mark.parametrize(
    "line",
    [
        "move m 1",
        "abort m",
        "oscillate m - 1 1",
        "vector m - 1 1 1",
        "vector stop m",
        "vector speed m - 1",
        "shutter s open",
        "string t x",
        "encoder e",
        "encoder e 1",
        "start o",
        "stop o",
    ],
)
def test_each_command_needs_the_permit_of_its_device(voice: Voice, line: str) -> None:
    with SimulatedDcss([closed_host()]) as server, Shell(server, voice) as shell:
        assert "permit check failed: no_permission" in shell.run(line).text
        assert voice.said[-1].startswith("refused: ")


# -- without a DHS ---------------------------------------------------------------------------


def test_state_tells_all_or_one(shell: Shell) -> None:
    assert shell.run("state").text.splitlines() == [
        "stageDHS offline",
        "  motor phi 0.0 mm",
        "  motor z 0.0 mm",
        "  shutter shutter closed",
        "  ion chamber i0 0.0",
        "  encoder encoder 0.0",
        "  operation echo",
        "  operation fail",
        "  operation hang",
        "  string status 'idle'",
        "other offline",
    ]
    assert shell.run("state phi other").text == "motor phi 0.0 mm\nother offline"
    assert shell.run("state nosuch").text.startswith("error: no hardware host and no device")


def test_the_scripting_engine_is_always_online(voice: Voice) -> None:
    with SimulatedDcss([HardwareHost.of("self", strings={"s": ""})]) as dcss:
        shell = Shell(dcss, voice)
        assert shell.run("state self").text.splitlines()[0] == "self online"
        assert shell.run("expect self online").ok


def test_a_line_that_crashes_has_failed(dcss: SimulatedDcss, voice: Voice) -> None:
    shell = Shell(dcss, voice, timeout_s=float("inf"))  # more than a thread can wait
    assert not shell.run("wait stageDHS").ok
    assert shell.failures == 1


@pytest.mark.parametrize("end", ["\r\n", "\n", ""])
def test_files_of_windows_are_scripts(shell: Shell, voice: Voice, end: str) -> None:
    assert shell.script([f"\ufeffwho{end}", f"expect phi 0{end}"])
    assert voice.said == ["no DHS is connected", "phi is 0.0"]


@pytest.mark.parametrize(
    ("line", "ok"),
    [
        ("expect phi 0", True),
        ("expect phi 0.5 1", True),
        ("expect phi 0.5", False),
        ("expect phi x", False),
        ("expect phi 1 2 3", False),
        ("expect phi", False),
        ("expect echo 1", False),
        ("expect nosuch 1", False),
        ("expect shutter closed", True),
        ("expect shutter open", False),
        ("expect --within 0.01 shutter open", False),
        ("expect status idle", False),
        ("expect status", False),
        ("expect other offline", True),
        ("expect message stoh_*", False),
        ("expect message", False),
    ],
)
def test_expectations(shell: Shell, line: str, ok: bool) -> None:
    assert shell.run(line).ok is ok


def test_an_expectation_may_come_true_in_time(dcss: SimulatedDcss, shell: Shell) -> None:
    dhs = make_dhs()
    start = threading.Timer(0.05, dhs.start, [fast_config(dcss.port)])
    start.start()
    try:
        assert shell.run("expect --within 60 stageDHS online").ok
    finally:
        start.join()
        assert stopped(dhs) == ()


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("dance", "error: no command 'dance'; try help"),
        ("Move gonio_phi 1", "error: no command 'Move'; did you mean 'move'?"),
        ("mvoe z 1", "error: no command 'mvoe'; did you mean 'move'?"),
        ("move", "error: MOTOR is missing; usage: move MOTOR POSITION"),
        ("move phi 1 2", "error: '2' is one word too many; usage: move MOTOR POSITION"),
        ("move phi 1", "refused: no_hw_host stageDHS; phi no_hw_host stageDHS"),
        ("move nosuch 1", "refused: the database has no device 'nosuch'"),
        ("shutter shuter open", "refused: the database has no device 'shuter'; did you mean shut"),
        ("set-position phi x", "error: POSITION is a number, got 'x'; usage"),
        ("abort phi gently", "error: HOW is one of soft, hard, got 'gently'; usage"),
        ("configure phi speed", "error: 'speed' is not a setting; there are position, upper_limit"),
        ("configure phi speed=x", "error: speed is a number, got 'x'"),
        ("configure phi reverse_on=x", "error: reverse_on is on or off, got 'x'"),
        ("configure phi", "error: a setting is missing"),
        ("configure shutter x=1", "error: the database has no motor 'shutter'; shutter is of kind"),
        ("read 1", "error: ION_CHAMBER is missing"),
        ("read -1 i0", "error: SECONDS is a time of at most 86400, got -1"),
        ("send stageDHS stoh_abort_all", "error: hardware host stageDHS is not connected"),
        ("send stageDHS stoh_start_motor_move z", "error: destination is missing; usage: send DHS"),
        ("send stageDHS", "error: MESSAGE holds no word; usage: send DHS KEYWORD"),
        ("drop stageDHS", "error: hardware host stageDHS is not connected"),
        ("wait nosuch", "error: no hardware host 'nosuch' in the database"),
        ("wait stageDHS 0.01", "error: stageDHS did not connect within 0.01 s"),
        ("start 'open", "error: No closing quotation"),
        ("start --timeout soon echo", "error: SECONDS is a number, got 'soon'"),
        ("traffic many", "error: N is a whole number, got 'many'"),
        ("traffic inf", "error: N is a whole number, got 'inf'"),
        ("traffic -3", "error: N is a whole number, got '-3'"),
        ("fault clear 1.5", "error: NUMBER is a whole number, got '1.5'"),
        ("fault late inf", "error: fault 'late inf': 'value' must be < inf"),
        ("set-position phi nan", "error: POSITION is a number, got 'nan'"),
        ("sleep 1e300", "error: SECONDS is a time of at most 86400, got 1e+300"),
        ("wait stageDHS 1e300", "error: SECONDS is a time of at most 86400, got 1e+300"),
        ("wait 1e300", "error: SECONDS is a time of at most 86400, got 1e+300"),
        ("move --timeout 1e300 phi 1", "error: SECONDS is a time of at most 86400, got 1e+300"),
        ("expect --within 1e300 phi 0", "error: SECONDS is a time of at most 86400, got 1e+300"),
        ("expect message", "error: PATTERN is missing"),
        ("gui gtos_admin set_permission", "refused: bad format"),
        ("help nosuch", "error: no command 'nosuch'; try help"),
        ("help mov", "error: no command 'mov'; did you mean 'move'?"),
    ],
)
def test_what_cannot_be_obeyed_is_one_line(shell: Shell, line: str, error: str) -> None:
    outcome = shell.run(line)
    assert not outcome.ok
    assert outcome.text.startswith(error)
    assert "\n" not in outcome.text
    assert shell.failures == 1


def test_help_tells_every_command(shell: Shell) -> None:
    text = shell.run("help").text
    for command in COMMANDS:
        assert f"\n{command.line}" in f"\n{text}"
        assert command.help in shell.run(f"help {command.name}").text
    assert max(map(len, text.splitlines())) <= 100


def test_blank_and_comment_lines_say_nothing(shell: Shell, voice: Voice) -> None:
    for line in ("", "  ", "# move phi 1", "&", "wait other offline", "sleep 0"):
        assert shell.run(line).ok
    assert voice.said == ["other is offline"]


# -- scripts ---------------------------------------------------------------------------------


def test_a_script_ends_at_its_first_failure(shell: Shell, voice: Voice) -> None:
    assert not shell.script(["who", "dance", "who"])
    assert voice.said == ["no DHS is connected", "error: no command 'dance'; try help"]


def test_a_script_may_go_on(shell: Shell, voice: Voice) -> None:
    assert not shell.script(["dance", "who"], keep_going=True)
    assert voice.said[-1] == "no DHS is connected"


def test_quit_ends_a_script(shell: Shell, voice: Voice) -> None:
    assert shell.script(["quit", "dance"])
    assert shell.is_over
    assert voice.said == []


def test_a_script_waits_at_its_end_for_what_it_left_alone(driven: Shell, voice: Voice) -> None:
    assert driven.script(["move z 1 &", "start echo hello &"])
    assert {"z at 1.0: normal", "echo 1.1 completed normal hello"} <= set(voice.said)


def test_a_failure_that_nobody_waited_for_fails_the_script(driven: Shell) -> None:
    assert not driven.script(["move z 5000 &"])


# -- completion ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mo", ["move"]),
        (
            "s",
            ["send", "set", "set-position", "shutter", "sleep", "start", "state", "stop", "string"],
        ),
        ("move ", ["phi", "z"]),
        ("move p", ["phi"]),
        ("start e", ["echo"]),
        ("wait s", ["stageDHS"]),
        ("fault la", ["late"]),
        ("help mov", ["move"]),
        ("expect status sw_limit mo", ["move"]),
        ("expect status sw_limit move p", ["phi"]),
        ("nosuch p", []),
    ],
)
def test_completion_knows_commands_and_names(shell: Shell, line: str, words: list[str]) -> None:
    assert shell.complete(line) == words
