"""What `dhs` can do, as its help says: known without importing a command, or anything they need."""

from typing import Final, NamedTuple


class CommandEntry(NamedTuple):
    """A command: the module and the command in it have its name.

    Attributes:
        summary: One line for the help; the first of the command's own help.
        serves: Whether it runs until a signal, which is how it ends well.
        package: Where its module is.
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
        "Show what devices, strings, operations and hardware hosts are, as DCSS knows it."
    ),
    "put": CommandEntry(
        "Set a string, open or close a shutter, or give an encoder's position another number."
    ),
    "move": CommandEntry(
        "Move motors together, and show where they are until all have come to rest."
    ),
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
        "Stop all motors, operations and counts at the beamline, whoever started them."
    ),
    "check": CommandEntry(
        "Check a configuration file; every mistake is named with its line, its path and its reason."
    ),
    "draw": CommandEntry(
        "Draw a collection that the loop DHS kept: pictures with boxes, and plots."
    ),
    "init": CommandEntry("Write a first DHS, its test and its configuration."),
    "systemd-unit": CommandEntry("Print a systemd unit for a DHS."),
    "simulate": CommandEntry(
        "Run one simulated peer of a DHS: a DCSS, an Axis camera or an inference server.",
        serves=True,
        package=LAB,
    ),
    "demo": CommandEntry(
        "Let the loop DHS work for a simulated DCSS, Axis camera and inference server.", package=LAB
    ),
    "decode": CommandEntry(
        "Show the messages in files: time, direction, keyword, fields by name.", package=LAB
    ),
    "encode": CommandEntry("Write the bytes of messages to stdout.", package=LAB),
    "messages": CommandEntry(
        "Look messages up: by keyword, field, class or kind of device.", package=LAB
    ),
    "stats": CommandEntry(
        "Count the messages in files, and time operations and moves from start to completion.",
        package=LAB,
    ),
    "record": CommandEntry(
        "Relay between a DHS and a DCSS, and record every byte.", serves=True, package=LAB
    ),
    "replay": CommandEntry(
        "Play one half of a recording at a live peer, and say what it answers differently.",
        package=LAB,
    ),
    "dissector": CommandEntry("Print a Wireshark dissector of the protocol, in Lua.", package=LAB),
}

STOPPED, FAILED, WRONG = 0, 1, 2
EXIT_CODES: Final = {
    STOPPED: "it was stopped: by Ctrl-C, SIGTERM or SIGHUP, at any moment, or by itself",
    FAILED: "code of the DHS, its hardware or this machine failed (a port that is taken, a full "
    "disk), or a thread of the runtime; another start may help",
    WRONG: "the command line or the configuration is wrong, or a production host needs "
    "--production; another start does not help",
}
"""What a DHS ends with. The service's unit does not try again after `WRONG`."""

INTERRUPTED: Final = 130
"""Ctrl-C for a command that ends by itself, as shells have it: 128 and the number of SIGINT."""

EXTRA_OF: Final = {
    **dict.fromkeys(("click", "prompt_toolkit", "rich", "yaml"), "runtime"),
    **dict.fromkeys(("matplotlib", "numpy", "PIL", "scipy"), "sim"),
    "prometheus_client": "metrics",
    "dhs_lab": "sim",  # where a packager keeps it apart
}
"""The extra that brings a module."""

INTRODUCTION: Final = """\
Run, simulate and try out DHSs (Distributed Hardware Servers) of DCSS.

A first look, with everything simulated:
    dhs demo
Your own DHS against a DCSS:
    dhs run my_dhs.py:dhs --dcss dcss-host:14242
At a beamline, before it runs there:
    dhs check loop.yaml --connect
A beamline, through DCSS's GUI port:
    dhs get 'gonio_*' --dcss dcss-host:14243
What a log or a capture says:
    dhs decode dcss.log
"""


def help_text() -> str:
    """What `dhs --help` prints."""
    width = max(map(len, COMMANDS))
    indented = "".join(f"  {line}".rstrip() + "\n" for line in INTRODUCTION.splitlines())
    listed = "".join(f"  {name:{width}}  {entry.summary}\n" for name, entry in COMMANDS.items())
    return (
        f"Usage: dhs [OPTIONS] COMMAND [ARGS]...\n\n{indented}\n"
        "Options:\n  --version   Show the version and exit.\n"
        f"  -h, --help  Show this message and exit.\n\nCommands:\n{listed}\n"
        "`dhs COMMAND --help` tells more of a command.\n"
    )
