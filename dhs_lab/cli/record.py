"""`dhs record`: a proxy between a DHS and a DCSS that records every byte."""

import sys
from typing import Final

import click

from dhs_lab.cli.wire import address_of
from dhs_lab.tools.proxy import Recorder
from dhs_runtime.cli.options import LogFlags, logging_options
from dhs_runtime.lowlevel import StopToken, machine_error, stop_signals

FAILED: Final = 1


@click.command()
@click.option(
    "--listen",
    default="127.0.0.1:14242",
    metavar="HOST:PORT",
    show_default=True,
    help="Address for the DHS; port 0 picks a free one.",
)
@click.option("--dcss", required=True, metavar="HOST:PORT", help="DCSS's hardware port.")
@click.option(
    "--output", required=True, metavar="NAME", help="Name of the recording, with its path."
)
@click.option("--once", is_flag=True, help="End after the first connection.")
@logging_options
def record(*, listen: str, dcss: str, output: str, once: bool, logs: LogFlags) -> None:
    """Relay between a DHS and a DCSS, and record every byte.

    Let the DHS connect here instead of to DCSS. The bytes go into NAME-1-dcss.raw and
    NAME-1-dhs.raw (2 for the second connection, and so on) before they are sent on, so that nothing
    is relayed unrecorded, even if this program is killed. Another process decodes them and writes
    one line per frame into NAME.jsonl. Bytes that are not DCS are relayed unchanged. If a file
    cannot be written, the connection is closed.

    A recording contains session ids, so only the owner can read its files. dcss compares the
    address of a DHS with its database, so run this on the host of the DHS.

    Exit codes: 0 after Ctrl-C, SIGTERM, SIGHUP or, with --once, the first connection; 1 recording
    failed or the port is taken; 2 the command line is wrong or the recording exists already.

    \b
    Examples:
        dhs record --listen 127.0.0.1:14242 --dcss dcss-host:14242 --output monday
        dhs run my_dhs.py:dhs --dcss 127.0.0.1:14242
        dhs decode monday.jsonl
    """  # noqa: D301 - click needs \b itself
    logs.set_up()
    token = StopToken()
    recorder = Recorder(
        output,
        listen=address_of(listen, is_ours=True),
        dcss=address_of(dcss),
        on_end=token.stop if once else lambda: None,
    )
    try:
        recorder.start()
    except OSError as error:
        raise machine_error(f"cannot listen at {listen}", error) from None
    try:
        with stop_signals(token.stop):  # before the message: its reader may end us at once
            click.echo(
                f"recording {output}: DHSs connect to {recorder.address}; Ctrl-C ends it", err=True
            )
            token.wait()
    finally:
        recorder.stop()
    click.echo(f"recorded {output}: {recorder.totals}", err=True)
    if recorder.failure:
        click.echo(f"dhs record: the recording is incomplete: {recorder.failure}", err=True)
    sys.exit(FAILED if recorder.failure else 0)
