"""The link to the GUI port: login, loss and return."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from dcs_codec import EncodeError, Frame, Message, StateError, gui, gui_codec
from dhs_runtime import ConfigError, DhsError, NotConnectedError
from dhs_runtime.client import (
    ClientState,
    DcssClient,
    LinkLostError,
    LoginError,
)
from dhs_runtime.client.connecting import GuiConnection
from tests.client.asking import QUICK, S, ask
from tests.client.gui_server import PUSH, GuiServer, GuiSession, gui_server
from tests.runtime.peers import eventually


def test_a_refused_login_is_told_and_not_tried_again() -> None:
    with gui_server(accept=False) as server:
        client = DcssClient(server.address, user="anna", session="bad", retry=QUICK)
        with pytest.raises(LoginError, match="refused the login of anna"), client:
            pass
        refused = DcssClient(server.address, user="anna", retry=QUICK)
        refused.start()
        with pytest.raises(LoginError):
            refused.wait_ready(S)
        states = [refused.state]
        refused.stop()
        assert [*states, refused.state] == [ClientState.REFUSED, ClientState.STOPPED]


def test_nobody_there() -> None:
    client = DcssClient("127.0.0.1:9", user="anna", retry=QUICK)
    with pytest.raises(NotConnectedError, match="not sent, the client is offline"):
        client.abort()
    client.start()

    def why_not() -> str:
        with pytest.raises(NotConnectedError) as error:
            client.wait_ready(0.01)
        return str(error.value)

    eventually(lambda: "cannot connect" in why_not())
    with pytest.raises(DhsError, match="started before"):
        client.start()
    client.stop()
    with pytest.raises(NotConnectedError, match="stopped"):
        client.wait_ready(S)


@pytest.mark.parametrize("session", [gui.CYPHER, gui.DCS_CYPHER])
def test_tickets_are_refused_at_once(session: str) -> None:
    with pytest.raises(ConfigError, match="not supported yet"):
        DcssClient(user="anna", session=session)


def test_the_link_is_lost_and_comes_back(
    server: GuiServer, dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    run = dcss.start_operation("collect")
    waited = ask(pool, run.wait, S)
    eventually(lambda: run._waits == 1)
    server.push = tuple(text.replace("hw_z 1.5", "hw_z 9.5") for text in PUSH)
    session.close()
    with pytest.raises(LinkLostError, match="operation of collect: the link to DCSS is lost"):
        waited.result(S)
    again = server.session()
    dcss.wait_ready(S)
    assert dcss.client_id == 3
    assert dcss.motors["z"].position == 9.5
    again.say(f"stog_operation_completed collect {run.handle} normal late")
    assert run.wait(S).text == "late"


def test_it_comes_back_many_times(server: GuiServer, dcss: DcssClient) -> None:
    for number in range(30):
        session = server.session()
        dcss.wait(lambda number=number: dcss.client_id == number + 2, S)  # type: ignore[misc]
        dcss.wait_ready(S)
        session.close()
    assert threading.active_count() < 60


def test_nothing_is_sent_without_a_link(server: GuiServer, dcss: DcssClient) -> None:
    session = server.session()
    server.close()
    session.close()
    dcss.wait(lambda: dcss.state is not ClientState.READY, S)
    with pytest.raises(NotConnectedError, match="not sent, the client is"):
        dcss.start_move("z", 2)
    assert dcss.motors["z"].position == 1.5  # the last that was told


def test_garbage_ends_the_link_and_nothing_else(server: GuiServer, dcss: DcssClient) -> None:
    session = server.session()
    session.say("stog_motor_move_completed z", "stog_who_knows x")
    session.say_raw(b"no header at all, and some more")
    server.session()
    dcss.wait_ready(S)
    assert dcss.motors["z"].position == 1.5


def test_what_is_not_for_a_client_is_not_sent(dcss: DcssClient) -> None:
    with pytest.raises(StateError, match="stog_quit is not for a GUI to send"):
        dcss.send(gui.StogQuit())


def test_a_stop_from_a_callback(server: GuiServer) -> None:
    client = DcssClient(server.address, user="anna", retry=QUICK)
    stopped = threading.Event()

    def stop(_: gui.StogQuit) -> None:
        client.stop()
        stopped.set()

    client.subscribe(stop, gui.StogQuit)
    client.start()
    client.wait_ready(S)
    server.session().say("stog_quit")
    assert stopped.wait(S)
    assert client.state is ClientState.STOPPED


@pytest.mark.parametrize(
    "words",
    [
        {"user": "two words"},
        {"user": ""},
        {"user": "u" * 100},
        {"user": "u" * 99, "host": "h" * 99},
        {"user": "anna", "display": ""},
        {"user": "anna", "session": "a\0b"},
    ],
    ids=str,
)
def test_a_login_that_does_not_fit_the_wire_is_refused_at_once(words: dict[str, str]) -> None:
    with pytest.raises(EncodeError):
        DcssClient(**words)  # type: ignore[arg-type]


def test_a_link_that_breaks_by_a_mistake_of_ours_is_told(
    server: GuiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than to wait for it for ever."""
    monkeypatch.setattr(GuiConnection, "run", lambda *_: 1 // 0)
    client = DcssClient(server.address, user="anna")
    client.start()
    with pytest.raises(LoginError, match="the link to DCSS ended with ZeroDivisionError"):
        client.wait_ready(S)
    client.stop()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("stog_authentication_failed 2", "refused the login of anna"),
        ("stog_authentication_failed", "refused the login of anna"),
        ("stog_authentication_failed you are unknown", "refused the login of anna"),
        ("stog_respond_to_challenge", "the old login with a challenge"),
        ("stog_login_complete", "sent no client number: 'stog_login_complete'"),
        ("stog_login_complete two", "sent no client number"),
    ],
)
def test_every_form_of_a_refusal_ends_the_tries(answer: str, error: str) -> None:
    with gui_server(push=["stog_log note server hello"]) as server:
        server.decision = answer
        client = DcssClient(server.address, user="anna", retry=QUICK)
        with pytest.raises(LoginError, match=error), client:
            pass


def test_a_dcss_that_says_something_else_while_it_starts_is_called_again(
    server: GuiServer, dcss: DcssClient
) -> None:
    """At the first try this would be another program; here it was DCSS before."""
    session = server.session()
    server.greeting = b"starting".ljust(200, b"\0")
    session.close()
    dcss.wait(lambda: "not a GUI port" in dcss._reason, S)
    server.greeting = None
    server.session()
    dcss.wait_ready(S)


def test_a_second_login_on_one_connection(dcss: DcssClient, session: GuiSession) -> None:
    """Nothing is sent under a number that is perhaps not ours any more."""
    session.say("stog_login_complete 9")
    dcss.wait(lambda: dcss.state is ClientState.PUSH, S)
    with pytest.raises(NotConnectedError, match="not sent, the client is push"):
        dcss.start_operation("collect")
    session.say(*PUSH)
    dcss.wait_ready(S)
    assert dcss.start_operation("collect").handle.startswith("9.")


def test_what_comes_after_the_stop_changes_nothing(server: GuiServer) -> None:
    """The reading thread may be at a message when another thread stops the client."""
    client = DcssClient(server.address, user="anna", retry=QUICK)
    reading, stopped = threading.Event(), threading.Event()

    def read(run: object, on_message: Callable[[Message], None], _: float) -> str:
        reading.set()
        assert stopped.wait(S)
        for text in ("stog_login_complete 5", *PUSH):
            on_message(gui_codec().decode(Frame(text.encode())))
        return "over"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GuiConnection, "run", read)
        client.start()
        assert reading.wait(S)
        stopper = threading.Thread(target=client.stop, name="stopper")
        stopper.start()
        eventually(lambda: client.state is ClientState.STOPPED)
        stopped.set()
        stopper.join(S)
    assert (client.state, client.epoch, len(client.motors)) == (ClientState.STOPPED, 0, 0)
