"""Commands of a client that watch and list: `dhs monitor`, `dhs devices`, completion of names."""

import json
import os
from pathlib import Path

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
    run: Run, server: GuiServer, tmp_path: Path
) -> None:
    def complete(*words: str) -> list[str]:
        environment = {
            "_DHS_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["dhs", *words]),
            "COMP_CWORD": str(len(words)),
            "DHS_DCSS_GUI": server.address,
        }
        code, out, _ = Command(home=tmp_path, environment=environment).end()
        assert code == 0
        return [line.partition(",")[2] for line in out.split()]

    assert complete("get", "s") == []
    assert run("get", "z").end()[0] == 0
    server.close()
    assert complete("get", "s") == ["self", "shutter", "stageDHS", "status"]
    assert complete("move", "") == ["energy", "held", "x", "z"]
    assert complete("put", "s") == ["shutter", "status"]
    assert complete("start", "c") == ["collect"]
    assert complete("mo") == ["move", "monitor"]
    assert os.listdir(tmp_path / "dhs") == ["names.json"]  # noqa: PTH208
    (tmp_path / "dhs" / "names.json").write_text("[no names")
    assert complete("get", "s") == []
