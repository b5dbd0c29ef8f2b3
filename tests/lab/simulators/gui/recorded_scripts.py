"""The scripts of the recorded beamline: small operations, two slits of two blades, as functions."""

import threading
from collections.abc import Mapping
from typing import Final

from dhs_lab.simulators.dcss import Script, ScriptError, SimulatedDcss

MAY_GO_ON: Final = threading.Event()
"""A script pauses until it is set, so that no client has to be quick."""
HAS_BLOCKED: Final = threading.Event()
_NEAR = 0.001
_BLOCK_S = 1.5


def add_scripts(dcss: SimulatedDcss) -> None:
    """Give a simulated DCSS what the recorded engine had."""
    for name, function in OPERATIONS.items():
        dcss.scripted(name)(function)
    Slit(dcss)


def _op_self(script: Script) -> str:
    script.update(f"started {script.text}")
    _pause(script)
    script.update("halfway")
    _pause(script)
    return f"result of opSelf {script.text}"


def _pause(script: Script) -> None:
    while not MAY_GO_ON.is_set():
        script.wait_s(0.01)


def _fail(script: Script) -> str:
    raise ScriptError(f"it failed because {{of {script.text}}}")


def _move(script: Script) -> str:
    motor, position = script.args
    return f"now at {script.move(motor, position):f}"


def _operation(script: Script) -> str:
    name, *args = script.args
    return f"normal {script.run_operation(name, text=' '.join(args))}"


def _misc(script: Script) -> str:
    what, *args = script.args
    if what == "shutter":
        script.set_shutter(args[0], "open")
    elif what == "encoder":
        return f"{script.get_encoder(args[0]):g}"
    elif what == "string":
        script.set_string(args[0], " ".join(args[1:]))
    elif what == "set":
        script.set_position(args[0], float(args[1]))
    elif what == "logs":
        for level, text in _LOGS.items():
            script.log(text, level)
    elif what == "stop":
        while not script.is_stopped:
            script.wait_s(0.01)
        return "stopped at 6"
    elif what == "block":
        with script.block_motors():
            HAS_BLOCKED.set()
            script.wait_s(_BLOCK_S)
            _pause(script)
    return "done"


_LOGS: Mapping[str, str] = {
    "note": "a note",
    "warning": "a warning",
    "error": "an error",
    "severe": "severe one",
}

OPERATIONS = {
    "opSelf": _op_self,
    "opSelfFail": _fail,
    "opSelfMove": _move,
    "opSelfOp": _operation,
    "opSelfMisc": _misc,
}


class Slit:
    """Centre and gap of two blades; each keeps what the other was last told."""

    def __init__(self, dcss: SimulatedDcss) -> None:
        self._targets: dict[str, float] = {}
        self._restored = ""
        blades = ("slit_upper", "slit_lower")
        dcss.pseudo_motor(
            "slit_vert",
            blades,
            lambda upper, lower: (upper + lower) / 2,
            configure=lambda script, place: self._call(script, place, self._gap(script)),
        )(self._move_centre)
        dcss.pseudo_motor(
            "slit_vert_gap",
            blades,
            lambda upper, lower: upper - lower,
            configure=lambda script, gap: self._call(script, self._centre(script), gap),
        )(self._move_gap)

    def _move_centre(self, script: Script, to: float) -> None:
        self._targets["slit_vert"] = to
        self._restore(script, "slit_vert_gap")
        gap = self._gap(script)
        script.move_many({"slit_upper": to + gap / 2, "slit_lower": to - gap / 2})

    def _move_gap(self, script: Script, to: float) -> None:
        self._targets["slit_vert_gap"] = to
        self._restore(script, "slit_vert")
        centre = self._targets.get("slit_vert", self._centre(script))
        script.move_many({"slit_upper": centre + to / 2, "slit_lower": centre - to / 2})

    def _restore(self, script: Script, sibling: str) -> None:
        """Drive the sibling back to where it was last sent, if it is elsewhere."""
        target = self._targets.get(sibling)
        is_off = target is not None and abs(script.position(sibling) - target) > _NEAR
        if target is not None and is_off and self._restored != script.name:
            self._restored = sibling
            try:
                script.move(sibling, target)
            finally:
                self._restored = ""

    @staticmethod
    def _call(script: Script, centre: float, gap: float) -> None:
        script.set_position("slit_upper", centre + gap / 2)
        script.set_position("slit_lower", centre - gap / 2)

    @staticmethod
    def _gap(script: Script) -> float:
        return script.position("slit_upper") - script.position("slit_lower")

    @staticmethod
    def _centre(script: Script) -> float:
        return (script.position("slit_upper") + script.position("slit_lower")) / 2
