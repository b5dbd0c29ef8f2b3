"""`dhs encode`: texts and JSON Lines to bytes."""

import sys
from collections.abc import Iterator

import click

from dcs_codec import Framing
from dhs_lab.cli.wire import DAMAGED, GOOD, ending_cleanly, keep_escapes
from dhs_lab.tools.encoding import encode_lines
from dhs_lab.tools.inputs import STDIN, open_source
from dhs_lab.tools.recoding import BYTE_ORDER_MARK, as_utf8


@click.command()
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option(
    "--framing",
    type=click.Choice(["v1", "v2"]),
    default="v2",
    show_default=True,
    help="v1: 200 bytes each; v2: a header with sizes.",
)
@click.option("--hex", "as_hex", is_flag=True, help="Print hexadecimal digits, one line per frame.")
def encode(*, texts: tuple[str, ...], framing: str, as_hex: bool) -> None:
    """Write the bytes of messages to stdout.

    Each TEXT is one message. Without TEXT, each line of standard input is one message, as text or
    as a JSON object (as written by `dhs decode --json`). Empty lines and lines that begin with #
    are skipped. A message is refused on stderr with its line number if it is malformed, does not
    fit dcss's buffers or the framing, or would be misread by dcss (surplus words, two blanks where
    it counts one); the others are written. An unknown keyword is written, with a hint at a similar
    one.

    Exit codes: 0 everything was written, 1 something was refused, 2 the command line is wrong, 130
    Ctrl-C.

    \b
    Examples:
        dhs encode 'stoh_start_operation getLoopTip 1.10 0' --hex
        dhs decode session.raw --json | dhs encode --framing v1 > session-v1.raw
    """  # noqa: D301 - click needs \b itself
    keep_escapes()
    refused = 0
    what = "argument" if texts else "line"
    with ending_cleanly():
        for encoded in encode_lines(_lines(texts), Framing(framing)):
            if encoded.reason:
                refused += 1
                click.echo(f"dhs encode: {what} {encoded.line}: {encoded.reason}", err=True)
                continue
            if encoded.hint:
                click.echo(f"dhs encode: {what} {encoded.line}: {encoded.hint}", err=True)
            if as_hex:
                sys.stdout.write(encoded.data.hex() + "\n")
            else:
                sys.stdout.buffer.write(encoded.data)
        sys.stdout.buffer.flush()
    sys.exit(DAMAGED if refused else GOOD)


def _lines(texts: tuple[str, ...]) -> Iterator[bytes]:
    if texts:
        yield from (text.encode("utf-8", "surrogateescape") for text in texts)
        return
    with open_source(STDIN, sys.stdout.flush) as source:
        yield from as_utf8(source, BYTE_ORDER_MARK).lines()
