"""A simulated DCSS with a hardware port and a GUI port, like a real one.

It has every kind of device of a real one. `SimulatedDcss` is the server. Its methods skip the rules
for GUIs; only `from_gui` obeys them. `HardwareHost.of` makes a small database, `load_dump` reads
one of a beamline. A `Fault` disturbs the wire. Import these modules separately: `shell` drives it
by lines of text, and `database_file` reads databases from YAML.

Its scripting engine refuses moves and aborts as a real one does; Python functions replace its
scripts. A `Verdict` says what would have made such scripts hang. It does not check whether a DHS
connects from the computer in the database.
"""

from dhs_lab.simulators.dcss import database
from dhs_lab.simulators.dcss.changes import Changes
from dhs_lab.simulators.dcss.circle import CircleMode
from dhs_lab.simulators.dcss.counting import CountingRun
from dhs_lab.simulators.dcss.database import *
from dhs_lab.simulators.dcss.dump import Dump, DumpProblem, load_dump, parse_dump
from dhs_lab.simulators.dcss.faults import Fault, FaultKind, Faults, StandingFault
from dhs_lab.simulators.dcss.gui_port.gui_client import GuiSession
from dhs_lab.simulators.dcss.gui_port.gui_settings import Display, GuiSettings, Rights
from dhs_lab.simulators.dcss.gui_port.local_gui import GuiRefusedError
from dhs_lab.simulators.dcss.judge import Verdict, VerdictKind
from dhs_lab.simulators.dcss.move_runs import MoveCompletion, MoveRun, VectorRun
from dhs_lab.simulators.dcss.reports import (
    EncoderReport,
    IonChamberReport,
    PositionReport,
    ShutterReport,
    StringReport,
)
from dhs_lab.simulators.dcss.runs import Completion, OperationRun, ReportRun
from dhs_lab.simulators.dcss.scripting_engine.script import Script
from dhs_lab.simulators.dcss.scripting_engine.script_wait import ScriptError
from dhs_lab.simulators.dcss.server import SimulatedDcss
from dhs_lab.simulators.dcss.traffic import Traffic, TrafficLine

__all__ = [
    "Changes",
    "CircleMode",
    "Completion",
    "CountingRun",
    "Display",
    "Dump",
    "DumpProblem",
    "EncoderReport",
    "Fault",
    "FaultKind",
    "Faults",
    "GuiRefusedError",
    "GuiSession",
    "GuiSettings",
    "IonChamberReport",
    "MoveCompletion",
    "MoveRun",
    "OperationRun",
    "PositionReport",
    "ReportRun",
    "Rights",
    "Script",
    "ScriptError",
    "ShutterReport",
    "SimulatedDcss",
    "StandingFault",
    "StringReport",
    "Traffic",
    "TrafficLine",
    "VectorRun",
    "Verdict",
    "VerdictKind",
    "load_dump",
    "parse_dump",
]
__all__ += database.__all__  # the kinds of devices
