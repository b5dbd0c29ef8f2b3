import pytest

from dcs_codec import (
    DHS_MESSAGES,
    HtosClientIsHardware,
    HtosClientTypeIsHardware,
    HtosNote,
    MalformedMessage,
    Message,
    Role,
    State,
    StocSendClientType,
    UnknownMessage,
    gui,
)
from dcs_codec.state import TRANSITIONS, Step, step_of

ALLOWED_TO_SAY = {
    State.CONNECTED: {Step.ASK},
    State.ASKED: {Step.ANSWER, Step.LOGIN},
    State.LOGGING_IN: {Step.TICKET, Step.ACCEPT, Step.REFUSE},
    State.ONLINE: {Step.MESSAGE, Step.ANSWER, Step.REFUSE},
    State.REFUSED: set(),
    State.CLOSED: set(),
    State.FAILED: set(),
}


def test_the_table_allows_the_handshake_and_then_messages() -> None:
    said = set(Step) - {Step.END, Step.FAULT}
    assert {state: {step for step in said if (state, step) in TRANSITIONS} for state in State} == (
        ALLOWED_TO_SAY
    )
    assert TRANSITIONS[State.CONNECTED, Step.ASK] is State.ASKED
    assert TRANSITIONS[State.ASKED, Step.ANSWER] is State.ONLINE
    assert TRANSITIONS[State.ASKED, Step.LOGIN] is State.LOGGING_IN
    assert TRANSITIONS[State.LOGGING_IN, Step.TICKET] is State.LOGGING_IN
    assert TRANSITIONS[State.LOGGING_IN, Step.ACCEPT] is State.ONLINE
    for state in (State.LOGGING_IN, State.ONLINE):
        assert TRANSITIONS[state, Step.REFUSE] is State.REFUSED
    assert TRANSITIONS[State.ONLINE, Step.MESSAGE] is State.ONLINE
    assert TRANSITIONS[State.ONLINE, Step.ANSWER] is State.ONLINE


@pytest.mark.parametrize("state", State)
def test_a_stream_may_end_or_break_in_any_state(state: State) -> None:
    assert TRANSITIONS[state, Step.FAULT] is State.FAILED
    ended = None if state is State.FAILED else State.CLOSED  # what failed is over already
    assert TRANSITIONS.get((state, Step.END)) is ended


def test_every_state_is_reached_from_the_first() -> None:
    reached = {State.CONNECTED}
    for _ in State:
        reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}
    assert reached == set(State)


def test_nothing_leads_out_of_failed() -> None:
    assert {after for (before, _), after in TRANSITIONS.items() if before is State.FAILED} == {
        State.FAILED
    }


@pytest.mark.parametrize(
    ("message", "step"),
    [
        (StocSendClientType(), Step.ASK),
        (HtosClientIsHardware(hardware_name="a"), Step.ANSWER),
        (HtosClientTypeIsHardware(hardware_name="a"), Step.ANSWER),
        (HtosNote(note_message="a"), Step.MESSAGE),
        (gui.StocSendClientType(client_id=3), Step.ASK),
        (gui.GtosClientIsGui(user="a", session="b", host="c", display="d"), Step.LOGIN),
        (gui.LoginTicket(base64="ab=="), Step.TICKET),
        (gui.StogLoginComplete(client_id=3), Step.ACCEPT),
        (gui.StogAuthenticationFailed(client_id=3), Step.REFUSE),
        (gui.GtosAbortAll(), Step.MESSAGE),
        (UnknownMessage(text="stoc_send_client_type"), Step.MESSAGE),
        (MalformedMessage(text="a", field="", reason=""), Step.MESSAGE),
    ],
)
def test_step_of(message: Message, step: Step) -> None:
    assert step_of(type(message)) is step


@pytest.mark.parametrize("label", [*State, *Step])
def test_states_and_steps_are_called_by_their_names(label: State | Step) -> None:
    assert label.value == label.name.lower()


def test_only_three_classes_shake_hands() -> None:
    handshake = {StocSendClientType, HtosClientIsHardware, HtosClientTypeIsHardware}
    assert handshake < set(DHS_MESSAGES)
    assert [role.value for role in Role] == ["DHS", "DCSS", "GUI", "GUI server"]
