"""The page over real HTTP: what it serves, what it tells, what it does, and how it ends."""

import json
import threading
import time
from typing import Any

import pytest
import requests

from dcs_codec import (
    HtosLog,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosOperationCompleted,
    HtosOperationUpdate,
)
from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.dcss import SimulatedDcss
from dhs_lab.simulators.web import BeamlinePage
from dhs_lab.simulators.web import page as page_module
from dhs_lab.simulators.web.board import KEPT_LINES, Board
from tests.lab.simulators.boxes import open_jpeg
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer
from tests.lab.simulators.web.events import Events


def do(session: requests.Session, page: BeamlinePage, verb: str, **wish: Any) -> requests.Response:
    return session.post(f"{page.url}/commands/{verb}", json=wish, timeout=DEADLINE_S)


# -- what it serves --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/", "text/html", "<title>Simulated beamline"),
        ("/style.css", "text/css", "prefers-color-scheme: dark"),
        ("/beamline.js", "text/javascript", "EventSource"),
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


def test_the_files_ask_nothing_of_other_servers(page: BeamlinePage) -> None:
    for contents, _ in page._site.files.values():
        text = contents.decode().replace("http://www.w3.org/2000/svg", "")
        assert "//" not in text.replace("// ", ""), "an address"


def test_a_browser_that_comes_finds_all_there_is(events: Events, dcss: SimulatedDcss) -> None:
    events.until(lambda heard: heard.last)
    assert events.hello == {"dcss": dcss.address, "has_camera": False}
    assert events.last["is_all"]
    assert {name: one["kind"] for name, one in events.devices.items()} == {
        "m": "motor",
        "s": "shutter",
        "t": "string",
        "i": "ion_chamber",
        "e": "encoder",
        "op": "operation",
        "far": "motor",
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
    registered = [line for line in events.wire if line["keyword"] == "stoh_register_real_motor"]
    assert registered[0]["fields"] == {"motor_name": "m", "hardware_name": "m"}
    numbers = [line["number"] for line in events.wire]
    assert numbers == list(range(1, len(numbers) + 1)), "every line, once, in order"


def test_a_move_is_seen_on_its_way(
    session: requests.Session, page: BeamlinePage, events: Events, peer: DhsPeer
) -> None:
    assert do(session, page, "move", name="m", destination=5).status_code == 200
    assert peer.read_text() == "stoh_start_motor_move m 5.0"
    peer.send(HtosMotorMoveStarted(motor_name="m", destination=5.0))
    motor = events.until(lambda heard: heard.devices.get("m", {}).get("is_moving")).devices["m"]
    assert (motor["position"], motor["target"], motor["outcome"]) == (0, 5.0, "")
    peer.send(HtosMotorMoveCompleted(motor_name="m", position=4.0, status="aborted"))
    motor = events.until(lambda heard: not heard.devices["m"]["is_moving"]).devices["m"]
    assert (motor["position"], motor["target"], motor["outcome"]) == (4.0, None, "aborted")


def test_an_operation_is_seen_with_its_updates(
    session: requests.Session, page: BeamlinePage, events: Events, peer: DhsPeer
) -> None:
    handle = do(session, page, "start_operation", name="op", args="a {b c}").json()["handle"]
    assert peer.read_text() == f"stoh_start_operation op {handle} a {{b c}}"
    peer.send(
        HtosOperationUpdate(operation_name="op", operation_handle=handle, operation_args="step 1")
    )
    key = f"op {handle}"
    events.until(lambda heard: heard.operations.get(key, {}).get("count") == 1)
    assert events.operations[key]["ended_s"] is None
    peer.send(
        HtosOperationCompleted(
            operation_name="op",
            operation_handle=handle,
            operation_status="normal",
            operation_args="done",
        )
    )
    run = events.until(lambda heard: heard.operations[key]["completions"]).operations[key]
    assert (run["status"], run["result"], run["args"]) == ("normal", "done", "a {b c}")
    assert run["ended_s"] >= run["updates"][0]["at_s"] >= run["began_s"]


def test_what_a_lost_dhs_was_to_do_is_seen_to_fail(
    session: requests.Session, page: BeamlinePage, events: Events, peer: DhsPeer
) -> None:
    handle = do(session, page, "start_operation", name="op").json()["handle"]
    assert do(session, page, "disconnect", name="h").status_code == 200
    key = f"op {handle}"
    events.until(lambda heard: heard.operations.get(key, {}).get("ended_s") is not None)
    assert events.operations[key]["status"] == "no_hw_host_h"


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


def test_a_browser_that_comes_late_gets_the_last_lines_only(dcss: SimulatedDcss) -> None:
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
    assert not any(again[name] for name in ("hosts", "devices", "operations", "wire", "log"))


# -- what it does ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "wish", "sent"),
    [
        ("move", {"name": "m", "destination": "home"}, "stoh_start_motor_move m home"),
        ("abort_move", {"name": "m"}, "stoh_abort_motor_move m soft"),
        ("abort_move", {"name": "m", "how": "hard"}, "stoh_abort_motor_move m hard"),
        ("set_position", {"name": "m", "position": 2}, "stoh_set_motor_position m 2.0"),
        ("set_shutter", {"name": "s", "state": "open"}, "stoh_set_shutter_state s open"),
        ("set_string", {"name": "t", "contents": "a  b"}, "stoh_set_string t a  b"),
        ("read_ion_chamber", {"name": "i", "time_s": 0.5}, "stoh_read_ion_chambers 0.5 0 i"),
        ("get_encoder", {"name": "e"}, "stoh_get_encoder e"),
        ("set_encoder", {"name": "e", "position": -1.5}, "stoh_set_encoder e -1.5"),
        ("stop_operation", {"name": "op"}, "stoh_stop_operation op"),
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


def test_what_a_dhs_told_of_the_loop_is_passed_on(events: Events, peer: DhsPeer) -> None:
    words = "LOOP_INFO 3 normal 0.5 0.4 0.1 0.2 0.1 0.3 0.5 0.3 0.5 0.2 0 nylon 0.9"
    peer.send(
        HtosOperationUpdate(operation_name="op", operation_handle="1.1", operation_args=words)
    )
    told = events.until(lambda heard: heard.tables["camera"]).tables["camera"]["told"]
    assert told["words"] == words.split()


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
        assert time.monotonic() - began < 1
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
    assert pieces < 50
