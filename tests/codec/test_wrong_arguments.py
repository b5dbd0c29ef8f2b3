"""Arguments of a wrong type are refused where they are given, with what to do."""

from collections.abc import Callable
from typing import Any

import pytest

from dcs_codec import (
    DcsProtocol,
    FrameDecoder,
    Framing,
    Role,
    decode_text,
    default_codec,
    encode_text,
)

A_MESSAGE = r"got (str|NoneType) in place of a message; decode_text\(\) makes one of a text"
A_TEXT = "the text of a message is a str, got bytes; for bytes of a connection there are "


def online() -> DcsProtocol:
    protocol = DcsProtocol(Role.DCSS, Framing.V2)
    protocol.send(decode_text("stoc_send_client_type"))
    protocol.receive_data(b"htos_client_is_hardware aDHS".ljust(200, b"\0"))
    protocol.next_event()
    return protocol


CALLS: dict[str, tuple[Callable[[Any], object], Any, str]] = {
    "decode_text": (decode_text, b"stoh_abort_all soft", A_TEXT),
    "encode_text": (encode_text, "stoh_abort_all soft", A_MESSAGE),
    "encode": (default_codec().encode, None, A_MESSAGE),
    "encode_bytes": (lambda it: default_codec().encode_bytes(it, Framing.V2), "x", A_MESSAGE),
    "send before": (DcsProtocol(Role.DCSS, Framing.V2).send, "stoc_send_client_type", A_MESSAGE),
    "send online": (online().send, "stoh_abort_all soft", A_MESSAGE),
    "role": (DcsProtocol, "DHS", r"role is a Role, such as Role\.DHS; got 'DHS'"),
    "framing": (FrameDecoder, "v1", r"framing is a Framing, such as Framing\.V2; got 'v1'"),
}


@pytest.mark.parametrize("name", CALLS)
def test_it_says_what_was_wanted(name: str) -> None:
    call, argument, error = CALLS[name]
    with pytest.raises(TypeError, match=error):
        call(argument)


def test_the_framing_of_a_running_protocol_is_checked_too() -> None:
    protocol: Any = online()
    with pytest.raises(TypeError, match="framing is a Framing"):
        protocol.framing = "v1"


def test_a_fault_of_our_own_is_not_called_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TypeError("inside")

    codec = default_codec()
    monkeypatch.setattr(type(codec), "decode", broken)
    with pytest.raises(TypeError, match=r"^inside$"):
        codec.decode_text("stoh_abort_all soft")
