"""A filter wheel: a motor, and an operation that inserts a filter by its name.

Run it: dhs run filter_wheel_dhs.py:dhs --dcss localhost:14242.
"""

import threading

from dhs_runtime import DeviceError, Dhs, Move, Operation

FILTERS = {"none": 0.0, "Al": 90.0, "Cu": 180.0, "Nb": 270.0}
STEPS = 5
STEP_S = 0.01


def filter_wheel(name: str = "filterDHS") -> Dhs:
    """A DHS of this name with the motor `filter_angle` and the operation `insertFilter`."""
    dhs = Dhs(name)
    wheel = dhs.motor("filter_angle")
    turning = threading.Lock()  # held while the wheel turns

    @wheel.on_move
    def turn(move: Move) -> None:
        with turning:
            for step in range(1, STEPS + 1):  # in place of a controller
                move.sleep(STEP_S)  # an abort ends it here
                move.update(move.start + move.distance * step / STEPS)

    @dhs.operation("insertFilter", timeout_s=30)
    def insert_filter(op: Operation) -> None:
        name = op.args[0] if op.args else ""
        if name not in FILTERS:
            raise DeviceError(f"no filter {name!r}; there are {', '.join(FILTERS)}")
        with turning:
            op.update("turning", FILTERS[name])
            op.sleep(STEPS * STEP_S)
            wheel.report(FILTERS[name])
        op.complete(name, FILTERS[name])

    return dhs


dhs = filter_wheel()

if __name__ == "__main__":
    dhs.run()
