"""The limits of the C side: frames, buffers and ranges, as named constants with their source.

dcss scans words into fixed buffers and checks nothing: a word that is too long, or a position that
is too large, ends the server or leaves one of its threads in a loop. So encode refuses what does
not fit.
"""

from typing import Final

V1_FRAME_SIZE: Final = 200
"""Bytes of each v1 frame."""

V1_MAX_TEXT: Final = V1_FRAME_SIZE - 1
"""Bytes of a text in v1: dcss terminates it, so a 200th byte would be cut off."""

V2_HEADER_SIZE: Final = 26
"""Bytes of a v2 header: `"%12d %12d "`."""

V2_MAX_TEXT: Final = (1 << 20) - 1
"""Bytes of a text in v2: the Tcl side parses into 1 MiB (dcs_message_parse.cc)."""

V2_MAX_BINARY: Final = (1 << 30) - 1
"""Bytes of a binary part: dcss reads both sizes with `%d` and adds them."""

DEFAULT_MAX_FRAME_SIZE: Final = 1 << 24
"""Bytes of text and binary part together that are read unless the caller allows more or less."""

MAX_NAME: Final = 39
"""Bytes of a device's or host's name: `deviceName[40]` and `hardwareID[40]` (dcss_device.h)."""

MAX_WORD: Final = 79
"""Bytes of any other word dcss reads: `state[80]`, `dcsCommand[81]` (dcss_hardware_client.c)."""

MAX_HARDWARE_NAME: Final = 99
"""Bytes of a word a C DHS reads: 20 tokens of 100 (dhs_dcs_messages.cc)."""

MAX_STRING_CONTENTS: Final = 1879
"""Bytes of a string's contents: `[1880]` in the database record (dcss_device.h)."""

MAX_RUN_DEFINITION: Final = 799
"""Bytes of a run's definition: `[800]` in the database record (dcss_device.h)."""

MAX_DEVICE_LIST: Final = 159
"""Bytes of a motor's dependencies or children together: `[160]` each (dcss_device.h)."""

MAX_POSITION: Final = 1e10
"""Largest position, limit or scale factor, in either direction.

dcss folds the position of a circle motor by 360 at a time (forever at 1e20, seconds at 1e12) and
prints positions with `%f` into `buffer[200]`, which 1e300 overflows. At 1e10 folding takes
a tenth of a second; a pseudo motor of a real beamline is at 1.04e9.
"""

MAX_COUNTS: Final = 1e15
"""Largest counts of an ion chamber; a C double still holds such an integer exactly."""

MAX_INTEGER: Final = 2**31 - 1
"""Largest integer, in either direction: the C side reads `%d`."""

MAX_LOGIN_WORD: Final = 99
"""Bytes of the user and of the session in a GUI's login (dcss_users.c:326-333, on the wire)."""

MAX_LOCATION_TEXT: Final = 100
"""Bytes of the text that says where a GUI is.

dcss writes it into a row of 200 bytes for every GUI, with names and titles; from about 120
on the row is cut and no client can read it (dcss_broadcast.c:508, confirmed on the wire).
"""

MAX_TOLD_WORD: Final = 1999
"""Bytes of a word that dcss sends to GUIs: it passes on what others wrote, up to its buffers."""
