"""The demo: the loop DHS with three simulated peers on one machine (extra `sim`)."""

from dhs_lab.demo.beamline import DemoBeamline, DemoSettings
from dhs_lab.demo.evaluation import Evaluation, FrameResult, evaluate
from dhs_lab.demo.hard_pictures import HardPicture, hard_pictures
from dhs_lab.demo.judging import HardResult, judged
from dhs_lab.demo.report import print_report, write_pictures

__all__ = [
    "DemoBeamline",
    "DemoSettings",
    "Evaluation",
    "FrameResult",
    "HardPicture",
    "HardResult",
    "evaluate",
    "hard_pictures",
    "judged",
    "print_report",
    "write_pictures",
]
