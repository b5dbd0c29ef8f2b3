"""Makes sure that descriptors 0 to 2 are open, however this process was started."""

import os
from typing import Final

STANDARD: Final = (0, 1, 2)


def open_standard_descriptors() -> None:
    """Open /dev/null in the place of each of stdin, stdout and stderr that is closed.

    The system gives the lowest free number to the next file or socket: without this the connection
    to DCSS may be descriptor 2, and output of a C library goes into its stream. Python's own
    `sys.stdin`, `sys.stdout` and `sys.stderr` stay None where they were closed.
    """
    for number in STANDARD:
        try:
            os.fstat(number)
        except OSError:
            found = os.open(os.devnull, os.O_RDWR)
            if found != number:  # another thread was quicker
                os.dup2(found, number)
                os.close(found)
            os.set_inheritable(number, True)
