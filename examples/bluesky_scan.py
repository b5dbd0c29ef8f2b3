"""Bluesky plans over DCS: a scan, a count and an adaptive scan; see docs/howto/bluesky.md.

    python examples/bluesky_scan.py localhost:14243

Without an address it simulates the beamline: a DCSS with a GUI port, and the DHS below.
"""

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bluesky import RunEngine
from bluesky.callbacks import LiveTable
from bluesky.plans import adaptive_scan, count, scan

from dhs_lab.simulators.dcss import HardwareHost, RealMotorEntry, SimulatedDcss
from dhs_runtime import Count, DcssConfig, Dhs, Move
from dhs_runtime.client import DcssClient
from dhs_runtime.client.bluesky import BlueskyCounter, BlueskyMotor

HOSTS = [
    HardwareHost("self"),
    HardwareHost.of(
        "stageDHS",
        motors=[RealMotorEntry("sample_z", upper_limit=10.0, lower_limit=-10.0, units="mm")],
        ion_chambers=["i2"],
    ),
]
SPEED_MM_PER_S = 20.0
PEAK_MM = 1.0


def make_stage() -> Dhs:
    """A DHS with a motor, and an ion chamber whose counts are highest at `PEAK_MM`."""
    dhs = Dhs("stageDHS")
    z = dhs.motor("sample_z")
    i2 = dhs.ion_chamber("i2")

    @z.on_move
    def move(move: Move) -> None:
        start = z.position or 0.0
        steps = max(1, round(abs(move.distance) / SPEED_MM_PER_S / 0.02))
        for step in range(1, steps + 1):
            move.sleep(0.02)  # raises if the move is aborted
            move.update(start + move.distance * step / steps)

    @i2.on_count
    def counted(count: Count) -> dict[str, float]:
        count.sleep(count.time_s)
        away_mm = (z.position or 0.0) - PEAK_MM
        return {"i2": round(1000 * math.exp(-away_mm * away_mm))}

    return dhs


@contextmanager
def simulated_beamline() -> Iterator[str]:
    """The address of the GUI port of a simulated DCSS, with the DHS connected."""
    dhs = make_stage()
    with SimulatedDcss(HOSTS, gui_port=0, nodelay=True) as dcss:
        dhs.start(DcssConfig.at(dcss.address))
        try:
            yield dcss.gui_address
        finally:
            dhs.stop()


def run_plans(address: str) -> None:
    """Run three plans on the motor and the ion chamber."""
    with DcssClient(address, user="anna") as dcss:
        dcss.wait_host(dcss.motors["sample_z"].host, timeout_s=10)
        z = BlueskyMotor(dcss, "sample_z")
        i2 = BlueskyCounter(dcss, "i2", time_s=0.01)
        run_engine = RunEngine()
        table: Any = LiveTable(["sample_z", "i2"])
        run_engine(scan([i2], z, -1, 3, 21), table)
        run_engine(count([i2], num=3))
        run_engine(adaptive_scan([i2], "i2", z, -1, 3, 0.05, 1.0, 200, backstep=True), table)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run_plans(sys.argv[1])
    else:
        with simulated_beamline() as address:
            run_plans(address)
