"""`LocalGui`: a GUI inside the process, in place of one with a connection.

The page, the prompt and `SimulatedDcss.from_gui` use it, so the same rules apply to all of them.
"""

from collections.abc import Iterable
from typing import Any, Final

from dhs_lab.simulators.dcss.asking import Runs
from dhs_lab.simulators.dcss.counting import CountingRun
from dhs_lab.simulators.dcss.gui_port.audience import Audience
from dhs_lab.simulators.dcss.gui_port.desk import Desk
from dhs_lab.simulators.dcss.gui_port.gui_client import GuiClient, Party
from dhs_lab.simulators.dcss.gui_port.gui_settings import Display, Rights
from dhs_lab.simulators.dcss.move_runs import MoveRun, VectorRun
from dhs_lab.simulators.dcss.runs import OperationRun, ReportRun
from dhs_runtime.lowlevel import DhsError

GuiRun = MoveRun | VectorRun | OperationRun | CountingRun | ReportRun[Any]

_PARTY: Final = Party(user="local", session="local", host="localhost", display=":0.0")
NOT_EXIST: Final = "not_exist"
_UNHANDLED: Final = " while processing stoh_"  # of a command, not of a message to GUIs
_STATUS_AT: Final = {
    "stog_motor_move_completed": 3,
    "stog_operation_completed": 3,
    "stog_report_shutter_state": 3,
    "stog_get_encoder_completed": 3,
    "stog_set_encoder_completed": 3,
    "stog_set_string_completed": 2,
}
"""Number of the words before the status."""


class GuiRefusedError(DhsError):
    """DCSS or its scripting engine refused a command of a GUI; the text has their words.

    Attributes:
        status: The status of the completion; `error` if the refusal has none.
    """

    def __init__(self, text: str, status: str) -> None:
        super().__init__(text)
        self.status = status


class LocalGui(GuiClient):
    """A client of the staff that is local and master, for one command.

    Attributes:
        told: What it and all clients were told.
    """

    def __init__(self, client_id: int, told: list[str]) -> None:
        super().__init__(client_id, _PARTY, Rights(), Display("LOCAL"))
        self.is_master = True
        self.told = told

    def tell(self, text: str) -> None:
        """Keep a text."""
        self.told.append(text)


def carry_out(desk: Desk, audience: Audience, text: str, client_id: int) -> GuiRun | None:
    """Carry out a command as for a client; returns its run, None if no answer is expected.

    Raises:
        GuiRefusedError: It was refused, or the scripting engine could not evaluate it.
    """
    with audience.overheard() as told:
        begun = desk.take(LocalGui(client_id, told), text)
    if begun is None or any(_UNHANDLED in each for each in told):
        refused = refusal(told)
        for run in begun or ():
            run.fail(refused.status)
        raise refused
    return together(begun)


def refusal(told: Iterable[str]) -> GuiRefusedError:
    """The refusal in these texts: the status, and the lines of the log."""
    statuses, lines = [], []
    for text in told:
        keyword, *words = text.split()
        if keyword == "stog_log" and words[:1] != ["note"]:
            lines.append(" ".join(words[2:]))
        elif keyword == "stog_report_ion_chambers":
            statuses += words[-1:]
        elif keyword in _STATUS_AT:
            status = text.split(None, _STATUS_AT[keyword])[_STATUS_AT[keyword] :]
            keeps = 1 if keyword == "stog_set_string_completed" else None
            statuses.append(" ".join(" ".join(status).split()[:keeps]).strip("{}"))
        elif keyword.startswith(("stog_no_", "stog_become_slave")):
            lines.append(" ".join((keyword.removeprefix("stog_"), *words)))
    reasons = dict.fromkeys((*statuses, *lines))
    return GuiRefusedError("; ".join(reasons) or "refused", next(iter(statuses), "error"))


def together(runs: Runs) -> GuiRun | None:
    """The runs of one command as one; None if there are none."""
    found = tuple(runs)
    moves = [run for run in found if isinstance(run, MoveRun)]
    if len(moves) > 1:
        return VectorRun(tuple(moves))
    if any(key[0] == "ion_chamber" for keys in runs.values() for key in keys):
        return CountingRun(run for run in found if isinstance(run, ReportRun))
    (run,) = found or (None,)
    assert run is None or isinstance(run, MoveRun | OperationRun | ReportRun)  # noqa: S101 - by `asking`
    return run
