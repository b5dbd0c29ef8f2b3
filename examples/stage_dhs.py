"""A motor and a shutter. Run it: dhs run examples/stage_dhs.py:dhs --dcss localhost:14242."""

from dcs_codec import ShutterState
from dhs_runtime import Dhs, Move

dhs = Dhs("stageDHS")
stage = dhs.motor("sample_z")
shutter = dhs.shutter("shutter")


@stage.on_move
def move_stage(move: Move) -> None:
    for step in range(1, 11):  # in place of a controller
        move.sleep(0.02)  # an abort ends it here, at once
        move.update(move.start + move.distance * step / 10)


@shutter.on_set
def drive_shutter(state: ShutterState) -> None:
    print("the shutter is", state)  # in place of a switch


if __name__ == "__main__":
    dhs.run("localhost:14242")
