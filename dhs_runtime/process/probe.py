"""Checks whether the hosts of a configuration can be reached; changes nothing there."""

import time
from collections.abc import Callable
from typing import Final

import attrs

from dcs_codec import NEED_DATA, DcsProtocol, RemoteProtocolError, Role, StocSendClientType
from dhs_runtime.addresses import HostPort
from dhs_runtime.clock import Deadline
from dhs_runtime.config import DcssConfig
from dhs_runtime.errors import ServiceError, TransportError
from dhs_runtime.greeting import stranger
from dhs_runtime.transport import TcpTransport

GREETING_S: Final = 2.0
"""Longest wait for the first message; dcss sends it as soon as the connection is there."""


@attrs.frozen(kw_only=True)
class Peer:
    """The result of trying to reach a peer.

    Attributes:
        name: The peer: `DCSS`, `camera`, ...
        address: Its address.
        trouble: Why it cannot be used, in one line; "" if it was reached.
        detail: Its answer, in a few words.
        seconds: How long it took.
    """

    name: str
    address: str
    trouble: str
    detail: str
    seconds: float


def probe(name: str, address: str, ask: Callable[[], str]) -> Peer:
    """The result of `ask`, which returns a few words, or raises ServiceError or TransportError."""
    began = time.monotonic()
    trouble, detail = "", ""
    try:
        detail = ask()
    except (ServiceError, TransportError) as error:
        trouble = str(error)
    return Peer(
        name=name,
        address=address,
        trouble=trouble,
        detail=detail,
        seconds=round(time.monotonic() - began, 3),
    )


def probe_dcss(config: DcssConfig) -> Peer:
    """Check that a DCSS answers at its hardware port; disconnects before giving a name."""
    return probe("DCSS", str(HostPort(config.host, config.port)), lambda: _greeting(config))


def _greeting(config: DcssConfig) -> str:
    transport = TcpTransport()
    try:
        transport.connect(config.host, config.port, config.connect_timeout_s)
        deadline = Deadline.after(GREETING_S)
        protocol = DcsProtocol(Role.DHS, config.framing)
        first = b""
        while (event := _next(protocol)) is None:
            transport.set_read_timeout(max(0.001, deadline.remaining()))
            data = transport.read()
            if not data:
                raise TransportError("it closed the connection without a message")
            first += data
            if who := stranger(first):
                raise TransportError(who)
            protocol.receive_data(data)
        if not isinstance(event, StocSendClientType):
            raise TransportError(f"it is not a DCSS: it sent {event!r:.80}")
    except RemoteProtocolError as error:
        raise TransportError(f"it is not a DCSS: {error}") from None
    finally:
        transport.close()
    return event.keyword


def _next(protocol: DcsProtocol) -> object:
    event = protocol.next_event()
    return None if event is NEED_DATA else event
