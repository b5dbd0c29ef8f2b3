"""Writes the diagrams of `explanations/architecture.md`, who imports whom, from the sources.

make docs-tables
"""

import re
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # for the test that holds the imports

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

PAGE: Final = Path(__file__).with_name("explanations") / "architecture.md"

Graph = dict[str, set[str]]


def render() -> str:
    """The page with its diagrams as the sources want them now; the rest is kept as it is."""
    page = PAGE.read_text(encoding="utf-8")
    for name, made in diagrams().items():
        begin, end = (
            f"<!-- {name}: written by docs/generate_imports.py -->",
            f"<!-- {name}: end -->",
        )
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"{PAGE.name} has no place for {name}: write {begin} and {end}")
        page = f"{before}{begin}\n\n{made}\n\n{end}{after}"
    return page


def diagrams() -> dict[str, str]:
    """Every diagram, by the name of its place in the page."""
    extras = {name.rpartition(".")[2] for name in EXTRAS}
    return {
        "imports": diagram("The three packages and their rooms", rooms()),
        "imports-codec": diagram("Rooms of dcs_codec", codec_graph(), dashed=extras),
        "imports-core": diagram("Rooms of the core of dhs_runtime", core_graph()),
    }


def diagram(title: str, graph: Graph, dashed: Collection[str] = ()) -> str:
    """A flowchart of mermaid: an arrow from each name to what it needs.

    An arrow is left out where a longer way leads to the same place.
    """
    arrows = reduced(graph)
    lines = ["flowchart TD", f"    accTitle: {title}"]
    lines += [f'    {node(name)}["{name}"]' for name in sorted(graph)]
    for name in sorted(graph):
        lines += [f"    {node(name)} --> {node(needed)}" for needed in sorted(arrows[name])]
    lines += [f"    style {node(name)} stroke-dasharray: 5 4" for name in sorted(dashed)]
    return "\n".join(("```mermaid", *lines, "```"))


def node(name: str) -> str:
    """A name that mermaid does not use itself, as it does `link` and `end`."""
    return "room_" + re.sub(r"\W", "_", name)


def reduced(graph: Graph) -> Graph:
    """The graph without the arrows that a longer way makes unnecessary."""
    reach: Graph = {}

    def of(name: str) -> set[str]:
        if name not in reach:
            reach[name] = graph[name].union(*(of(each) for each in graph[name]))
        return reach[name]

    return {
        name: {each for each in needs if not any(each in of(other) for other in needs)}
        for name, needs in graph.items()
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


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
