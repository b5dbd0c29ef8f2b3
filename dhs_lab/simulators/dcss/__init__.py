"""A simulated DCSS: hardware port and GUI port, as the protocol's facts have them.

It knows every kind of device of a real one. `SimulatedDcss` is the server and the hand that drives
it in place of GUIs, `from_gui` takes a GUI's own words; `HardwareHost.of` makes a small database,
`load_dump` reads a beamline's.
`Fault`s make the wire go wrong. With modules of their own: `shell` drives it by lines of text, and
`database_file` reads databases from YAML.

Its scripting engine refuses moves and aborts as a real one does; Python functions stand for its
scripts. A `Verdict` says what such scripts would have hung on. Not simulated: whether a DHS calls
from the computer the database names.
"""

from dhs_lab.simulators.dcss.changes import Changes
from dhs_lab.simulators.dcss.circle import CircleMode
from dhs_lab.simulators.dcss.counting import CountingRun
from dhs_lab.simulators.dcss.database import HardwareHost
from dhs_lab.simulators.dcss.dump import Dump, DumpProblem, load_dump, parse_dump
from dhs_lab.simulators.dcss.entries import (
    EncoderEntry,
    IonChamberEntry,
    ObjectEntry,
    OperationEntry,
    ShutterEntry,
    StringEntry,
)
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.dcss.faults import Fault, FaultKind, Faults, StandingFault
from dhs_lab.simulators.dcss.gui_path import from_gui
from dhs_lab.simulators.dcss.gui_port.gui_client import GuiSession
from dhs_lab.simulators.dcss.gui_port.gui_settings import Display, GuiSettings, Rights
from dhs_lab.simulators.dcss.judge import Verdict, VerdictKind
from dhs_lab.simulators.dcss.motors import PseudoMotorEntry, RealMotorEntry
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
    "EncoderEntry",
    "EncoderReport",
    "Entry",
    "Fault",
    "FaultKind",
    "Faults",
    "GuiSession",
    "GuiSettings",
    "HardwareHost",
    "IonChamberEntry",
    "IonChamberReport",
    "MoveCompletion",
    "MoveRun",
    "ObjectEntry",
    "OperationEntry",
    "OperationRun",
    "PositionReport",
    "PseudoMotorEntry",
    "RealMotorEntry",
    "ReportRun",
    "Rights",
    "Script",
    "ScriptError",
    "ShutterEntry",
    "ShutterReport",
    "SimulatedDcss",
    "StandingFault",
    "StringEntry",
    "StringReport",
    "Traffic",
    "TrafficLine",
    "VectorRun",
    "Verdict",
    "VerdictKind",
    "from_gui",
    "load_dump",
    "parse_dump",
]
