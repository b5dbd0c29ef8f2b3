"""`dhs get`, `put`, `move`, `start`, `monitor`, `devices`, `abort`: as real processes."""

import json
from pathlib import Path

import pytest

from tests.cli.gui_commands import Call, Run
from tests.client.gui_server import PUSH, GuiServer, gui_server


def test_get(run: Run) -> None:
    got = run("get", "z", "x", "shutter", "status", "enc", "i1", "collect", "stageDHS", "awayDHS")
    lines = [
        *("z 1.5 mm", "x 0.0", "shutter closed", "status all is well", "enc 2.5"),
        *("i1 unknown offline", "collect no start reported", "stageDHS online", "awayDHS offline"),
    ]
    assert got.end() == (0, "".join(f"{line}\n" for line in lines), "")


def test_get_values_only(call: Call) -> None:
    out = "1.5 mm\nclosed\nall is well\nonline\nonline\n"
    assert call("get", "-t", "z", "s*") == (0, out, "")


def test_rounding_errors_are_for_json_alone(call: Call, server: GuiServer) -> None:
    server.push = (*PUSH[:-1], "stog_configure_encoder enc stageDHS 2.5999999999999996 1", PUSH[-1])
    assert call("get", "-t", "enc")[1] == "2.6\n"
    assert json.loads(call("get", "--json", "enc")[1])["position"] == 2.5999999999999996
    assert "  2.6\n" in call("devices", "enc")[1]


def test_get_as_json(call: Call) -> None:
    code, out, _ = call("get", "--json", "z", "energy", "i1", "status", "shutter")
    z, energy, i1, status, shutter = map(json.loads, out.splitlines())
    assert code == 0
    assert z == {
        "name": "z",
        "kind": "motor",
        "host": "stageDHS",
        "online": True,
        "position": 1.5,
        "units": "mm",
        "lower": -20.0,
        "upper": 24.9,
        "moving": None,
        "locked": False,
    }
    assert (energy["lower"], energy["upper"]) == (None, None)
    assert (i1["online"], i1["counts"]) == (False, None)
    assert status["contents"] == "all is well"
    assert shutter["open"] is False


@pytest.mark.parametrize(
    ("args", "code", "text"),
    [
        (("get", "zz"), 2, "dhs: no device 'zz' at this beamline; did you mean z?\n"),
        (("put", "z", "1"), 2, "dhs: z is a motor: use dhs move z 1\n"),
        (("put", "collect", "1"), 2, "dhs: collect is a operation, and cannot be set\n"),
        (("put", "shutter", "ajar"), 2, "open or closed is wanted, not 'ajar'"),
        (("put", "enc", "far"), 2, "a number is wanted, not 'far'"),
        (("move", "z"), 2, "z has no TO"),
        (("move", "z", "far"), 2, "a position is a number, not 'far'"),
        (("move", "z", "1", "z", "2"), 2, "z is given twice"),
        (("move", "z", "1e20"), 3, "z: 1e+20 mm is beyond its limits"),
        (("move", "energy", "1e20"), 2, "destination"),
        (("move", "z", "100"), 3, "dhs: z: 100 mm is beyond its limits, -20.0 to 24.9\n"),
        (("move", "held", "1"), 3, "dhs: held: it is locked\n"),
        (("move", "shutter", "1"), 2, "no motor 'shutter'"),
        (("start", "nothing_like_it"), 2, "no operation 'nothing_like_it'"),
        (("get", "z", "--dcss", "a b"), 2, "is not HOST:PORT"),
        (("get", "z", "--session-file", "/nowhere/session"), 2, "session file /nowhere/session"),
        (("get", "z", "--user", "two words"), 2, "user"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be(call: Call, args: tuple[str, ...], code: int, text: str) -> None:
    found, out, errors = call(*args)
    assert (found, out) == (code, "")
    assert text in errors


def test_an_error_as_json(call: Call) -> None:
    code, out, errors = call("move", "--json", "z", "100")
    error = json.loads(out)
    assert code == 3
    assert {**error, "text": ""} == {
        "event": "error",
        "error": "LimitError",
        "status": "",
        "text": "",
    }
    assert errors == f"dhs: {error['text']}\n"


def test_nobody_there_is_said_at_once(call: Call) -> None:
    code, _, errors = call("get", "z", "--dcss", "127.0.0.1:9")
    assert code == 1
    assert errors.startswith("dhs: DCSS at 127.0.0.1:9: cannot connect to 127.0.0.1:9: ")


def test_a_refused_login(call: Call, tmp_path: Path) -> None:
    session = tmp_path / "session"
    session.write_text("S42\n")
    with gui_server(accept=False) as server:
        words = ("--dcss", server.address, "--session-file", str(session))
        code, _, errors = call("get", "z", *words)
    assert code == 2
    assert "refused the login" in errors


@pytest.mark.parametrize("name", ["get", "devices", "abort", "monitor", "put", "move", "start"])
def test_production_is_guarded(call: Call, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("DHS_PRODUCTION", "127.0.0.*")
    args = {"devices": [], "abort": [], "put": ["status", "a"], "move": ["z", "1"]}
    code, _, errors = call(name, *args.get(name, ["z"]))
    assert code == 2
    assert "use --production to allow it" in errors


def test_production_that_is_meant(run: Run) -> None:
    assert run("get", "--production", "-t", "x", DHS_PRODUCTION="127.0.0.*").end()[0] == 0


def test_put(run: Run, server: GuiServer) -> None:
    put = run("put", "status", "new words")
    session = server.session()
    assert session.command() == "gtos_set_string status new words"
    session.say("stog_set_string_completed status normal new words")
    assert put.end() == (0, "Old: status all is well\nNew: status new words\n", "")
    put = run("put", "--json", "shutter", "open")
    session = server.session()
    assert session.command() == "gtos_set_shutter_state shutter open"
    session.say("stog_report_shutter_state shutter open")
    code, out, _ = put.end()
    assert (code, json.loads(out)) == (
        0,
        {"event": "put", "name": "shutter", "kind": "shutter", "old": "closed", "new": "open"},
    )
    put = run("put", "enc", "-1.5")
    session = server.session()
    assert session.command() == "gtos_set_encoder enc -1.5"
    session.say("stog_set_encoder_completed enc -1.5 normal")
    assert put.end()[0] == 0


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("stog_set_string_completed status no_hw_host_stageDHS old", 1),
        ("stog_log error server status permit check failed: no_permission", 3),
        ("stog_log note server nothing else", 4),
    ],
)
def test_a_put_that_fails(run: Run, server: GuiServer, said: str, code: int) -> None:
    put = run("put", "--timeout", "0.3" if code == 4 else "60", "status", "new")
    session = server.session()
    session.command()
    session.say(said)
    assert put.end()[:2] == (code, "")


def test_master_is_named_and_taken(run: Run, server: GuiServer) -> None:
    server.push = (
        *("stog_update_client_list 1", "stog_update_client 9 bob {Bob} {LOCAL} {} 1 1 lab {l} 1 0"),
        *PUSH,
    )
    put = run("put", "status", "new")
    session = server.session()
    session.command()
    session.say("stog_log error server status permit check failed: must_be_active")
    code, _, errors = put.end()
    assert code == 3
    assert errors == "dhs: status: must_be_active; bob on lab is master; --take-master takes over\n"
    put = run("put", "--take-master", "status", "new")
    session = server.session()
    assert session.command() == "gtos_become_master force"
    session.say("stog_become_master")
    assert session.command() == "gtos_set_string status new"
    session.say("stog_set_string_completed status normal new")
    assert session.command() == "gtos_become_slave force"
    session.say("stog_become_slave")
    assert put.end()[0] == 0


def test_move(run: Run, server: GuiServer) -> None:
    moved = run("move", "z", "-3", "x", "2.6")
    session = server.session()
    assert {session.command(), session.command()} == {
        *("gtos_start_motor_move z -3.0", "gtos_start_motor_move x 2.6"),
    }
    session.say(
        "stog_motor_move_started z -3",
        "stog_update_motor_position z 0 normal",
        "stog_motor_move_completed x 2.5999999999999996 normal",
        "stog_motor_move_completed z -3 normal",
    )
    assert moved.end() == (0, "z -3.0 mm\nx 2.6\n", "")


def test_move_as_json(run: Run, server: GuiServer) -> None:
    moved = run("move", "--json", "z", "3")
    session = server.session()
    session.command()
    session.say("stog_motor_move_started z 3", "stog_update_motor_position z 2 normal")
    events = [moved.event(), moved.event()]
    session.say("stog_motor_move_completed z 2.5 too_hot")
    code, out, _ = moved.end()
    assert code == 1
    assert events[1] == {"event": "position", "name": "z", "position": 2.0}
    assert json.loads(out.splitlines()[-1])["error"] == "FailedError"


def test_ctrl_c_stops_the_motors_and_waits_for_them(run: Run, server: GuiServer) -> None:
    moved = run("move", "--json", "z", "3", "energy", "12001")
    session = server.session()
    session.command(), session.command()
    session.say("stog_motor_move_started z 3", "stog_motor_move_started energy 12001")
    moved.event()
    moved.interrupt()
    assert session.command() == "gtos_abort_motor_move z soft"
    assert "energy: DCSS itself moves it; only abort() stops it; it keeps moving" in moved.warning()
    session.say(
        "stog_motor_move_completed z 2 aborted", "stog_motor_move_completed energy 1 normal"
    )
    code, out, _ = moved.end()
    assert code == 130
    assert json.loads(out.splitlines()[-1])["name"] == "energy"
    assert session.commands.empty()


def test_a_second_ctrl_c_does_not_wait(run: Run, server: GuiServer) -> None:
    moved = run("move", "--json", "z", "3")
    session = server.session()
    session.command()
    session.say("stog_motor_move_started z 3")
    moved.event()
    moved.interrupt()
    assert session.command() == "gtos_abort_motor_move z soft"
    moved.interrupt()
    assert moved.end()[0] == 130


def test_an_aborted_move(run: Run, server: GuiServer) -> None:
    moved = run("move", "z", "3")
    session = server.session()
    session.command()
    session.say("stog_motor_move_completed z 2 aborted")
    assert moved.end() == (5, "", "dhs: z: aborted\n")


def test_start(run: Run, server: GuiServer) -> None:
    started = run("start", "collect", "5", "two words", "-x", "--", "--json")
    session = server.session()
    _, _, handle, words = session.command().split(" ", 3)
    assert words == "5 {two words} -x --json"
    session.say(
        f"stog_operation_update collect {handle} at 2.5999999999999996 0.6666666666666666",
        f"stog_operation_completed collect {handle} normal the result",
    )
    assert started.end() == (0, "at 2.6 0.6666666666666666\nnormal the result\n", "")


def test_options_of_start_may_be_anywhere(run: Run, server: GuiServer) -> None:
    started = run("start", "collect", "-1.5", "--json", "--unknown", "--quiet", "5", "x")
    session = server.session()
    _, _, handle, words = session.command().split(" ", 3)
    assert words == "-1.5 --unknown x"
    session.say(f"stog_operation_completed collect {handle} normal at 2.5999999999999996")
    code, out, _ = started.end()
    assert code == 0
    assert json.loads(out.splitlines()[-1])["text"] == "at 2.5999999999999996"
    code, out, errors = run("start", "collect", "5", "--dcss", "127.0.0.1:9").end()
    assert (code, out) == (1, "")
    assert "DCSS at 127.0.0.1:9" in errors


def test_start_as_json(run: Run, server: GuiServer) -> None:
    started = run("start", "--json", "collect", "5", "two words", "-x")
    session = server.session()
    assert session.command().split(" ", 3)[3] == "5 {two words} -x"
    handle = started.event()["handle"]
    session.say(
        f"stog_operation_update collect {handle} one",
        f"stog_operation_completed collect {handle} error it broke",
    )
    assert started.event() == {"event": "update", "name": "collect", "text": "one"}
    code, out, errors = started.end()
    assert code == 1
    assert json.loads(out)["status"] == "error it broke"
    assert errors == "dhs: collect: error it broke\n"


def test_ctrl_c_leaves_an_operation_running(run: Run, server: GuiServer) -> None:
    started = run("start", "--json", "collect")
    session = server.session()
    handle = started.event()["handle"]
    session.command()
    started.interrupt()
    code, _, errors = started.end()
    assert code == 130
    assert errors == f"dhs: collect {handle} is running; dhs abort would stop everything\n"
    assert session.commands.empty()


def test_ctrl_c_that_stops_the_beamline(run: Run, server: GuiServer) -> None:
    started = run("start", "--json", "--abort-on-interrupt", "collect")
    session = server.session()
    handle = started.event()["handle"]
    session.command()
    started.interrupt()
    assert session.command() == "gtos_abort_all soft"
    session.say(f"stog_operation_completed collect {handle} aborted")
    assert started.end()[0::2] == (130, "dhs: collect: aborted\n")


def test_abort_says_what_was_asked_and_what_ends(run: Run, server: GuiServer) -> None:
    aborted = run("abort", "--timeout", "60")
    session = server.session()
    assert session.command() == "gtos_abort_all soft"
    session.say(
        "stog_motor_move_completed unheard_of 1 aborted",
        "stog_motor_move_completed z 2.5999999999999996 aborted",
        "stog_operation_completed collect 1.2 aborted at 0.30000000000000004",
    )
    assert aborted.line() == f"asked DCSS at {server.address} to stop everything (soft)\n"
    assert [aborted.line(), aborted.line()] == ["z 2.6 mm aborted\n", "collect aborted at 0.3\n"]
    aborted.interrupt()
    assert aborted.end()[:2] == (130, "")


def test_abort_says_that_nothing_ends(run: Run, server: GuiServer) -> None:
    aborted = run("abort", "--hard", "--timeout", "0.1")
    assert server.session().command() == "gtos_abort_all hard"
    code, out, errors = aborted.end()
    assert (code, errors) == (0, "")
    assert out.splitlines()[1:] == ["nothing ended within 0.1 s"]


def test_abort_as_json(run: Run, server: GuiServer) -> None:
    aborted = run("abort", "--json", "--timeout", "60")
    assert aborted.event() == {"event": "abort", "hard": False}
    session = server.session()
    session.say("stog_motor_move_completed z 2.5999999999999996 aborted")
    ended = {"event": "completed", "name": "z", "status": "aborted"}
    assert aborted.event() == {**ended, "position": 2.5999999999999996, "units": "mm"}
    session.say("stog_operation_completed collect 1.2 aborted")
    assert aborted.event() == {**ended, "name": "collect", "text": ""}
    aborted.interrupt()
    assert aborted.end()[0] == 130


def test_ctrl_c_says_how_each_motor_ended(run: Run, server: GuiServer) -> None:
    moved = run("move", "--json", "z", "3", "x", "1")
    session = server.session()
    session.command(), session.command()
    session.say("stog_motor_move_started z 3", "stog_motor_move_started x 1")
    moved.event()
    moved.interrupt()
    session.command(), session.command()
    session.say("stog_motor_move_completed z 2 aborted", "stog_motor_move_completed x 1 too_hot")
    code, _, errors = moved.end()
    assert (code, errors) == (130, "dhs: z: aborted\ndhs: x: too_hot\n")


def test_abort_says_that_it_lost_the_link(run: Run, server: GuiServer) -> None:
    aborted = run("abort", "--timeout", "60")
    session = server.session()
    session.command()
    session.close()
    code, out, errors = aborted.end()
    assert code == 1
    assert out == f"asked DCSS at {server.address} to stop everything (soft)\n"
    assert errors == "dhs: the link to DCSS was lost; it is not known what else ended\n"
