"""The list of commands for the help, without importing them or their dependencies."""

import textwrap
from typing import Final, NamedTuple


class CommandEntry(NamedTuple):
    """A command; its module and the function in it have the same name.

    Attributes:
        summary: One line for the help; also the first line of the command's own help.
        serves: Whether it runs until a signal ends it.
        package: The package of its module.
    """

    summary: str
    serves: bool = False
    package: str = "dhs_runtime.cli"


LAB: Final = "dhs_lab.cli"

COMMANDS: Final = {
    "run": CommandEntry("Run a DHS until Ctrl-C, SIGTERM or SIGHUP.", serves=True),
    "loop": CommandEntry(
        "Run the loop DHS: finds sample loops in camera pictures with an inference server.",
        serves=True,
    ),
    "get": CommandEntry(
        "Show the present values of devices, strings, operations and hardware hosts."
    ),
    "put": CommandEntry(
        "Set a string, open or close a shutter, or set the position that an encoder reports."
    ),
    "move": CommandEntry("Move motors together, and show their positions until all have stopped."),
    "start": CommandEntry(
        "Start an operation, show its updates as they come, then its status and result."
    ),
    "monitor": CommandEntry(
        "Show devices, strings, operations and hardware hosts now, and whenever they change."
    ),
    "devices": CommandEntry(
        "List the devices, strings, operations and hardware hosts of a beamline."
    ),
    "abort": CommandEntry(
        "Stop all motors, operations and counts at the beamline, also those of other users."
    ),
    "check": CommandEntry(
        "Check a configuration file; shows every mistake with its line, path and reason."
    ),
    "draw": CommandEntry(
        "Draw a collection that the loop DHS kept: pictures with boxes, and plots."
    ),
    "init": CommandEntry("Write a first DHS, its test and its configuration."),
    "systemd-unit": CommandEntry("Print a systemd unit for a DHS."),
    "simulate": CommandEntry(
        "Run a simulated DCSS, Axis camera or inference server, or a whole beamline.",
        serves=True,
        package=LAB,
    ),
    "demo": CommandEntry(
        "Run the loop DHS with a simulated DCSS, Axis camera and inference server.", package=LAB
    ),
    "decode": CommandEntry(
        "Show the messages in files: time, direction, keyword, fields by name.", package=LAB
    ),
    "encode": CommandEntry("Write the bytes of messages to stdout.", package=LAB),
    "messages": CommandEntry(
        "Look up messages by keyword, field, class or kind of device.", package=LAB
    ),
    "stats": CommandEntry(
        "Count the messages in files, and time operations and moves from start to completion.",
        package=LAB,
    ),
    "record": CommandEntry(
        "Relay between a DHS and a DCSS, and record every byte.", serves=True, package=LAB
    ),
    "replay": CommandEntry(
        "Play one side of a recording to a live peer, and report answers that differ.",
        package=LAB,
    ),
    "dissector": CommandEntry("Print a Wireshark dissector of the protocol, in Lua.", package=LAB),
}

STOPPED, FAILED, WRONG = 0, 1, 2
EXIT_CODES: Final = {
    STOPPED: "it was stopped by Ctrl-C, SIGTERM or SIGHUP at any moment, or stopped by itself",
    FAILED: "the code of the DHS, its hardware, this machine (a port that is taken, a full disk) "
    "or a thread of the runtime failed; another start may help",
    WRONG: "the command line or the configuration is wrong, or a production host needs "
    "--production; another start does not help",
}
"""The exit codes of a DHS. systemd does not restart it after `WRONG`."""

INTERRUPTED: Final = 130
"""For Ctrl-C in a command that ends by itself: as in shells, 128 plus the number of SIGINT."""

EXTRA_OF: Final = {
    **dict.fromkeys(("click", "prompt_toolkit", "requests", "rich", "yaml"), "runtime"),
    **dict.fromkeys(("matplotlib", "numpy", "PIL", "scipy"), "sim"),
    "prometheus_client": "metrics",
    "dhs_lab": "sim",  # if it is packaged separately
}
"""The extra that installs each module."""

HELP_WIDTH: Final = 80

INTRODUCTION: Final = """\
Run, simulate and test DHSs (Distributed Hardware Servers) of DCSS.

Try it, with everything simulated:
    dhs demo
Run your own DHS:
    dhs run my_dhs.py:dhs --dcss dcss-host:14242
Check a configuration before you use it at a beamline:
    dhs check loop.yaml --connect
Read a beamline through DCSS's GUI port:
    dhs get 'gonio_*' --dcss dcss-host:14243
Show the messages in a log or a capture:
    dhs decode dcss.log
"""


def _listed(name: str, width: int, summary: str) -> str:
    lines = textwrap.wrap(summary, HELP_WIDTH - width - 4)
    return f"  {name:{width}}  " + f"\n{'':{width + 4}}".join(lines) + "\n"


def help_text() -> str:
    """The text of `dhs --help`."""
    width = max(map(len, COMMANDS))
    indented = "".join(f"  {line}".rstrip() + "\n" for line in INTRODUCTION.splitlines())
    listed = "".join(_listed(name, width, entry.summary) for name, entry in COMMANDS.items())
    return (
        f"Usage: dhs [OPTIONS] COMMAND [ARGS]...\n\n{indented}\n"
        "Options:\n  --version   Show the version and exit.\n"
        f"  -h, --help  Show this message and exit.\n\nCommands:\n{listed}\n"
        "`dhs COMMAND --help` explains a command.\n"
    )
