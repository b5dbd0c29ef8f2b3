"""The page over real HTTP: its files, events and commands, and its end."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from dcs_codec import (
    HtosLog,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosOperationCompleted,
    HtosOperationUpdate,
)
from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.dcss import FaultKind, HardwareHost, Script, SimulatedDcss
from dhs_lab.simulators.web import BeamlinePage
from dhs_lab.simulators.web import board as board_module
from dhs_lab.simulators.web import page as page_module
from dhs_lab.simulators.web.board import Board
from dhs_lab.simulators.web.camera import RemoteCamera, looked_at
from dhs_runtime import ConfigError, DhsError
from dhs_runtime.cli import group
from dhs_runtime.client import DcssClient
from tests.lab.simulators.boxes import open_jpeg
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer
from tests.lab.simulators.web.events import Events
from tests.runtime.peers import AT_ONCE_S

KEPT_LINES = 2000
CONFIGURED = "stoh_configure_real_motor m h m 0.0 7.0 -1000.0 1000.0 5 100 0 1 1 1 0 0 0"


def do(session: requests.Session, page: BeamlinePage, verb: str, **wish: Any) -> requests.Response:
    return session.post(f"{page.url}/commands/{verb}", json=wish, timeout=DEADLINE_S)


# -- what it serves --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/", "text/html", "<title>Simulated beamline"),
        ("/base.css", "text/css", "prefers-color-scheme: dark"),
        ("/main.js", "text/javascript", "EventSource"),
        ("/messages", "application/json", "stoh_start_motor_move"),
    ],
)
def test_its_files(
    session: requests.Session, page: BeamlinePage, path: str, kind: str, words: str
) -> None:
    answer = session.get(page.url + path, timeout=DEADLINE_S)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert words in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/main.js", "/messages", "/events", "/wire.jsonl", "/no"])
def test_head_is_answered_as_get_without_a_body(
    session: requests.Session, page: BeamlinePage, path: str
) -> None:
    told = session.head(page.url + path, timeout=DEADLINE_S)
    assert told.content == b""
    with session.get(page.url + path, timeout=DEADLINE_S, stream=True) as answer:
        assert told.status_code == answer.status_code
        for name in ("Content-Type", "Content-Security-Policy", "Connection"):
            assert told.headers.get(name) == answer.headers.get(name)


def test_the_files_ask_nothing_of_other_servers(page: BeamlinePage) -> None:
    for contents, _ in page._site.files.values():
        text = contents.decode().replace("http://www.w3.org/2000/svg", "")
        assert "//" not in text.replace("// ", ""), "an address"


def test_a_browser_that_comes_finds_all_there_is(events: Events, dcss: SimulatedDcss) -> None:
    events.until(lambda heard: heard.last)
    assert (events.hello["dcss"], events.hello["has_camera"]) == (dcss.address, False)
    assert {kind for kind, *_ in events.hello["faults"]} == set(FaultKind)
    assert events.last["is_all"]
    assert {name: one["kind"] for name, one in events.devices.items()} == {
        "m": "motor",
        "s": "shutter",
        "t": "string",
        "i": "ion_chamber",
        "e": "encoder",
        "op": "operation",
        "far": "motor",
        "free": "motor",
    }
    assert events.devices["t"]["contents"] == "old"
    assert not any(host["is_online"] for host in events.tables["hosts"].values())


# -- what it tells ---------------------------------------------------------------------------


def test_a_dhs_comes_and_goes_and_comes_again(events: Events, dcss: SimulatedDcss) -> None:
    hosts = events.tables["hosts"]
    for login in (1, 2):
        with DhsPeer.logged_in(dcss, "h"):
            events.until(lambda _: hosts and hosts["h"]["is_online"])
            assert (hosts["h"]["logins"], hosts["h"]["framing"]) == (login, "v2")
        events.until(lambda _: not hosts["h"]["is_online"])
    assert not hosts["gone"]["is_online"]
    (registered, *_) = [line for line in events.wire if "register_real_motor" in line["text"]]
    assert registered["text"] == "stoh_register_real_motor m m"
    assert registered.keys() == {"number", "at_s", "host", "arrow", "text"}, "the rest on request"
    numbers = [line["number"] for line in events.wire]
    assert numbers == list(range(1, len(numbers) + 1)), "every line, once, in order"


def test_a_move_is_seen_on_its_way(
    session: requests.Session, page: BeamlinePage, events: Events, peer: DhsPeer
) -> None:
    assert do(session, page, "move", name="m", destination=5).status_code == 200
    assert peer.read_text() == "stoh_start_motor_move m 5.0"
    peer.send(HtosMotorMoveStarted(motor_name="m", destination=5.0))
    motor = events.until(lambda heard: heard.devices.get("m", {}).get("is_moving")).devices["m"]
    assert (motor["position"], motor["target"], motor["outcome"]) == (0, 5.0, None)
    peer.send(HtosMotorMoveCompleted(motor_name="m", position=4.0, status="aborted"))
    motor = events.until(lambda heard: not heard.devices["m"]["is_moving"]).devices["m"]
    assert (motor["position"], motor["target"]) == (4.0, None)
    completed = events.wire[-1]
    assert motor["outcome"] == {
        "status": "aborted",
        "wanted": "5.0",
        "result": "",
        "line": completed["number"],
    }
    (run,) = events.runs.values()
    assert (run["kind"], run["name"], run["args"], run["status"]) == ("move", "m", "5.0", "aborted")
    assert (run["line"], run["end_line"]) == (completed["number"] - 2, completed["number"])


def test_an_operation_is_seen_with_its_updates(
    session: requests.Session, page: BeamlinePage, events: Events, peer: DhsPeer
) -> None:
    handle = do(session, page, "start_operation", name="op", args="a {b c}").json()["handle"]
    assert peer.read_text() == f"stoh_start_operation op {handle} a {{b c}}"
    peer.send(
        HtosOperationUpdate(operation_name="op", operation_handle=handle, operation_args="step 1")
    )
    key = f"op {handle}"
    events.until(lambda heard: heard.runs.get(key, {}).get("count") == 1)
    assert events.runs[key]["ended_s"] is None
    assert [(one["key"], one["text"]) for one in events.updates] == [(key, "step 1")]
    peer.send(
        HtosOperationCompleted(
            operation_name="op",
            operation_handle=handle,
            operation_status="normal",
            operation_args="done",
        )
    )
    run = events.until(lambda heard: heard.runs[key]["completions"]).runs[key]
    assert (run["status"], run["result"], run["args"]) == ("normal", "done", "a {b c}")
    assert run["ended_s"] >= events.updates[0]["at_s"] >= run["began_s"]
    assert len(events.updates) == 1, "an update is sent once"


def test_a_script_of_the_engine_is_a_run_like_others(session: requests.Session) -> None:
    may_end = threading.Event()
    server = SimulatedDcss([HardwareHost.of("h", motors=["m"])])

    @server.scripted("center")
    def center(script: Script) -> str:
        script.update("half of it")
        may_end.wait(DEADLINE_S)
        return "done"

    with server, BeamlinePage(server) as page, Events.of(page.url) as events:
        handle = do(session, page, "start_operation", name="center", args="a b").json()["handle"]
        key = f"center {handle}"
        events.until(lambda heard: heard.runs.get(key, {}).get("count") == 1)
        assert (events.runs[key]["host"], events.runs[key]["ended_s"]) == ("self", None)
        may_end.set()
        run = events.until(lambda heard: heard.runs[key]["completions"]).runs[key]
        assert (run["status"], run["result"], run["args"]) == ("normal", "done", "a b")
        assert [one["text"] for one in events.updates] == ["half of it"]


def test_what_a_lost_dhs_was_to_do_is_seen_to_fail(
    session: requests.Session, page: BeamlinePage, events: Events, peer: DhsPeer
) -> None:
    handle = do(session, page, "start_operation", name="op").json()["handle"]
    assert do(session, page, "disconnect", name="h").status_code == 200
    key = f"op {handle}"
    events.until(lambda heard: heard.runs.get(key, {}).get("ended_s") is not None)
    assert events.runs[key]["status"] == "no_hw_host_h"


def test_what_a_dhs_logs_is_told(events: Events, peer: DhsPeer) -> None:
    peer.send(HtosLog(log_level="error", log_sender="h", log_message="no air"))
    events.until(lambda heard: any(said["level"] == "error" for said in heard.log))
    assert (events.log[-1]["host"], events.log[-1]["text"]) == ("h", "no air")


def test_what_is_held_against_a_dhs_is_told_among_what_is_logged(
    events: Events, peer: DhsPeer
) -> None:
    peer.send_text("htos_note {")
    events.until(lambda heard: any("no list" in said["level"] for said in heard.log))
    (said,) = [said for said in events.log if said["level"] == "verdict (no list)"]
    assert said["host"] == "h"
    assert said["text"].endswith("'htos_note {'")


def test_a_browser_that_comes_late_gets_the_last_lines_only(
    dcss: SimulatedDcss, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "KEPT_LINES", KEPT_LINES)
    for number in range(KEPT_LINES + 10):
        dcss.traffic.add("h", "<-", f"htos_note {number}")
    board = Board(dcss)
    board.take()
    found = board.after(0, 0)
    assert found is not None
    wire: Any = found["wire"]
    assert len(wire) == KEPT_LINES
    assert (wire[0]["number"], wire[-1]["number"]) == (11, KEPT_LINES + 10)
    assert board.after(int(str(found["revision"])), timeout_s=0) is None
    board.take()
    again = board.after(int(str(found["revision"])), 0)
    assert again is not None
    assert not any(again[name] for name in ("hosts", "devices", "runs", "wire", "updates", "log"))


# -- what it does ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "wish", "sent"),
    [
        ("move", {"name": "m", "destination": 5}, "stoh_start_motor_move m 5.0"),
        ("move", {"name": "free", "destination": "home"}, "stoh_start_motor_move free home"),
        (
            "send",
            {"name": "h", "text": "stoh_start_motor_move m 5000"},
            "stoh_start_motor_move m 5000.0",
        ),
        ("abort_move", {"name": "m"}, "stoh_abort_motor_move m soft"),
        ("abort_move", {"name": "m", "how": "hard"}, "stoh_abort_motor_move m hard"),
        ("set_position", {"name": "m", "position": 2}, "stoh_set_motor_position m 2.0"),
        ("set_shutter", {"name": "s", "state": "open"}, "stoh_set_shutter_state s open"),
        ("set_string", {"name": "t", "contents": "a  b"}, "stoh_set_string t a  b"),
        ("read_ion_chamber", {"name": "i", "time_s": 0.5}, "stoh_read_ion_chambers 0.5 0 i"),
        ("get_encoder", {"name": "e"}, "stoh_get_encoder e"),
        ("set_encoder", {"name": "e", "position": -1.5}, "stoh_set_encoder e -1.5"),
        ("stop_operation", {"name": "op"}, "stoh_stop_operation op"),
        (
            "configure",
            {"name": "m", "upper_limit": 7, "speed": 5, "motor_lock_on": True},
            CONFIGURED,
        ),
        (
            "oscillate",
            {"name": "m", "shutter": "s", "degrees": 1, "time_s": 2},
            "stoh_start_oscillation m s 1.0 2.0",
        ),
        (
            "oscillate",
            {"name": "m", "degrees": 1, "time_s": 2},
            "stoh_start_oscillation m NULL 1.0 2.0",
        ),
        (
            "vector_move",
            {"name": "m", "destination": 3, "speed": 0.5},
            "stoh_start_vector_move m NULL 3.0 0.0 0.5",
        ),
        (
            "vector_move",
            {
                "name": "m",
                "second": "far",
                "destination": 3,
                "second_destination": 4,
                "speed": 1,
            },
            "stoh_start_vector_move m far 3.0 4.0 1.0",
        ),
        ("stop_vector_move", {"name": "m", "second": "far"}, "stoh_stop_vector_move m far"),
        ("send", {"name": "h", "text": "stoh_hello  you"}, "stoh_hello  you"),
        ("send", {"name": "h", "text": "htos_wrong_way"}, "htos_wrong_way"),
        ("abort_all", {}, "stoh_abort_all soft"),
        ("abort_all", {"how": "hard"}, "stoh_abort_all hard"),
    ],
)
def test_each_command_sends_its_message(
    *,
    session: requests.Session,
    page: BeamlinePage,
    peer: DhsPeer,
    verb: str,
    wish: dict[str, Any],
    sent: str,
) -> None:
    answer = do(session, page, verb, **wish)
    assert (answer.status_code, answer.json()) == (200, {})
    assert peer.read_text().rstrip() == sent


# -- the test bench ------------------------------------------------------------------------


def test_each_kind_of_fault_is_armed_told_and_cleared(
    session: requests.Session, page: BeamlinePage, events: Events, dcss: SimulatedDcss
) -> None:
    def standing() -> list[Any]:
        found = events.tables["facts"].get("faults", {"standing": []})["standing"]
        assert isinstance(found, list)
        return found

    for kind in FaultKind:
        answer = do(session, page, "add_fault", fault=f"{kind} host=h")
        assert answer.status_code == 200, answer.text
    events.until(lambda _: len(standing()) == len(FaultKind))
    assert [fault["text"].split()[0] for fault in standing()] == list(FaultKind)
    first = standing()[0]["number"]
    assert do(session, page, "clear_faults", number=first).status_code == 200
    events.until(lambda _: len(standing()) == len(FaultKind) - 1)
    assert do(session, page, "clear_faults").status_code == 200
    events.until(lambda _: not standing())
    assert dcss.faults.standing() == ()


def test_a_fault_of_the_bench_is_at_work(
    session: requests.Session, page: BeamlinePage, peer: DhsPeer, events: Events
) -> None:
    do(session, page, "add_fault", fault="duplicate host=h count=1")
    do(session, page, "get_encoder", name="e")
    assert [peer.read_text(), peer.read_text()] == ["stoh_get_encoder e"] * 2
    events.until(lambda heard: heard.tables["facts"].get("faults") == {"standing": []})


def test_any_message_is_taken_as_if_a_dhs_had_sent_it(
    session: requests.Session, page: BeamlinePage, peer: DhsPeer, events: Events
) -> None:
    text = "htos_update_motor_position m 7.5 normal"
    assert do(session, page, "send", name="h", text=text, way="to DCSS").status_code == 200
    events.until(lambda heard: heard.devices.get("m", {}).get("position") == 7.5)
    events.until(lambda heard: any(line["text"] == text for line in heard.wire))
    wrong = "htos_motor_move_completed m here normal"
    assert do(session, page, "send", name="h", text=wrong, way="to DCSS").status_code == 200
    events.until(lambda heard: any(line["text"] == wrong for line in heard.wire))
    assert next(line for line in events.wire if line["text"] == wrong)["is_bad"]


@pytest.mark.parametrize(
    ("text", "keyword", "fields", "trouble"),
    [
        ("stoh_abort_all soft", "stoh_abort_all", {"abort_arg": "soft"}, ""),
        ("stoh_dance", "stoh_dance", {}, "no message class"),
        ("stoh_get_encoder", "stoh_get_encoder", {}, "malformed"),
    ],
)
def test_a_text_is_explained_before_it_is_sent(
    *,
    session: requests.Session,
    page: BeamlinePage,
    text: str,
    keyword: str,
    fields: dict[str, Any],
    trouble: str,
) -> None:
    told = do(session, page, "explain", text=text).json()
    assert (told["keyword"], told["fields"]) == (keyword, fields)
    assert told["trouble"].startswith(trouble)


# -- the lines ---------------------------------------------------------------------------------


def test_a_line_tells_its_fields_on_request(
    session: requests.Session, page: BeamlinePage, dcss: SimulatedDcss
) -> None:
    dcss.traffic.add("h", "->", "stoh_abort_all hard")
    dcss.traffic.add("h", "<-", "htos_hello")
    told = session.get(f"{page.url}/lines/1", timeout=DEADLINE_S).json()
    assert (told["keyword"], told["fields"]) == ("stoh_abort_all", {"abort_arg": "hard"})
    assert told["meaning"].startswith("Stop everything")
    told = session.get(f"{page.url}/lines/2", timeout=DEADLINE_S).json()
    assert told["trouble"] == "no message class has this keyword"


@pytest.mark.parametrize("word", ["0", "3", "-1", "x", "1.5", "9" * 40, "\u0662"])
def test_a_line_that_is_not_kept_is_not_found(
    session: requests.Session, page: BeamlinePage, dcss: SimulatedDcss, word: str
) -> None:
    for _ in range(2):
        dcss.traffic.add("h", "->", "stoh_abort_all hard")
    answer = session.get(f"{page.url}/lines/{word}", timeout=DEADLINE_S)
    assert answer.status_code == 404
    assert "line" in answer.json()["error"]


def test_the_wire_is_exported_as_the_tools_read_it(
    session: requests.Session, page: BeamlinePage, dcss: SimulatedDcss, tmp_path: Path
) -> None:
    texts = ["stoh_abort_all hard", "htos_hello you", "htos_note it is so"]
    for text, arrow in zip(texts, ("->", "<-", "<-"), strict=True):
        dcss.traffic.add("h", arrow, text)  # type: ignore[arg-type]
    dcss.traffic.add("h", "<-", "htos_note \ud83d\ude00")  # JSON has no such two characters
    file = tmp_path / "wire.jsonl"
    file.write_bytes(session.get(f"{page.url}/wire.jsonl", timeout=DEADLINE_S).content)
    rows = [json.loads(row) for row in file.read_text().splitlines()]
    assert [row["number"] for row in rows] == [1, 2, 3, 4]
    assert "damage" in rows[3]
    read = CliRunner().invoke(group, ["decode", str(file)])
    assert read.exit_code == 1, "a place is damaged"
    assert "surrogate pair" in read.output
    for text in texts:
        assert text.split()[0] in read.output


# -- the camera ------------------------------------------------------------------------------


def test_the_picture_comes_with_what_was_found_in_it(
    session: requests.Session, dcss: SimulatedDcss
) -> None:
    axis = SimulatedAxis()
    truth = axis.scene.truth(0.0)
    with BeamlinePage(dcss, axis) as page:
        answer = session.get(f"{page.url}/camera.jpg", timeout=DEADLINE_S)
        assert open_jpeg(answer.content).size == (axis.scene.width_px, axis.scene.height_px)
        facts = json.loads(answer.headers["Picture-Facts"])
        assert facts["angle_deg"] == 0
        boxes = {one["label"]: one["box"] for one in facts["found"]}
        assert truth.pin_px is not None
        pin_x = truth.pin_px[2] / axis.scene.width_px
        assert boxes["pin"][2] == pytest.approx(pin_x, abs=0.02)
        assert boxes["nylon"][0] > pin_x
        tips = {one["label"]: one["tip"] for one in facts["found"]}
        assert truth.tip_px is not None
        size_px = axis.scene.width_px, axis.scene.height_px
        tip = [part / side for part, side in zip(truth.tip_px, size_px, strict=True)]
        assert tips["nylon"] == pytest.approx(tip, abs=0.02)
        assert tips["pin"] is None
        same = session.get(
            f"{page.url}/camera.jpg",
            headers={"If-None-Match": answer.headers["ETag"]},
            timeout=DEADLINE_S,
        )
        assert (same.status_code, same.content) == (304, b"")
        axis.angle_deg = 90
        turned = session.get(f"{page.url}/camera.jpg", timeout=DEADLINE_S)
        assert turned.headers["ETag"] != answer.headers["ETag"]


def test_the_sample_turns_with_its_motor(
    session: requests.Session, dcss: SimulatedDcss, peer: DhsPeer
) -> None:
    axis = SimulatedAxis()
    with (
        BeamlinePage(dcss, axis, turns_with="m") as page,
        Events.of(page.url) as events,
    ):
        assert events.until(lambda heard: heard.hello).hello["has_camera"]
        peer.send(HtosMotorMoveCompleted(motor_name="m", position=30.0, status="normal"))
        deadline = time.monotonic() + DEADLINE_S
        while axis.angle_deg != 30.0:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        axis.angle_deg = 77.0  # somebody else turns it
        peer.send(HtosLog(log_level="note", log_sender="h", log_message="another look"))
        events.until(lambda heard: [said for said in heard.log if said["text"] == "another look"])
        assert axis.angle_deg == 77.0


@pytest.mark.parametrize("name", ["gonio_phi", "M", "s", ""])
def test_the_sample_turns_with_a_motor_of_the_database_only(dcss: SimulatedDcss, name: str) -> None:
    with pytest.raises(ConfigError, match=f"^turns_with: .* no motor '{name}'"):
        BeamlinePage(dcss, SimulatedAxis(), turns_with=name)


@pytest.mark.parametrize("form", ["{url}", "{url}/axis-cgi/jpg/image.cgi", "{url}/"])
def test_the_picture_of_a_camera_elsewhere(
    session: requests.Session, dcss: SimulatedDcss, form: str
) -> None:
    with SimulatedAxis() as axis:
        page = BeamlinePage(dcss, camera_url=form.format(url=axis.url))
        with page, Events.of(page.url) as events:
            assert events.until(lambda heard: heard.hello).hello["has_camera"]
            answer = session.get(f"{page.url}/camera.jpg", timeout=DEADLINE_S)
            assert answer.content == axis.scene.jpeg(0.0)
            facts = json.loads(answer.headers["Picture-Facts"])
            assert facts["angle_deg"] is None
            assert {one["label"] for one in facts["found"]} == {"pin", "nylon"}
            axis.stop()
            answer = session.get(f"{page.url}/camera.jpg", timeout=DEADLINE_S)
            while answer.status_code == 200:  # it is fresh for a moment
                answer = session.get(f"{page.url}/camera.jpg", timeout=DEADLINE_S)
            assert answer.status_code == 502
            assert "axis-cgi/jpg/image.cgi" in answer.json()["error"]
            axis.start()
        with page:  # a second time
            pass


@pytest.mark.parametrize("url", ["", "camera", "ftp://camera", "http://", "http://camera:x"])
def test_what_is_no_url_of_a_camera(dcss: SimulatedDcss, url: str) -> None:
    with pytest.raises(ConfigError, match="camera"):
        RemoteCamera(url)


def test_a_picture_that_cannot_be_read_is_said() -> None:
    with pytest.raises(DhsError, match="cannot be read"):
        looked_at(b"\xff\xd8 no picture \xff\xd9", "tag", None)


# -- GUI clients -----------------------------------------------------------------------------


def test_the_clients_of_the_gui_port_are_told(session: requests.Session) -> None:
    def clients(heard: Events) -> list[Any]:
        return list(heard.tables["facts"].get("guis", {"sessions": []})["sessions"])

    host = HardwareHost.of("h", motors=["m"])
    with (
        SimulatedDcss([host], gui_port=0) as dcss,
        BeamlinePage(dcss) as page,
        Events.of(page.url) as events,
    ):
        events.until(lambda heard: "guis" in heard.tables["facts"])
        assert events.tables["facts"]["guis"]["address"] == dcss.gui_address
        with DcssClient(dcss.gui_address, user="anna") as client:
            events.until(lambda heard: [one["user"] for one in clients(heard)] == ["anna"])
            assert not clients(events)[0]["is_master"]
            client.become_master()
            events.until(lambda heard: clients(heard)[0]["is_master"])
        events.until(lambda heard: not clients(heard))


def test_what_a_dhs_told_of_the_loop_is_passed_on(events: Events, peer: DhsPeer) -> None:
    words = "LOOP_INFO 3 normal 0.5 0.4 0.1 0.2 0.1 0.3 0.5 0.3 0.5 0.2 0 nylon 0.9"
    peer.send(
        HtosOperationUpdate(operation_name="op", operation_handle="1.1", operation_args=words)
    )
    told = events.until(lambda heard: "told" in heard.tables["facts"]).tables["facts"]["told"]
    assert (told["host"], told["words"]) == ("h", words.split())


# -- its life --------------------------------------------------------------------------------


def test_a_stop_ends_the_streams_and_a_new_start_tells_all_again(
    session: requests.Session, dcss: SimulatedDcss
) -> None:
    page = BeamlinePage(dcss)
    page.start()
    page.start()  # changes nothing
    with Events.of(page.url) as events:
        events.until(lambda heard: heard.last)
        began = time.monotonic()
        page.stop()
        assert time.monotonic() - began < AT_ONCE_S
        assert events.ends()
    page.start()
    with Events.of(page.url) as events:
        assert events.until(lambda heard: heard.last).last["is_all"]
    page.stop()
    page.stop()


def test_it_outlives_its_dcss(
    session: requests.Session, page: BeamlinePage, events: Events, dcss: SimulatedDcss
) -> None:
    dcss.stop()
    assert do(session, page, "move", name="m", destination=1).status_code == 409
    dcss.start()
    with DhsPeer.logged_in(dcss, "h"):
        events.until(lambda heard: heard.tables["hosts"].get("h", {}).get("is_online"))


def test_more_browsers_than_it_serves_are_told_so(
    session: requests.Session, dcss: SimulatedDcss, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "MAX_READERS", 1)
    with BeamlinePage(dcss) as page, Events.of(page.url) as events:
        events.until(lambda heard: heard.last)
        answer = session.get(f"{page.url}/events", timeout=DEADLINE_S)
        assert answer.status_code == 503
        assert "too many" in answer.json()["error"]


def test_many_messages_are_told_in_few_pieces(events: Events, dcss: SimulatedDcss) -> None:
    pieces = 0
    began = time.monotonic()

    def add() -> None:
        for _ in range(250):
            dcss.traffic.add("h", "<-", "htos_note x")

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    while len(events.wire) < 500:
        before = len(events.wire)
        events.until(lambda heard, before=before: len(heard.wire) > before)  # type: ignore[misc]
        pieces += 1
    for thread in threads:
        thread.join()
    assert pieces <= 2 + (time.monotonic() - began) / page_module.PERIOD_S
