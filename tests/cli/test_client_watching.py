"""Commands of a client that watch and list: `dhs monitor`, `dhs devices`, completion of names."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.gui_commands import Call, Command, Run
from tests.client.gui_server import PUSH, GuiServer


def test_monitor_outlives_a_restart_of_dcss(run: Run, server: GuiServer) -> None:
    monitor = run("monitor", "--json", "z", "stageDHS")
    session = server.session()
    assert [monitor.event()["name"], monitor.event()["name"]] == ["z", "stageDHS"]
    session.say("stog_motor_move_started z 3", "stog_update_motor_position x 2 normal")
    event = monitor.event()
    assert (event["event"], event["moving"]) == ("value", True)
    session.say("stog_configure_hardware_host stageDHS self offline")
    events = {event["name"]: event["online"] for event in (monitor.event(), monitor.event())}
    assert events == {"z": False, "stageDHS": False}
    server.push = tuple(text.replace("hw_z 1.5", "hw_z 9.5") for text in PUSH)
    session.close()
    assert {monitor.event()["event"], monitor.event()["event"]} == {"disconnected"}
    again = [monitor.event(), monitor.event()]
    assert [event["event"] for event in again] == ["connected", "connected"]
    assert (again[0]["position"], again[0]["moving"]) == (9.5, None)
    monitor.interrupt()
    assert monitor.end()[:2] == (130, "")


def test_monitor_for_a_time(run: Run) -> None:
    code, out, _ = run("monitor", "--for", "0.1", "z", "i1").end()
    first, second = out.splitlines()
    assert code == 0
    assert first[12:] == " z 1.5 mm"
    assert second[12:] == " i1 unknown offline"


def test_a_reader_that_has_enough(run: Run, server: GuiServer) -> None:
    monitor = run("monitor", "z")
    monitor.line()
    monitor.stop_reading()
    server.session().say("stog_update_motor_position z 2 normal")
    assert monitor.end()[0::2] == (141, "")


def test_devices(run: Run, call: Call) -> None:
    code, out, _ = run("devices").end()
    assert code == 0
    assert "z         motor" in out
    assert "stageDHS  1.5 mm\n" in out
    code, out, _ = call("devices", "s*", "--json")
    assert [json.loads(line)["name"] for line in out.splitlines()] == [
        *("shutter", "status", "self", "stageDHS"),
    ]
    assert call("devices", "nothing_like_it") == (0, "", "")


def test_names_are_completed_from_the_last_login(
    run: Run, call: Call, server: GuiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def environment(*words: str) -> dict[str, str]:
        return {
            "_DHS_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["dhs", *words]),
            "COMP_CWORD": str(len(words)),
            "DHS_DCSS_GUI": server.address,
        }

    def names(out: str) -> list[str]:
        return [line.partition(",")[2] for line in out.split()]

    def complete(*words: str) -> list[str]:
        with monkeypatch.context() as patch:
            for name, value in environment(*words).items():
                patch.setenv(name, value)
            code, out, _ = call()
        assert code == 0
        return names(out)

    assert complete("get", "s") == []
    assert run("get", "z").end()[0] == 0
    server.close()
    code, out, _ = Command(home=tmp_path, environment=environment("get", "s")).end()
    assert (code, names(out)) == (0, ["self", "shutter", "stageDHS", "status"])
    assert complete("get", "s") == ["self", "shutter", "stageDHS", "status"]
    assert complete("move", "") == ["energy", "held", "x", "z"]
    assert complete("put", "s") == ["shutter", "status"]
    assert complete("start", "c") == ["collect"]
    assert complete("mo") == ["move", "monitor"]
    assert os.listdir(tmp_path / "dhs") == ["names.json"]  # noqa: PTH208
    (tmp_path / "dhs" / "names.json").write_text("[no names")
    assert complete("get", "s") == []


ODD = (
    *PUSH[:-1],
    "stog_configure_real_motor n stageDHS hw nan inf -inf 1 1 1 1 1 1 0 0 0 0",
    "stog_configure_encoder en stageDHS -inf nan",
    'stog_configure_string odd stageDHS \x1b[31mred\x07 caf\xe9 \u202e \\ " {',
    PUSH[-1],
)
"""Values that JSON has no numbers for, and texts that would move a cursor."""


def strict(line: str) -> object:
    """The line as JSON has it: without nan and infinity."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    return json.loads(line, parse_constant=refuse)


@pytest.mark.parametrize("command", [["get", "*"], ["devices"], ["monitor", "--for", "0.1", "*"]])
def test_any_value_can_be_shown(call: Call, server: GuiServer, command: list[str]) -> None:
    server.push = ODD
    code, out, errors = call(*command)
    assert (code, errors) == (0, "")
    assert '\\x1b[31mred\\x07 caf\xe9 \\u202e \\ " {' in out
    assert "\x1b" not in out
    code, out, errors = call(*command, "--json")
    assert (code, errors) == (0, "")
    found = {view["name"]: view for view in map(strict, out.splitlines())}  # type: ignore[index]
    n = found["n"]
    assert (n["position"], n["upper"], n["lower"]) == (None, None, None)  # type: ignore[index]
    assert found["odd"]["contents"].startswith("\x1b[31mred")  # type: ignore[index]


def test_a_terminal_of_few_letters(run: Run, server: GuiServer) -> None:
    server.push = ODD
    code, out, errors = run("get", "-t", "odd", PYTHONIOENCODING="ascii").end()
    assert (code, errors) == (0, "")
    assert out.startswith("\\x1b[31mred\\x07 caf\\xe9")


def test_a_full_disk_is_said(server: GuiServer, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "dhs_runtime.cli", "get", "z", "--dcss", server.address]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            words,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "cannot write to the standard output: No space left" in done.stderr


@pytest.mark.parametrize("command", ["get", "monitor"])
def test_a_pattern_that_matches_nothing_is_an_error(call: Call, command: str) -> None:
    code, out, errors = call(command, "nothing*")
    assert (code, out) == (2, "")
    assert "no device 'nothing*'" in errors


@pytest.mark.parametrize("words", [["monitor", "--for", "nan", "z"], ["get", "--timeout=nan", "z"]])
def test_a_time_is_a_number(call: Call, words: list[str]) -> None:
    code, out, errors = call(*words)
    assert (code, out) == (2, "")
    assert "a number of seconds is wanted, not nan" in errors


def test_a_dcss_that_comes_back_with_other_devices(run: Run, server: GuiServer) -> None:
    monitor = run("monitor", "--json", "z", "s*")
    session = server.session()
    events = [monitor.event() for _ in range(5)]
    assert [event["name"] for event in events] == ["z", "shutter", "status", "self", "stageDHS"]
    other = [text for text in PUSH if " z " not in text and " shutter " not in text]
    server.push = (*other[:-1], "stog_configure_string sample stageDHS lysozyme", other[-1])
    session.close()
    events = [monitor.event() for _ in range(10)]
    assert [event["event"] for event in events[:5]] == 5 * ["disconnected"]
    assert [(event["event"], event["name"]) for event in events[5:]] == [
        *(("gone", "z"), ("connected", "status"), ("connected", "sample")),
        *(("connected", "self"), ("connected", "stageDHS")),
    ]
    server.session().say("stog_set_string_completed sample normal insulin")
    assert monitor.event()["contents"] == "insulin"
    monitor.interrupt()
    assert monitor.end()[:2] == (130, "")


def test_the_time_of_a_command_that_only_reads(call: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        code, _, errors = call("get", "z", "--timeout", "0.1", "--dcss", address)
    assert (code, errors) == (1, f"dhs: DCSS at {address}: nothing received in time\n")


def test_nobody_reads_what_went_wrong(server: GuiServer, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "dhs_runtime.cli", "get", "zz", "--dcss", server.address]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    try:
        done = subprocess.run(
            words, stdout=subprocess.PIPE, stderr=writer, check=False, env=environment
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stdout) == (2, b"")
