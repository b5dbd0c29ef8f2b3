"""Refusals of the page, with their reasons."""

import json
import socket
from typing import Any

import pytest
import requests

from dhs_lab.simulators.dcss import (
    SimulatedDcss,
)
from dhs_lab.simulators.web import BeamlinePage
from dhs_lab.simulators.web.handler import MAX_BODY
from tests.lab.simulators.closed_host import closed_host
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer
from tests.lab.simulators.web.events import Events


def refused(answer: requests.Response, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    for word in words:
        assert word in answer.json()["error"]


# -- commands that cannot be --------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "wish", "status", "words"),
    [
        ("move", {"name": "nobody", "destination": 1}, 409, ["no device 'nobody'"]),
        ("move", {"name": "s", "destination": 1}, 409, ["type_not_motor", "s type is not motor"]),
        ("move", {"name": "m 5", "destination": 1}, 409, ["would end the word"]),
        ("objection", {"name": "nobody", "destination": 1}, 409, ["no motor 'nobody'"]),
        ("move", {"name": "m", "destination": 1e11}, 409, ["1e+10 is the most"]),
        ("set_shutter", {"name": "s", "state": "half open"}, 409, ["would end the word"]),
        ("disconnect", {"name": "gone"}, 409, ["gone is not connected"]),
        ("move", {"destination": 1}, 400, ["name: a text"]),
        ("move", {"name": "m"}, 400, ["destination: a number"]),
        ("move", {"name": "m", "destination": True}, 400, ["destination: a number"]),
        ("move", {"name": "m", "destination": "two words"}, 400, ["one word"]),
        ("move", {"name": "m", "destination": ""}, 400, ["one word"]),
        ("move", {"name": 5, "destination": 1}, 400, ["name: a text"]),
        ("abort_all", {"how": "rudely"}, 400, ["soft, hard"]),
        ("disconnect", {"name": "h", "by_reset": 1}, 400, ["true or false"]),
        ("configure", {"name": "m", "speed": 1.5}, 400, ["speed: a whole number"]),
        ("configure", {"name": "m", "motor_lock_on": 1}, 400, ["motor_lock_on: true or false"]),
        ("configure", {"name": "far", "upper_limit": 1}, 409, ["no_hardware_host far"]),
        ("oscillate", {"name": "m", "degrees": 1}, 400, ["time_s: a number"]),
        ("vector_move", {"name": "m", "destination": 1, "second": 5}, 400, ["second: a text"]),
        ("add_fault", {"fault": "earthquake"}, 409, ["no fault 'earthquake'"]),
        ("add_fault", {"fault": "split 0"}, 409, ["at least 1 byte"]),
        ("clear_faults", {"number": "all"}, 400, ["number: a number"]),
        ("send", {"name": "gone", "text": "stoh_x"}, 409, ["gone is not connected"]),
        ("send", {"name": "gone", "text": "htos_x", "way": "to DCSS"}, 409, ["not connected"]),
        ("send", {"name": "h", "text": "a\0b"}, 409, ["NUL"]),
        ("send", {"name": "h", "text": "x", "way": "up"}, 400, ["to DHS, to DCSS"]),
        ("dance", {}, 404, ["dance"]),
    ],
)
def test_a_command_is_refused_with_the_reason(
    *,
    session: requests.Session,
    page: BeamlinePage,
    peer: DhsPeer,
    verb: str,
    wish: dict[str, Any],
    status: int,
    words: list[str],
) -> None:
    answer = session.post(f"{page.url}/commands/{verb}", json=wish, timeout=DEADLINE_S)
    refused(answer, status, *words)
    assert peer.read_until_now() == [], "nothing was sent"


def test_a_move_beyond_a_limit_aborts_everything(
    session: requests.Session, page: BeamlinePage, peer: DhsPeer
) -> None:
    told = "m_sw_limit; m would exceed upper limit of 1000.000000 if moved to 5000.000000."
    wish = {"name": "m", "destination": 5000}
    answer = session.post(f"{page.url}/commands/objection", json=wish, timeout=DEADLINE_S)
    assert (answer.json(), peer.read_until_now()) == ({"reason": told}, [])
    answer = session.post(f"{page.url}/commands/move", json=wish, timeout=DEADLINE_S)
    refused(answer, 409, told)
    assert peer.read_until_now() == ["stoh_abort_all soft"] * 2
    with Events.of(page.url) as events:
        (run,) = events.until(lambda _: events.runs).runs.values()
    assert (run["name"], run["args"], run["status"]) == ("m", "5000.0", "m_sw_limit")


def test_a_move_that_is_refused_leaves_the_one_in_progress(
    session: requests.Session, page: BeamlinePage, peer: DhsPeer, events: Events
) -> None:
    for destination in (5, 6):
        wish = {"name": "m", "destination": destination}
        session.post(f"{page.url}/commands/move", json=wish, timeout=DEADLINE_S)
        peer.send_text("htos_motor_move_started m 5")
        peer.settle()
    events.until(lambda _: len(events.runs) == 2 and "m" in events.devices)
    first, second = events.runs.values()
    assert (first["args"], first["ended_s"]) == ("5.0", None)
    assert (second["args"], second["status"]) == ("6.0", "moving")
    events.until(lambda _: events.devices["m"]["target"] == 5)
    peer.send_text("htos_motor_move_completed m 4 aborted")
    events.until(lambda _: events.runs[f"m {first['handle']}"]["status"] == "aborted")
    assert [run["completions"] for run in events.runs.values()] == [1, 1]


def test_a_command_to_a_dhs_that_is_not_there(
    session: requests.Session, page: BeamlinePage
) -> None:
    wish = {"name": "m", "destination": 1}
    answer = session.post(f"{page.url}/commands/move", json=wish, timeout=DEADLINE_S)
    refused(answer, 409, "m no_hw_host h")


def test_each_command_needs_the_permit_of_its_device(session: requests.Session) -> None:
    wishes: dict[str, dict[str, object]] = {
        "move": {"name": "m", "destination": 1},
        "abort_move": {"name": "m"},
        "oscillate": {"name": "m", "degrees": 1, "time_s": 1},
        "vector_move": {"name": "m", "destination": 1, "speed": 1},
        "stop_vector_move": {"name": "m"},
        "set_shutter": {"name": "s", "state": "open"},
        "set_string": {"name": "t", "contents": "x"},
        "get_encoder": {"name": "e"},
        "set_encoder": {"name": "e", "position": 1},
        "start_operation": {"name": "o"},
        "stop_operation": {"name": "o"},
    }
    with (
        SimulatedDcss([closed_host()]) as server,
        BeamlinePage(server) as page,
        DhsPeer.logged_in(server, "closed") as peer,
    ):
        for verb, wish in wishes.items():
            url = f"{page.url}/commands/{verb}"
            refused(session.post(url, json=wish, timeout=DEADLINE_S), 409, "no_permission")
        assert peer.read_until_now() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'"move"',
        b"[" * 60_000,
        b'{"name": "m", "destination": 1e999}',
        b'{"name": "m", "destination": NaN}',
        b'{"name": "m", "destination": %s}' % (b"9" * 400),
        b'{"name": "m", "destination": %s}' % (b"9" * 9000),
    ],
    ids=lambda body: repr(body[:40]),
)
def test_what_is_no_command_is_refused(
    session: requests.Session, page: BeamlinePage, peer: DhsPeer, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = session.post(
        f"{page.url}/commands/move", data=body, headers=headers, timeout=DEADLINE_S
    )
    refused(answer, 400)
    assert peer.read_until_now() == []


@pytest.mark.parametrize("length", [MAX_BODY + 1, 2_000_000])
def test_a_body_that_is_too_large_is_refused(
    session: requests.Session, page: BeamlinePage, length: int
) -> None:
    headers = f"Content-Type: application/json\r\nContent-Length: {length}"
    status, error = raw(page, f"POST /commands/move HTTP/1.1\r\n{headers}", length)
    assert status == 413
    assert f"larger than {MAX_BODY} bytes" in error


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("X-Any: 1", 411),
        ("Transfer-Encoding: chunked", 411),
        ("Content-Length: -1", 400),
        ("Content-Length: x", 400),
    ],
)
def test_a_body_without_a_length_is_refused(page: BeamlinePage, header: str, wanted: int) -> None:
    status, error = raw(page, f"POST /commands/move HTTP/1.1\r\n{header}", 0)
    assert (status, "Content-Length" in error) == (wanted, True)


def test_a_browser_that_breaks_off_a_command_does_no_harm(
    session: requests.Session, page: BeamlinePage
) -> None:
    with socket.create_connection((page.host, page.port), timeout=DEADLINE_S) as client:
        client.sendall(b"POST /commands/move HTTP/1.1\r\nContent-Length: 50\r\n\r\n{")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1000) == b""
    assert session.get(page.url, timeout=DEADLINE_S).status_code == 200


def raw(page: BeamlinePage, head: str, body_length: int) -> tuple[int, str]:
    """Status and error of a request that no client library sends."""
    with socket.create_connection((page.host, page.port), timeout=DEADLINE_S) as client:
        client.sendall(f"{head}\r\nHost: localhost\r\n\r\n".encode() + b" " * body_length)
        data = b""
        while piece := client.recv(65536):
            data += piece
    header, _, text = data.partition(b"\r\n\r\n")
    return int(header.split()[1]), str(json.loads(text)["error"])


# -- who may ----------------------------------------------------------------------------------

JSON = {"Content-Type": "application/json"}
OPEN = b'{"name": "s", "state": "open"}'


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Host": "evil.example"}, "not with another name"),
        ({"Host": "evil.example:80"}, "not with another name"),
        ({"Host": "localhost.evil.example"}, "not with another name"),
        ({"Host": "[::1"}, "not with another name"),
        ({"Host": ""}, "not with another name"),
        ({"Origin": "http://evil.example"}, "another web page"),
        ({"Origin": "null"}, "another web page"),
        ({"Origin": "http://localhost:1"}, "another web page"),
        ({"Content-Type": "text/plain"}, "application/json"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "application/json"),
    ],
    ids=str,
)
def test_a_page_from_elsewhere_can_do_nothing(
    session: requests.Session,
    page: BeamlinePage,
    peer: DhsPeer,
    headers: dict[str, str],
    reason: str,
) -> None:
    answer = session.post(
        f"{page.url}/commands/set_shutter", OPEN, headers=JSON | headers, timeout=DEADLINE_S
    )
    refused(answer, 403, reason)
    assert peer.read_until_now() == []
    if "Content-Type" not in headers:
        for path in ("/", "/events", "/camera.jpg"):
            seen = session.get(page.url + path, headers=headers, timeout=DEADLINE_S)
            refused(seen, 403, reason)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:{port}", "127.0.0.1:9", "[::1]:{port}"])
def test_this_computer_may_be_called_so_also_through_a_tunnel(
    session: requests.Session, page: BeamlinePage, peer: DhsPeer, host: str
) -> None:
    named = host.format(port=page.port)
    headers = JSON | {"Host": named, "Origin": f"http://{named}"}
    answer = session.post(
        f"{page.url}/commands/set_shutter", OPEN, headers=headers, timeout=DEADLINE_S
    )
    assert answer.status_code == 200
    assert peer.read_text() == "stoh_set_shutter_state s open"


def test_two_names_at_once_are_refused(page: BeamlinePage) -> None:
    status, error = raw(page, "GET / HTTP/1.1\r\nConnection: close\r\nHost: localhost", 0)
    assert (status, "another name" in error) == (403, True)


def test_its_own_name_counts_only_where_others_can_reach_it(
    session: requests.Session, dcss: SimulatedDcss, page: BeamlinePage
) -> None:
    headers = {"Host": f"{socket.gethostname()}:80"}
    refused(session.get(page.url, headers=headers, timeout=DEADLINE_S), 403)
    with BeamlinePage(dcss, host="0.0.0.0") as everywhere:
        url = f"http://127.0.0.1:{everywhere.port}"
        assert session.get(url, headers=headers, timeout=DEADLINE_S).status_code == 200
        refused(session.get(url, headers={"Host": "evil.example"}, timeout=DEADLINE_S), 403)


@pytest.mark.parametrize("path", ["/nothing", "/commands/move", "/camera.jpg", "/../page.py"])
def test_what_is_not_there_is_not_found(
    session: requests.Session, page: BeamlinePage, path: str
) -> None:
    refused(session.get(page.url + path, timeout=DEADLINE_S), 404)
