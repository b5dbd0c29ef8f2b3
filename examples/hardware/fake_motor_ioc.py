"""A simulated EPICS motor: an IOC with the fields of a motor record that the bridge uses.

Run it: python examples/hardware/fake_motor_ioc.py RECORD. The environment sets ports and addresses
of Channel Access, as for any IOC: EPICS_CA_SERVER_PORT, EPICS_CAS_INTF_ADDR_LIST.
"""

import asyncio
import sys

from caproto.asyncio.server import run
from caproto.server import PVGroup, pvproperty

SPEED = 10.0  # units a second
COAST = 1.0  # units that it still moves after a stop
TICK_S = 0.01


class FakeMotor(PVGroup):
    """A motor at constant speed, which coasts when it is stopped."""

    setpoint = pvproperty(
        value=0.0, name=".VAL", doc="destination; a put is answered when it stops"
    )
    readback = pvproperty(value=0.0, name=".RBV", doc="where it is", read_only=True)
    stands = pvproperty(value=1, name=".DMOV", doc="1 if it does not move", read_only=True)
    stop = pvproperty(value=0, name=".STOP", doc="1 makes it stop")

    def __init__(self, prefix: str) -> None:
        super().__init__(prefix=prefix)
        self.goal = 0.0

    @setpoint.putter
    async def setpoint(self, _: object, goal: float) -> float:
        """Move there."""
        self.goal = goal
        await self.stands.write(0)
        while self.stands.value == 0:
            await asyncio.sleep(TICK_S)
        return self.goal

    @stop.putter
    async def stop(self, _: object, asked: int) -> int:
        """Stop at the goal, or after `COAST` if that is nearer."""
        if asked and self.stands.value == 0:
            here = self.readback.value
            self.goal = min(max(self.goal, here - COAST), here + COAST)
        return 0

    @readback.startup
    async def readback(self, _: object, __: object) -> None:
        """Move as long as the IOC runs."""
        while True:
            await asyncio.sleep(TICK_S)
            if self.stands.value == 0:
                way = self.goal - self.readback.value
                step = min(abs(way), SPEED * TICK_S)
                await self.readback.write(self.readback.value + (step if way > 0 else -step))
                if self.readback.value == self.goal:
                    await self.stands.write(1)


if __name__ == "__main__":
    run(FakeMotor(prefix=sys.argv[1]).pvdb)
