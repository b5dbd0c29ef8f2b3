"""`dhs put`: sets a string, a shutter or an encoder."""

import click

from dcs_codec import ShutterState
from dhs_runtime.cli.device_names import names_of_kinds
from dhs_runtime.cli.gui_options import GuiFlags, gui_options
from dhs_runtime.cli.gui_output import CommandOutput, value_of
from dhs_runtime.client import (
    DcssClient,
    EncoderView,
    MotorView,
    ShutterView,
    StringView,
    View,
)
from dhs_runtime.errors import ConfigError


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("name", shell_complete=names_of_kinds("string", "shutter", "encoder"))
@click.argument("value")
@gui_options(timeout_help="Longest time for the answer.", takes_master=True)
def put(*, name: str, value: str, gui: GuiFlags, output: CommandOutput) -> None:
    """Set a string, open or close a shutter, or set the position that an encoder reports.

    The command waits until DCSS sends the new value, and shows the old and the new one. VALUE is
    one argument, so quote a string that has blanks. Motors are refused, so that a typing mistake
    cannot turn a goniometer; `dhs move` moves them.

    EXIT_CODES

    \b
    Examples:
        dhs put shutter open
        dhs put sampleName 'lysozyme 3'
        dhs put phi_encoder -1.5
    """  # noqa: D301 - click wants the sign itself
    with gui.connected() as dcss:
        old = dcss.view(name)
        _put(dcss, old, value, gui.timeout_s)
        before, after = value_of(old), value_of(dcss.view(name))
        output.put(
            f"Old: {name} {before}\nNew: {name} {after}",
            {"event": "put", "name": name, "kind": old.kind, "old": before, "new": after},
        )


def _put(dcss: DcssClient, view: View, value: str, timeout_s: float) -> None:
    match view:
        case StringView(name=name):
            dcss.set_string(name, value, timeout_s=timeout_s)
        case ShutterView(name=name):
            if value not in set(ShutterState):
                raise ConfigError(f"{name} is a shutter: open or closed is wanted, not {value!r}")
            dcss.set_shutter(name, value, timeout_s=timeout_s)
        case EncoderView(name=name):
            try:
                position = float(value)
            except ValueError:
                text = f"{name} is an encoder: a number is wanted, not {value!r}"
                raise ConfigError(text) from None
            dcss.set_encoder(name, position, timeout_s=timeout_s)
        case MotorView(name=name):
            raise ConfigError(f"{name} is a motor: use dhs move {name} {value}")
        case _:
            raise ConfigError(f"{view.name} is a {view.kind}, and cannot be set")
