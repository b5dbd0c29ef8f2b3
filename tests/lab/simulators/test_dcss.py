"""The simulated DCSS with bare sockets: it follows the protocol."""

import threading
import time
from collections.abc import Iterable, Iterator

import pytest

from dcs_codec import (
    Framing,
    HtosOperationCompleted,
    HtosOperationUpdate,
    HtosSendConfiguration,
    HtosSetStringCompleted,
    Message,
    StohStartOperation,
    StohStopOperation,
    UnknownMessage,
    encode_text,
)
from dhs_lab.simulators.dcss import Completion, Entry, HardwareHost, SimulatedDcss
from dhs_lab.simulators.dcss.registration import registrations
from dhs_runtime import DhsError, NotConnectedError
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer
from tests.runtime.peers import AT_ONCE_S, eventually


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    hosts = [
        HardwareHost.of("two", operations=["op"], strings={"s": "old", "empty": ""}),
        HardwareHost.of("one", operations=["op1"], framing=Framing.V1),
    ]
    with SimulatedDcss(hosts, patience=0.01) as server:
        yield server


@pytest.fixture
def client(dcss: SimulatedDcss) -> Iterator[DhsPeer]:
    with DhsPeer.logged_in(dcss, "two") as client:
        yield client


def test_registers_in_database_order_with_dcss_s_line_ends(dcss: SimulatedDcss) -> None:
    v2 = (
        b"          31            0 stoh_register_operation op op\n\0"
        b"          39            0 stoh_register_string s standardString\n\0"
        b"          43            0 stoh_register_string empty standardString\n\0"
    )
    v1 = b"stoh_register_operation op1 op1\n".ljust(200, b"\0")
    for name, expected in (("two", v2), ("one", v1)):
        client = DhsPeer(dcss)
        client.log_in(name)
        while len(client.received) < 200 + len(expected):
            client.read()
        assert client.received[200:] == expected
        client.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"htos_client_is_hardware two".ljust(200, b"\0"),
        b"htos_client_is_hardware two".ljust(200),
        b"htos_client_type_is_hardware two dcsProtocol_2.0".ljust(200),
        b"anything two\0garbage".ljust(200, b"\xff"),
    ],
)
def test_only_the_second_word_of_the_answer_counts(dcss: SimulatedDcss, answer: bytes) -> None:
    client = DhsPeer(dcss)
    client.read()
    client.socket.sendall(answer)
    dcss.wait_online("two", DEADLINE_S)
    assert dcss.online() == ("two",)
    client.close()
    dcss.wait_offline("two", DEADLINE_S)


@pytest.mark.parametrize(
    "answer",
    [
        b"htos_client_is_hardware nosuchhost".ljust(200, b"\0"),
        b"htos_client_is_hardware".ljust(200, b"\0"),
        b"          30            0 htos_client_is_hardware two".ljust(200, b"\0"),
    ],
)
def test_a_wrong_answer_is_closed_at_once_without_a_word(
    dcss: SimulatedDcss, answer: bytes
) -> None:
    client = DhsPeer(dcss)
    client.read()
    client.socket.sendall(answer)
    assert client.read() is None
    client.close()


def test_no_whole_answer_within_a_second_is_closed(
    dcss: SimulatedDcss, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dhs_lab.simulators.dcss.session.HANDSHAKE_S", 1.0)
    began = time.monotonic()
    client = DhsPeer(dcss)
    client.read()
    client.socket.sendall(b"htos_client_is_hardware two".ljust(100, b"\0"))
    assert client.read() is None
    assert time.monotonic() - began > 0.99
    client.close()


def test_a_client_that_leaves_in_the_handshake_does_no_harm(dcss: SimulatedDcss) -> None:
    client = DhsPeer(dcss)
    client.read()
    client.close()
    again = DhsPeer(dcss)
    again.log_in("two")
    dcss.wait_online("two", DEADLINE_S)
    again.close()


def test_who_waits_for_a_dhs_waits_for_its_devices_too(
    dcss: SimulatedDcss, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a command might come before them."""
    may_register = threading.Event()

    def late(devices: Iterable[Entry]) -> Iterable[tuple[Message, bool]]:
        assert may_register.wait(DEADLINE_S)
        return registrations(devices)

    monkeypatch.setattr("dhs_lab.simulators.dcss.server.registrations", late)
    with DhsPeer(dcss) as client:
        client.log_in("two")
        eventually(lambda: dcss.online() == ("two",))
        with pytest.raises(TimeoutError, match="two did not get its devices"):
            dcss.wait_online("two", 0.01)
        may_register.set()
        dcss.wait_online("two", DEADLINE_S)
        assert len(dcss.traffic.texts("two", "->")) == 3


def test_a_duplicate_name_is_closed_and_the_first_stays(
    dcss: SimulatedDcss, client: DhsPeer
) -> None:
    second = DhsPeer(dcss)
    second.log_in("two")
    assert second.read() is None
    second.close()
    dcss.start_operation("op")
    assert isinstance(client.read(), StohStartOperation)


def test_arguments_may_be_numbers(dcss: SimulatedDcss, client: DhsPeer) -> None:
    run = dcss.start_operation("op", 2, 1e-7, "a b")
    assert client.read_text() == f"stoh_start_operation op {run.handle} 2 0.0000001 {{a b}}"
    dcss.stop_operation("op", 3.5)
    assert client.read_text() == "stoh_stop_operation op 3.5"
    with pytest.raises(TypeError, match="not both"):
        dcss.start_operation("op", "a", text="b")


def test_an_operation_may_have_the_handle_of_another_client(
    dcss: SimulatedDcss, client: DhsPeer
) -> None:
    run = dcss.start_operation("op", "a", handle="7.42")
    assert client.read_text() == "stoh_start_operation op 7.42 a"
    client.send(
        HtosOperationCompleted(
            operation_name="op", operation_handle="7.42", operation_status="normal"
        )
    )
    assert run.wait(DEADLINE_S) == Completion("normal", "")


def test_operations_have_handles_of_their_own_and_collect_answers(
    dcss: SimulatedDcss, client: DhsPeer
) -> None:
    runs = [dcss.start_operation("op", "a", "b c"), dcss.start_operation("op", text="{x")]
    for run, args in zip(runs, ("a {b c}", "{x"), strict=True):
        assert client.read() == StohStartOperation(
            operation_name="op", operation_handle=run.handle, operation_args=args
        )
        for text in ("one 1", "two 2"):
            client.send(
                HtosOperationUpdate(
                    operation_name="op", operation_handle=run.handle, operation_args=text
                )
            )
        client.send(
            HtosOperationCompleted(
                operation_name="op",
                operation_handle=run.handle,
                operation_status="normal",
                operation_args="done",
            )
        )
        assert run.wait_update("two", DEADLINE_S) == "two 2"
        assert list(run.follow()) == ["one 1", "two 2"]
        assert run.wait(DEADLINE_S) == Completion("normal", "done")
    assert runs[0].handle != runs[1].handle


def test_what_does_not_come_is_a_timeout_that_tells(dcss: SimulatedDcss, client: DhsPeer) -> None:
    run = dcss.start_operation("op")
    with pytest.raises(TimeoutError, match=r"op 1\.1: no completion within 0\.01 s"):
        run.wait(0.01)
    with pytest.raises(TimeoutError, match="no update 'x'"):
        run.wait_update("x", 0.01)
    with pytest.raises(TimeoutError, match="no such message"):
        dcss.traffic.wait_for(lambda line: False, 0.01)
    with pytest.raises(TimeoutError, match="one did not connect"):
        dcss.wait_online("one", 0.01)
    with pytest.raises(TimeoutError, match="two is still connected"):
        dcss.wait_offline("two", 0.01)


def test_a_lost_dhs_fails_its_operations(dcss: SimulatedDcss, client: DhsPeer) -> None:
    run = dcss.start_operation("op")
    client.close()
    assert run.wait(DEADLINE_S) == Completion("no_hw_host_two", "")
    with pytest.raises(NotConnectedError, match="two is not connected"):
        dcss.start_operation("op")


def test_what_the_database_does_not_have(dcss: SimulatedDcss) -> None:
    with pytest.raises(DhsError, match=r"the database has no operation 'nosuch'$"):
        dcss.start_operation("nosuch")
    with pytest.raises(DhsError, match="no string 'op'; op is of kind operation"):
        dcss.set_string("op", "x")
    with pytest.raises(DhsError, match="no operation 'OP'; did you mean op"):
        dcss.start_operation("OP")
    with pytest.raises(DhsError, match="no string 'op'; op is of kind operation"):
        dcss.string("op")


def test_configuration_goes_to_the_owner_whoever_asks(dcss: SimulatedDcss, client: DhsPeer) -> None:
    other = DhsPeer(dcss)
    other.log_in("one")
    other.read()
    for device, text in (
        ("s", "stoh_configure_string s two old"),
        ("empty", "stoh_configure_string empty two "),
        ("op", "stoh_configure_operation op two"),
    ):
        other.send(HtosSendConfiguration(device_name=device))
        message = client.read()
        assert message is not None
        assert encode_text(message) == text
    other.send(HtosSendConfiguration(device_name="nosuch"))
    other.close()
    dcss.wait_offline("one", DEADLINE_S)
    client.send(HtosSendConfiguration(device_name="op1"))  # its owner is offline: nothing
    dcss.set_string("s", "in step")
    assert client.read() is not None


def test_only_a_normal_status_changes_a_string(dcss: SimulatedDcss, client: DhsPeer) -> None:
    for status, contents in (("normal", "new  text "), ("disconnected", "lost")):
        client.send(
            HtosSetStringCompleted(string_name="s", string_status=status, string_contents=contents)
        )
    dcss.traffic.wait_for(lambda line: "disconnected" in line.text, DEADLINE_S)
    assert dcss.string("s") == "new  text "


def test_what_dcss_would_ignore_is_recorded_and_ignored(
    dcss: SimulatedDcss, client: DhsPeer
) -> None:
    for text in ("htos_unheard_of x", "HTOS_NOTE x"):
        client.send(UnknownMessage(text=text))
    client.send(
        HtosOperationCompleted(
            operation_name="op", operation_handle="1.99", operation_status="normal"
        )
    )
    dcss.traffic.wait_for(lambda line: "1.99" in line.text, DEADLINE_S)
    assert dcss.traffic.texts("two", "<-")[1:] == [
        "htos_unheard_of x",
        "HTOS_NOTE x",
        "htos_operation_completed op 1.99 normal",
    ]
    assert dcss.online() == ("two",)


def test_stop_operation_and_abort_reach_the_dhs(dcss: SimulatedDcss, client: DhsPeer) -> None:
    dcss.stop_operation("op", "early")
    assert client.read() == StohStopOperation(operation_name="op", operation_args="early")
    dcss.abort_all("hard")
    message = client.read()
    assert message is not None
    assert encode_text(message) == "stoh_abort_all hard"


@pytest.mark.parametrize("by_reset", [False, True])
def test_a_connection_can_be_closed_and_reset(
    dcss: SimulatedDcss, client: DhsPeer, by_reset: bool
) -> None:
    dcss.disconnect("two", by_reset=by_reset)
    if by_reset:
        with pytest.raises(ConnectionResetError):
            client.read()
    else:
        assert client.read() is None
    dcss.wait_offline("two", DEADLINE_S)


def test_bytes_go_out_as_they_are(dcss: SimulatedDcss, client: DhsPeer) -> None:
    dcss.session("two").send_bytes(b"          15            0 stoh_abort_all\0")
    message = client.read()
    assert message is not None
    assert message.keyword == "stoh_abort_all"


def test_traffic_reads_as_a_log(dcss: SimulatedDcss, client: DhsPeer) -> None:
    first, *_ = dcss.traffic.lines("two")
    assert str(first).endswith("two -> stoh_register_operation op op")


def test_stops_while_a_dhs_is_in_the_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dhs_lab.simulators.dcss.session.HANDSHAKE_S", 60.0)
    server = SimulatedDcss([HardwareHost("x")])
    server.start()
    client = DhsPeer(server)
    client.read()
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < AT_ONCE_S
    client.close()
    eventually(lambda: not [t for t in threading.enumerate() if "simulated-dcss" in t.name])
