"""`IonChambers`: how the scripting engine reads counts: host by host, and only once.

Source: ion_chamber.tcl, confirmed on the wire
"""

from collections.abc import Callable
from typing import Final

from dhs_lab.simulators.dcss.asking import Runs
from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE, Database
from dhs_lab.simulators.dcss.entries import IonChamberEntry
from dhs_runtime.lowlevel import NotConnectedError

NOT_SIMULATED: Final = "not_simulated"
"""The status of a command that a script of a real engine would carry out."""
_USAGE: Final = "wrong # args: should be  stoh_read_ion_chambers time poll ?arg ...?"
_LEAST: Final = 3


class IonChambers:
    """Forwards a GUI's command."""

    def __init__(
        self,
        database: Database,
        tell: Callable[[str], None],
        forward: Callable[[str, str], Runs],
    ) -> None:
        self._database = database
        self._tell = tell
        self._forward = forward

    def read(self, text: str) -> Runs | None:
        """Let each host read its ion chambers; returns the runs, None if no host does.

        `text` is the GUI's, with the keyword for a DHS.
        """
        words = text.split()
        if len(words) < _LEAST:
            unhandled = "Unhandled error in scripting engine"
            shown = f"{_USAGE}  while processing {text.strip()}"
            self._tell(f"stog_log software_severe server {unhandled} {shown}")
            return None
        _, time_s, _, *names = words
        owners = {name: self._database.owner(name) for name in names}
        foreign = next((name for name in names if owners[name] != SCRIPTING_ENGINE), None)
        if foreign is not None:
            self._tell(f"stog_log note server {foreign} not on self")
        self._tell(f"stog_log note server allInSelf {foreign is None:d}")
        wrong = next((name for name in names if not self._is_ion_chamber(name)), None)
        if not names:
            self._tell(f"stog_report_ion_chambers {time_s}")
            return {}
        if foreign is None:
            self._tell(" ".join(("stog_report_ion_chambers 0", *names, NOT_SIMULATED)))
            return None
        if wrong is not None:
            reason = "type_not_ion_chamber" if owners[wrong] else "not_exist"
            self._tell(f"stog_log warning server ion chamber reading error: {reason}")
            return None
        asked = [
            self._ask(host, time_s, [name for name in names if owners[name] == host])
            for host in dict.fromkeys(owners.values())
        ]
        return {run: keys for runs in asked for run, keys in runs.items()} or None

    def _ask(self, host: str, time_s: str, names: list[str]) -> Runs:
        shown = " ".join(names)
        try:
            return self._forward(host, f"stoh_read_ion_chambers {time_s} 0 {shown}")
        except NotConnectedError:
            self._tell(f"stog_report_ion_chambers 0  {shown} hardware_offline")
            return {}

    def _is_ion_chamber(self, name: str) -> bool:
        found = self._database.find(name)
        return found is not None and isinstance(found[1], IonChamberEntry)
