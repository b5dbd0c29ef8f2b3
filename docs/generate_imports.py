"""Draws who imports whom, for `explanations/architecture.md`, from the sources.

make docs-tables
"""

import functools
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]  # for the test that holds the imports, for drawing

from drawing import layered  # noqa: E402

from tests.test_architecture import (  # noqa: E402
    CODEC,
    CORE,
    EXTRAS,
    LAB,
    RUNTIME,
    WINGS,
    Source,
    needed_by,
)

IMAGES: Final = Path(__file__).with_name("images")

Graph = dict[str, set[str]]


def pictures() -> dict[Path, str]:
    """Every picture, by the file it is kept in."""
    extras = {name.rpartition(".")[2]: "end" for name in EXTRAS}
    plain = {f"dhs_runtime.{wing}": "plain" for wing in WINGS}
    colours = {**plain, "core": "good", "dcs_codec": "wait"}
    return {
        IMAGES / "imports.svg": layered("The three packages and their rooms", rooms(), colours),
        IMAGES / "imports-codec.svg": layered("Rooms of dcs_codec", codec_graph(), extras),
        IMAGES / "imports-core.svg": layered("Rooms of dhs_runtime's core", core_graph(), {}),
    }


def rooms() -> Graph:
    """The codec, the runtime's core and wings, and the rooms of the lab."""
    graph = grouped([*RUNTIME, *LAB], of_package, across=True)
    return {**graph, "core": {"dcs_codec"}, "dcs_codec": set()}


def of_package(module: str) -> str:
    """A room of the runtime or of the lab; `lowlevel` is a door and counts as the core."""
    package, name = module.split(".", maxsplit=1)[0], room(module)
    if package == "dcs_codec" or not name:
        return "core" if package == "dhs_runtime" else package
    return f"{package}.{name}" if package == "dhs_lab" or name in WINGS else "core"


def codec_graph() -> Graph:
    """The modules of the codec, those of messages as one."""
    return grouped(CODEC, room)


def core_graph() -> Graph:
    """The modules of the core, those of devices as one."""
    return grouped(CORE, room)


def room(module: str) -> str:
    """The second part of a module's name."""
    return module.split(".")[1] if "." in module else ""


def grouped(
    sources: Iterable[Source], group: Callable[[str], str], *, across: bool = False
) -> Graph:
    """Who needs whom among groups of modules; a package's own `__init__` is left out."""
    graph: Graph = {}
    for source in sources:
        if "." not in source.module:
            continue
        needs = graph.setdefault(group(source.module), set())
        found = needed_by(source, across=across)
        needs.update(group(needed) for needed in found if across or "." in needed)
    return {name: needs - {name} for name, needs in graph.items()}


write = functools.partial(Path.write_text, encoding="utf-8")

if __name__ == "__main__":
    for path, text in pictures().items():
        write(path, text)
