"""Settings of the runtime, as values. Reading them from a file is `config_file`'s."""

import attrs
from attrs.validators import and_, ge, gt, le

from dcs_codec import Framing
from dhs_runtime.clock import Backoff
from dhs_runtime.errors import ConfigError

DCSS_PORT = 14242
MAX_PORT = 65535

is_port = and_(ge(1), le(MAX_PORT))


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
        retry_refused: Delays after DCSS closed right behind the handshake. When that was no
            restart, somebody has to mend its database or stop the other DHS of that name first,
            and DCSS itself holds a refused connection for up to three seconds.
    """

    host: str = "localhost"
    port: int = attrs.field(default=DCSS_PORT, validator=is_port)
    framing: Framing = Framing.AUTO
    connect_timeout_s: float = attrs.field(default=5.0, validator=gt(0))
    send_timeout_s: float = attrs.field(default=10.0, validator=gt(0))
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
        host, _, port = address.rpartition(":") if ":" in address else (address, "", str(DCSS_PORT))
        if not host or not port.isdecimal():
            raise ConfigError(f"{address!r} is not HOST:PORT")
        try:
            return cls(host=host.strip("[]"), port=int(port))
        except ValueError as error:
            raise ConfigError(f"{address!r}: {error}") from None
