"""A DCSS as a bare socket, for a DHS with devices."""

from collections.abc import Iterator
from contextlib import contextmanager

from dcs_codec import Framing
from dhs_runtime import Dhs, Motor, MotorConfig, Move
from tests.runtime.peers import DEADLINE_S, RawConnection, RawDcss, running


@contextmanager
def online(dhs: Dhs, framing: Framing = Framing.V2) -> Iterator[RawConnection]:
    """The server's side of a DHS's connection, after the handshake."""
    with RawDcss() as dcss, running(dhs, dcss.config(framing)), dcss.accept() as peer:
        peer.shake_hands(framing)
        assert dhs.wait_online(DEADLINE_S)
        yield peer


def read(peer: RawConnection, count: int) -> list[str]:
    """Texts of this many frames of the DHS."""
    return [peer.read_text() for _ in range(count)]


REAL_MOTOR = (
    "stoh_configure_real_motor {name} testDHS z1 1.500000 10.000000 -10.000000 1000.000000 "
    "500 250 10 1 1 0 0 0 0"
)
"""As dcss sends it; {name} is the motor's."""

CONFIG = MotorConfig(lower_limit=-10, upper_limit=10, scale_factor=1000, speed=500)


def motor_of(dhs: Dhs, *, config: MotorConfig | None = CONFIG) -> Motor:
    """A motor that arrives at once."""
    motor = dhs.motor("z", config=config)

    @motor.on_move
    def go(move: Move) -> None:
        move.update(0.5)

    return motor
