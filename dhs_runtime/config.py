"""Settings of the runtime, as values. Reading them from a file is `config_file`'s."""

from collections.abc import Callable
from typing import Any, Final

import attrs
from attrs.validators import and_, ge, le

from dcs_codec import Framing
from dhs_runtime.addresses import MAX_PORT, HostPort, bare_host, host_trouble, without_password
from dhs_runtime.clock import Backoff, is_seconds

DCSS_PORT: Final = 14242


@attrs.frozen
class Rule:
    """A validator that looks only at the text or path itself.

    Attributes:
        wanted: What it accepts, in a few words.
        trouble: Why a text is wrong, and what was meant; "" if it is right.
        pattern: A regular expression that every accepted text matches, for the schema of editors.
    """

    wanted: str
    trouble: Callable[[str], str]
    pattern: str = ""

    def __call__(self, _: object, field: "attrs.Attribute[Any]", value: object) -> None:
        """Check a value; raises ValueError with the reason."""
        reason = self.trouble(str(value))
        if reason:
            shown = repr(without_password(value) if isinstance(value, str) else value)
            raise ValueError(f"{field.name!r}: {self.wanted} wanted, got {shown}; {reason}")


def unless_nothing(trouble: Callable[[str], str]) -> Callable[[str], str]:
    """A rule's `trouble` that also refuses `None` and `null` as texts: no file has such a name."""

    def extended(text: str) -> str:
        if text.lower() in _NOTHING:
            return "this is a text; leave out the key to get its default"
        return trouble(text)

    return extended


_NOTHING: Final = frozenset(("none", "null", "nil"))

is_port = and_(ge(1), le(MAX_PORT))
is_host = Rule("host name or IP address", unless_nothing(host_trouble), r"^[^\s/@?#]+$")


@attrs.frozen(kw_only=True)
class DcssConfig:
    """Where DCSS listens for hardware, and how patient to be with it.

    Attributes:
        host: Name or address of DCSS's machine.
        port: Its hardware port.
        framing: v1 or v2 as DCSS's database has it for this DHS, or auto.
        connect_timeout_s: For the TCP connection and, again, for DCSS's first message.
        send_timeout_s: How long DCSS may take no byte before the connection counts as dead.
        retry: Delays between connections while DCSS is away.
        retry_refused: Delays after DCSS closed right after the handshake. Unless that was
            a restart, somebody must first correct its database or stop the other DHS of that name;
            and DCSS itself keeps a refused connection open for up to three seconds.
    """

    host: str = attrs.field(default="localhost", converter=bare_host, validator=is_host)
    port: int = attrs.field(default=DCSS_PORT, validator=is_port)
    framing: Framing = Framing.AUTO
    connect_timeout_s: float = attrs.field(default=5.0, validator=is_seconds)
    send_timeout_s: float = attrs.field(default=10.0, validator=is_seconds)
    retry: Backoff = attrs.field(factory=Backoff)
    retry_refused: Backoff = attrs.field(
        factory=lambda: Backoff(first_s=0.1, factor=3.0, longest_s=15.0)
    )

    @classmethod
    def at(cls, address: str) -> "DcssConfig":
        """The settings for `HOST:PORT` or `HOST` (port 14242).

        Raises:
            ConfigError: The address is not of that form.
        """
        at = HostPort.read(address, DCSS_PORT)
        return cls(host=at.host, port=at.port)
