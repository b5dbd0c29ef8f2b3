"""One name for one thing, in all packages; and the methods that authors may call."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from dhs_runtime import (
    Count,
    Device,
    Encoder,
    IonChamber,
    Motor,
    Move,
    PseudoMotor,
    Shutter,
    StringDevice,
)
from dhs_runtime.operation import Operation

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("dcs_codec", "dhs_runtime", "dhs_lab")

_KIND: Final = "a kind of device or message of the protocol, by the wire's own word"
_SIDES: Final = "a service: its client in the runtime, what stands in for it in the lab"
_COMMAND: Final = "a command of `dhs` is in a module of its name"
_SHARED_MODULES: Final = {
    "operation": _KIND,
    "detector": "messages of the X-ray detector, by the wire's word; the embedded loop detector",
    **dict.fromkeys(("automl", "axis"), _SIDES),
    **dict.fromkeys(
        ("demo", "devices", "dissector", "loop", "messages", "monitor", "run"), _COMMAND
    ),
    "cli": "each package has the commands of its own",
    "errors": "each package has the exceptions of its own",
    "config": "settings: of the runtime, of the loop DHS",
}
"""Modules that may share a name, and its common meaning."""

_ROOMS_OF_KINDS: Final = {
    *("dcs_codec/messages", "dcs_codec/gui_messages", "dhs_runtime/devices"),
    "dhs_lab/simulators/dcss",
}
"""A kind of device or message has its word in each."""

_SHARED_CLASSES: Final = {
    "StocSendClientType": "one keyword, of which each port of DCSS has a form of its own",
}

_TASK: Final = {
    *("abort", "abort_mode", "abort_reason", "aborted", "raise_if_aborted", "sleep", "wait"),
    *("complete", "deadline", "fail", "finished", "label", "log", "since", "state"),
}
_DEVICE: Final = {"kind", "name", "on", "registered"} | {
    *("asks", "commands", "registrations", "reports"),  # what a kind says of itself
}
_READABLE: Final = _DEVICE | {"on_read", "read", "report"}
_MOTOR: Final = _READABLE | {
    *("children", "config", "dependencies", "is_moving", "moved_elsewhere", "own_registration"),
    *("on_check", "on_configure", "on_move", "on_oscillation", "on_set_position"),
    *("on_vector_move", "position", "refusal", "words"),
}
_PUBLIC: Final = {
    Operation: _TASK | {"args", "args_text", "handle", "keep", "kept", "name", "update"},
    Move: _TASK
    | {"destination", "distance", "follow", "motor", "parts", "start", "time_s", "update"},
    Count: _TASK | {"is_repeated", "names", "report", "time_s"},
    Device: _DEVICE,
    Encoder: _READABLE | {"on_get", "on_set", "position"},
    IonChamber: _DEVICE | {"counts", "on_count"},
    Motor: _MOTOR,
    PseudoMotor: _MOTOR,
    Shutter: _READABLE | {"drive", "on_set", "opened", "state"},
    StringDevice: _READABLE | {"contents", "on_set", "set"},
}
"""The names for authors; all others are internal and have an underscore."""


def _modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def _named(tree: ast.Module) -> Iterator[str]:
    """The public classes and names for types of a module."""
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name):
                pass
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if name.isupper() or not name[0].isupper():  # constants, and all TypeVars
                    continue
            case _:
                continue
        if not name.startswith("_"):
            yield name


def test_no_two_public_classes_or_types_share_a_name() -> None:
    places = defaultdict(list)
    for path in _modules():
        for name in _named(ast.parse(path.read_text(encoding="utf-8"))):
            places[name].append(path.relative_to(ROOT).as_posix())
    shared = {name: found for name, found in places.items() if len(found) > 1}
    assert {name: found for name, found in shared.items() if name not in _SHARED_CLASSES} == {}


def test_no_module_name_means_two_things() -> None:
    places = defaultdict(list)
    for path in _modules():
        name = path.parent.name if path.stem == "__init__" else path.stem
        if name != "__main__":
            places[name].append(path.relative_to(ROOT).as_posix())
    shared = {
        name: found
        for name, found in places.items()
        if len(found) > 1 and not {str(Path(each).parent) for each in found} <= _ROOMS_OF_KINDS
    }
    assert {name: found for name, found in shared.items() if name not in _SHARED_MODULES} == {}
    assert set(_SHARED_MODULES) == set(shared), "those that share no name any more are struck out"


def test_the_word_normal_is_written_once() -> None:
    """In the codec's vocabulary; a literal elsewhere would be a second definition."""
    vocabulary = ROOT / "dcs_codec" / "vocabulary.py"
    written = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _modules()
        if path != vocabulary
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value == "normal"
    ]
    assert written == [], "compare with OperationStatus.NORMAL, or NORMAL of dhs_runtime.answers"


@pytest.mark.parametrize("kind", _PUBLIC, ids=lambda kind: kind.__name__)
def test_what_is_the_runtimes_own_has_an_underscore(kind: type) -> None:
    assigned = {
        node.attr
        for base in kind.__mro__
        if base.__module__.startswith("dhs_runtime")
        for node in ast.walk(_class_of(base))
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    public = {name for name in {*dir(kind), *assigned} if not name.startswith("_")}
    assert public == _PUBLIC[kind]


def _class_of(kind: type) -> ast.ClassDef:
    source = (ROOT / kind.__module__.replace(".", "/")).with_suffix(".py")
    found = [
        node
        for node in ast.parse(source.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__
    ]
    return found[0]
