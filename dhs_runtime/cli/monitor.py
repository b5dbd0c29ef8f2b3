"""`dhs monitor`: what happens to devices, as it happens."""

from datetime import datetime

import click

from dhs_runtime.cli.device_names import chosen, names_of_kinds
from dhs_runtime.cli.gui_options import GuiFlags, gui_options
from dhs_runtime.cli.gui_output import CommandOutput, as_object, value_of, words_of
from dhs_runtime.client import Change, ClientState, DcssClient, HostView, View
from dhs_runtime.clock import LONGEST_S, Deadline

_GAP = "disconnected"


@click.command()
@click.argument(
    "names", metavar="NAME...", nargs=-1, required=True, shell_complete=names_of_kinds()
)
@click.option(
    "--for",
    "seconds",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True, max=LONGEST_S),
    help="End after so many seconds.  [default: never]",
)
@gui_options()
def monitor(
    *, names: tuple[str, ...], seconds: float | None, gui: GuiFlags, output: CommandOutput
) -> None:
    """Show devices, strings, operations and hardware hosts now, and whenever they change.

    A line has the time, the name, the value, and `moving`, `offline` or `disconnected` where that
    is so. It goes on when DCSS comes back: the lines between `disconnected` and the next are a gap.
    NAME may have * and ? in it. Ctrl-C ends it.

    EXIT_CODES

    \b
    Examples:
        dhs monitor gonio_phi shutter
        dhs monitor '*' --json
        dhs monitor gonio_phi --for 60
    """  # noqa: D301 - click wants the sign itself
    with gui.connected() as dcss:
        wanted = [dcss.view(name).name for name in chosen(names, dcss.views())]
        end = None if seconds is None else Deadline.after(seconds)
        shown = _Shown(dcss, output, wanted)
        hosts = [view.name for view in dcss.views() if isinstance(view, HostView)]
        with dcss.watch(*wanted, *hosts, ClientState) as seen:
            shown.all_now("value")
            while end is None or not end.passed:
                for event in seen.until(LONGEST_S if end is None else end.remaining()):
                    shown.take(event)


class _Shown:
    """What was shown of the devices that are wanted."""

    def __init__(self, dcss: DcssClient, output: CommandOutput, names: list[str]) -> None:
        self._dcss = dcss
        self._output = output
        self._names = names
        self._is_ready = True

    def take(self, event: object) -> None:
        if isinstance(event, ClientState):
            self._stands(event)
        elif isinstance(event, Change) and self._is_ready and event.after is not None:
            if event.name in self._names:
                self._show(event.after, "value")
            if isinstance(event.after, HostView):
                for view in self._known():
                    if getattr(view, "host", None) == event.name:
                        self._show(view, "value")

    def _stands(self, state: ClientState) -> None:
        if state is ClientState.REFUSED:
            self._dcss.wait_ready(0)
        if state is ClientState.READY:
            self._is_ready = True
            self.all_now("connected")
        elif self._is_ready:
            self._is_ready = False
            for view in self._known():
                self._show(view, _GAP)

    def all_now(self, event: str) -> None:
        for view in self._known():
            self._show(view, event)

    def _known(self) -> list[View]:
        known = {view.name: view for view in self._dcss.views()}
        return [known[name] for name in self._names if name in known]

    def _show(self, view: View, event: str) -> None:
        now = datetime.now().astimezone()
        is_online = self._dcss.is_online(view)
        words = _GAP if event == _GAP else words_of(view, is_online=is_online)
        line = (f"{now:%H:%M:%S}.{now.microsecond // 1000:03}", view.name, value_of(view), words)
        head = {"time": now.isoformat(timespec="milliseconds"), "event": event}
        self._output.put(" ".join(filter(None, line)), head | as_object(view, is_online=is_online))
