"""Two motors on one spindle, with a simulated DCSS: the exposed range is the requested one."""

from dcs_codec import ShutterState
from dhs_lab.simulators.dcss import HardwareHost, RealMotorEntry, SimulatedDcss
from dhs_runtime import Dhs, Motor, Move
from tests.devices.hardware import Spindle
from tests.runtime.peers import DEADLINE_S, eventually, fast_config, running


def _turning(dhs: Dhs, name: str, spindle: Spindle) -> Motor:
    motor = dhs.motor(name)
    motor.on_read(spindle.read)

    @motor.on_move
    def go(move: Move) -> None:
        assert not isinstance(move.destination, str)
        if move.time_s is not None:
            spindle.speed = abs(move.distance) / move.time_s
        spindle.go(move.destination)
        move.follow(spindle.read, spindle.is_moving, stop=spindle.stop, every_s=0.01)

    return motor


def test_the_shutter_is_open_over_exactly_what_is_to_be_exposed() -> None:
    spindle = Spindle(1, speed=500)
    dhs = Dhs("spindleDHS")
    phi, omega = (_turning(dhs, name, spindle) for name in ("phi", "omega"))
    exposed: list[tuple[ShutterState, float]] = []
    dhs.shutter("shutter").on_set(lambda state: exposed.append((state, spindle.read())))
    motors = [
        RealMotorEntry(name, upper_limit=720, lower_limit=-720, scale_factor=1000, speed=1000)
        for name in ("phi", "omega")
    ]
    host = HardwareHost.of("spindleDHS", motors=motors, shutters=["shutter"])
    with SimulatedDcss([host]) as dcss, running(dhs, fast_config(dcss.port)):
        dcss.wait_online("spindleDHS", DEADLINE_S)
        # Both were read, and nothing reads omega while phi moves.
        eventually(lambda: (dcss.position("phi"), dcss.position("omega")) == (1, 1))
        assert dcss.move("phi", 50).wait(DEADLINE_S).status == "normal"
        assert (phi.position, omega.position, dcss.position("omega")) == (50, 1, 1)  # the old angle
        run = dcss.oscillate("omega", "shutter", 30, 0.3)
        assert run.wait(DEADLINE_S).status == "normal"
        assert exposed == [(ShutterState.OPEN, 50.0), (ShutterState.CLOSED, 80.0)]
        assert dcss.position("omega") == 80
        assert dcss.move("phi", 90).wait(DEADLINE_S).status == "normal"  # from 80, not from 50
    assert spindle.read() == 90
