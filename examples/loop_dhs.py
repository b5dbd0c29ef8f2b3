"""The loop DHS of this package, with one more operation for a site.

Run it: python examples/loop_dhs.py loop.yaml (`dhs loop --sample-config` prints one to edit). The
operation `countLoopImages` completes with the number of pictures in the last collection, and the
number of those in which a loop was found.
"""

import sys
from pathlib import Path

from dhs_runtime import Operation
from dhs_runtime.loop import LoopDhs, load_loop_config


def with_count(loop: LoopDhs) -> LoopDhs:
    """The same DHS with `countLoopImages`."""

    @loop.dhs.operation("countLoopImages", timeout_s=5)
    def count_loop_images(op: Operation) -> None:
        images = loop.collected
        op.complete(len(images), sum(image.info is not None for image in images))

    return loop


if __name__ == "__main__":
    config = load_loop_config(Path(sys.argv[1]))
    with_count(LoopDhs(config)).dhs.run(config.dcss)
