"""The main job on one machine: the loop DHS at work for three simulated peers (extra `sim`)."""

from dhs_lab.demo.beamline import DemoBeamline, DemoSettings
from dhs_lab.demo.evaluation import Evaluation, FrameResult, evaluate
from dhs_lab.demo.report import print_report, write_pictures

__all__ = [
    "DemoBeamline",
    "DemoSettings",
    "Evaluation",
    "FrameResult",
    "evaluate",
    "print_report",
    "write_pictures",
]
