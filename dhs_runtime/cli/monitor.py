"""`dhs monitor`: shows changes of devices when they happen."""

import math
from datetime import datetime

import click

from dhs_runtime.cli.device_names import chosen, names_of_kinds
from dhs_runtime.cli.gui_options import GuiFlags, SecondsOption, gui_options
from dhs_runtime.cli.gui_output import CommandOutput, as_object, value_of, words_of
from dhs_runtime.client import Change, ClientState, DcssClient, HostView, NoDeviceError, View
from dhs_runtime.clock import Deadline

_GAP = "disconnected"
_GONE = "gone"


@click.command()
@click.argument(
    "names", metavar="NAME...", nargs=-1, required=True, shell_complete=names_of_kinds()
)
@click.option(
    "--for",
    "seconds",
    metavar="SECONDS",
    type=SecondsOption(),
    help="End after this many seconds.  [default: never]",
)
@gui_options()
def monitor(
    *, names: tuple[str, ...], seconds: float | None, gui: GuiFlags, output: CommandOutput
) -> None:
    """Show devices, strings, operations and hardware hosts now, and whenever they change.

    A line has the time, the name, the value, and `moving`, `offline` or `disconnected` if it
    applies. The command continues when DCSS is back; it misses changes between `disconnected` and
    the next line. A device that DCSS no longer has is `gone`. NAME may contain * and ?. Ctrl-C ends
    the command.

    EXIT_CODES

    \b
    Examples:
        dhs monitor gonio_phi shutter
        dhs monitor '*' --json
        dhs monitor gonio_phi --for 60
    """  # noqa: D301 - click wants the sign itself
    with gui.connected() as dcss:
        for name in chosen(names, dcss.views()):
            dcss.view(name)
        end = Deadline.after(math.inf if seconds is None else seconds)
        word = "value"
        while not end.passed:
            shown = _Shown(dcss, output, names)
            with dcss.watch(*shown.what(), ClientState) as seen:
                shown.all_now(word if dcss.epoch else _GAP)
                for event in seen.until(math.inf if seconds is None else end.remaining()):
                    if event is ClientState.READY:  # perhaps with other devices
                        word = "connected"
                        break
                    shown.take(event)


class _Shown:
    """Shows the devices whose names match, and their changes."""

    def __init__(self, dcss: DcssClient, output: CommandOutput, names: tuple[str, ...]) -> None:
        self._dcss = dcss
        self._output = output
        self._names = dict.fromkeys(chosen(names, dcss.views()))
        self._is_ready = dcss.epoch != 0

    def what(self) -> list[str]:
        """The names to watch: also those of the hosts, because a device may go offline."""
        return [*self._names, *self._dcss.hosts]

    def take(self, event: object) -> None:
        if isinstance(event, ClientState):
            self._stands(event)
        elif isinstance(event, Change) and self._is_ready and event.after is not None:
            if event.name in self._names:
                self._show(event.after, "value")
            if isinstance(event.after, HostView):
                for view in self._dcss.views():
                    if view.name in self._names and getattr(view, "host", None) == event.name:
                        self._show(view, "value")

    def _stands(self, state: ClientState) -> None:
        if state is ClientState.REFUSED:
            self._dcss.wait_ready(0)
        if self._is_ready:
            self._is_ready = False
            self.all_now(_GAP)

    def all_now(self, event: str) -> None:
        for name in self._names:
            try:
                self._show(self._dcss.view(name), event)
            except NoDeviceError:
                self._put(_GONE, (name, _GONE), {"name": name})

    def _show(self, view: View, event: str) -> None:
        is_online = self._dcss.is_online(view)
        words = _GAP if event == _GAP else words_of(view, is_online=is_online)
        line = (view.name, value_of(view), words)
        self._put(event, line, as_object(view, is_online=is_online))

    def _put(self, event: str, line: tuple[str, ...], found: dict[str, object]) -> None:
        now = datetime.now().astimezone()
        time = f"{now:%H:%M:%S}.{now.microsecond // 1000:03}"
        head = {"time": now.isoformat(timespec="milliseconds"), "event": event}
        self._output.put(" ".join(filter(None, (time, *line))), head | found)
