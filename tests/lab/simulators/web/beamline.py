"""A beamline of real size, with a DHS at work, for tests of the page."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice, product
from typing import Final

import attrs

from dcs_codec import HtosMotorMoveCompleted, StohStartMotorMove
from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.dcss import (
    HardwareHost,
    PseudoMotorEntry,
    RealMotorEntry,
    ShutterEntry,
    SimulatedDcss,
    load_dump,
)
from dhs_lab.simulators.web import BeamlinePage
from dhs_runtime import Dhs, Operation
from tests.examples.loading import load
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer
from tests.runtime.peers import configured, eventually, fast_config
from tests.shared import ROOT

DUMP: Final = ROOT / "databases" / "full-beamline.dump"
ONLINE: Final = ("camera", "galil2", "galil1", "gi")  # the last that logs in is on top
LOST: Final = "detector"
_NEVER: Final = (
    *("galil3", "galil4", "DSA2000", "ADAC5500", "daqhost", "barcodeReader", "robot", "imperson"),
    *("epics_gateway", "cryojetDhs", "simdetector", "loopDHS", "blctl", "mcaDHS", "adcDHS"),
    *("vacuumDHS", "ringDHS"),
)
_PARTS: Final = (
    "table",
    "mono_slit",
    "guard_shield",
    "beamstop",
    "detector",
    "mirror",
    "collimator",
)
_AXES: Final = ("vert_1", "vert_2", "horz_1", "horz_2", "gap_vert", "gap_horz", "pitch", "offset")


def stage_host() -> HardwareHost:
    """What the DHS under test owns."""
    return HardwareHost.of(
        "stageDHS",
        motors=[
            RealMotorEntry("sample_zz", scale_factor=1000, speed=10_000),
            RealMotorEntry("gonio_test", units="deg", scale_factor=1000, speed=60_000),
        ],
        shutters=[ShutterEntry("shutter_t")],
        operations=["countDown", "findLoop"],
        strings={"sample_name": "lysozyme 7"},
        ion_chambers=["i_sample"],
        encoders=["phi_encoder"],
    )


def stage_dhs(axis: SimulatedAxis) -> Dhs:
    """The DHS under test; it looks for the loop in front of `axis`."""
    goniometer = load("goniometer_dhs")
    made = Dhs("stageDHS")
    for name in ("sample_zz", "gonio_test"):
        motor = made.motor(name, words=["home"])
        motor.on_move(goniometer.drive)
        motor.on_vector_move(goniometer.drive_both)
    made.shutter("shutter_t").on_set(goniometer.set_shutter)
    made.string("sample_name").on_set(lambda _: None)
    made.ion_chamber("i_sample").on_count(lambda _: {"i_sample": 48_211})
    made.encoder("phi_encoder").on_get(lambda: 12.5)

    @made.operation("countDown")
    def count_down(op: Operation) -> None:
        step_s = float(op.args[1]) if len(op.args) > 1 else 1.0
        for left in range(int(op.args[0]), 0, -1):
            op.update(left, "seconds", "to", "go")
            op.sleep(step_s)
        made.log("note", "counted down")
        op.complete("lift", "off")

    @made.operation("findLoop")
    def find_loop(op: Operation) -> None:
        box = axis.scene.truth(axis.angle_deg).loop_px
        assert box is not None
        sides = (axis.scene.width_px, axis.scene.height_px) * 2
        left, top, right, bottom = (edge / side for edge, side in zip(box, sides, strict=True))
        tip = (right, (top + bottom) / 2)
        op.update("LOOP_INFO", 0, "normal", *tip, 0.1, 0.2, 0.1, left, right, top, bottom)
        op.complete()

    return made


def beamline_hosts() -> list[HardwareHost]:
    """A beamline: the shared dump where it is here, else one of the same size and kind."""
    if DUMP.exists():
        return [stage_host(), *load_dump(DUMP).hosts]
    return [stage_host(), *made_hosts()]


def made_hosts() -> list[HardwareHost]:
    """22 hosts with some 360 devices, names as long and as like as those of a beamline."""
    names = [f"{part}_{axis}" for part, axis in product(_PARTS, _AXES)]
    motors = [
        RealMotorEntry(name, position=index / 7, lower_limit=-20 - index, upper_limit=14.399872)
        for index, name in enumerate(names)
    ]
    pseudo = [PseudoMotorEntry(f"{name}_scaled", units="deg") for name in islice(names, 40)]
    operations = [f"prepare_{part}_{axis}" for part, axis in product(_PARTS, _AXES)]
    lists = [f"{name}_constant_name_list" for name in names]
    own = HardwareHost.of(
        "self",
        pseudo_motors=pseudo,
        operations=operations,
        strings={
            name: f"contents of {name} " * 3 for name in (*lists, *(f"{n}_state" for n in names))
        },
    )
    gi = HardwareHost.of("gi", motors=motors[:19])
    rest = iter(motors[19:])
    others = [
        HardwareHost.of(name, motors=list(islice(rest, 2)), shutters=[f"{name}_shutter"])
        for name in (*ONLINE[:-1], LOST, *_NEVER)
    ]
    return [own, gi, *others]


@attrs.frozen
class Beamline:
    """What is at work.

    Attributes:
        dcss: With the whole database.
        page: Its page, with a camera.
        dhs: The DHS under test, at work as `stageDHS`.
        gi: A DHS that refuses.
        axis: The camera.
    """

    dcss: SimulatedDcss
    page: BeamlinePage
    dhs: Dhs
    gi: DhsPeer
    axis: SimulatedAxis

    @classmethod
    @contextmanager
    def at_work(cls, hosts: list[HardwareHost]) -> Iterator["Beamline"]:
        """With a DHS under test, a few others, one that was lost, and those never seen."""
        axis = SimulatedAxis()
        dhs = stage_dhs(axis)
        with ExitStack() as stack:
            dcss = stack.enter_context(SimulatedDcss(hosts))
            page = stack.enter_context(BeamlinePage(dcss, axis, turns_with="gonio_test"))
            with DhsPeer.logged_in(dcss, LOST):
                pass
            dcss.wait_offline(LOST, DEADLINE_S)
            peers = [stack.enter_context(DhsPeer.logged_in(dcss, name)) for name in ONLINE]
            dhs.start(fast_config(dcss.port))
            stack.callback(dhs.stop)
            dcss.wait_online(dhs.name, DEADLINE_S)
            eventually(lambda: configured(dhs))
            yield cls(dcss, page, dhs, peers[-1], axis)

    def refuse(self, motor: str, destination: float) -> None:
        """Let the DHS `gi` refuse a move beyond its limit."""
        self.dcss.move(motor, destination)
        while not isinstance(message := self.gi.read(), StohStartMotorMove):
            assert message is not None
        position = self.dcss.position(motor)
        self.gi.send(HtosMotorMoveCompleted(motor_name=motor, position=position, status="sw_limit"))
