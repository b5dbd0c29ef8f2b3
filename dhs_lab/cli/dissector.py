"""`dhs dissector`: the Wireshark dissector."""

import click

from dhs_lab.cli.wire import ending_cleanly
from dhs_lab.tools.dissector import make_dissector


@click.command()
def dissector() -> None:
    """Print a Wireshark dissector of the protocol, in Lua.

    \b
    Examples:
        dhs dissector > ~/.local/lib/wireshark/plugins/dcs.lua
        dhs dissector > dcs.lua && tshark -X lua_script:dcs.lua -i lo -Y dcs
    """  # noqa: D301 - click needs \b itself
    with ending_cleanly():
        click.echo(make_dissector(), nl=False)
