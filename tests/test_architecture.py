"""Checks imports and lengths of files, from the sources."""

import ast
import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import attrs
import pytest

import dcs_codec
import dcs_codec.gui

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("dcs_codec", "dhs_runtime", "dhs_lab")
WINGS: Final = (
    "cli",
    "client",
    "loop",
    "process",
    "services",
)
DOOR: Final = "lowlevel"
CODEC_MAY_IMPORT: Final = {
    "abc",
    "attrs",
    "base64",
    "cattrs",
    "collections",
    "decimal",
    "enum",
    "functools",
    "json",
    "linecache",
    "math",
    "operator",
    "re",
    "types",
    "typing",
}
"""Besides itself: modules of values and nothing that does I/O. Sources are entered in `linecache`,
and never read from there."""

CORE_MAY_IMPORT: Final = {*sys.stdlib_module_names, "attrs", "cattrs", "dcs_codec", "dhs_runtime"}
MAX_FILE_LINES: Final = 420
MAX_FUNCTION_LINES: Final = 60


@attrs.frozen
class Import:
    """One imported thing: `from module import name`, or `import module` where name is "".

    Also what is taken from the codec by its full name, `dcs_codec.gui.NAME`.
    """

    module: str
    name: str
    line: int


@attrs.frozen
class Source:
    """One module of ours."""

    module: str
    path: Path

    def __str__(self) -> str:
        return self.module

    @property
    def tree(self) -> ast.Module:
        """What it says, parsed."""
        return parsed(self.path)

    @property
    def is_package(self) -> bool:
        """Whether the file is the `__init__` of a package."""
        return self.path.name == "__init__.py"

    def imports(self) -> tuple[Import, ...]:
        """Everything imported anywhere in the file, inside functions too."""
        return imports_of(self)

    def absolute(self, node: ast.ImportFrom) -> str:
        """The module that `from ... import` names, dots resolved."""
        if not node.level:
            return node.module or ""
        keep = len(self.module.split(".")) - node.level + self.is_package
        return ".".join([*self.module.split(".")[:keep], *filter(None, [node.module])])


def sources(package: str) -> list[Source]:
    """The modules of a package, by name."""
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Source(module, path))
    return found


@functools.cache
def imports_of(source: Source) -> tuple[Import, ...]:
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, "", node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = source.absolute(node)
            found += [Import(module, alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.Attribute) and (module := codec_module(node.value)):
            found.append(Import(module, node.attr, node.lineno))
    return tuple(found)


def codec_module(node: ast.expr) -> str:
    """`dcs_codec` or a module in it, if that is what an expression names, else ""."""
    match node:
        case ast.Name(id="dcs_codec") | ast.Attribute(value=ast.Name(id="dcs_codec")):
            return ast.unparse(node)
    return ""


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), path)


CODEC: Final = sources("dcs_codec")
EXTRAS: Final = {
    "dcs_codec.converter",
    "dcs_codec.hypothesis_plugin",
    "dcs_codec.interchange",
    "dcs_codec.strategies",
}
"""Modules of the codec that it never imports itself, since they cost or need more."""
CODEC_BY_NAME: Final = frozenset({"dcs_codec.catalogue", "dcs_codec.interchange"})
"""Public modules of the codec that its package does not import, since most programs need neither
cattrs nor tables; the tools show messages as JSON and the catalogue as a table."""
LIMITS: Final = "dcs_codec.limits"
"""Public by this name: what the C side takes."""
PURE: Final = [source for source in CODEC if source.module not in EXTRAS]
RUNTIME: Final = sources("dhs_runtime")
CORE_FOLDERS: Final = (ROOT / "dhs_runtime", ROOT / "dhs_runtime" / "devices")
CORE: Final = [
    source for source in RUNTIME if source.path.parent in CORE_FOLDERS and source.path.stem != DOOR
]
LAB: Final = sources("dhs_lab")
LAB_MAY_IMPORT: Final = (
    "dhs_runtime",
    f"dhs_runtime.{DOOR}",
    "dhs_runtime.cli",
    "dhs_runtime.client",
    "dhs_runtime.loop",
    "dhs_runtime.services",
    "dhs_runtime.services.automl",
    "dhs_runtime.services.axis",
)
"""Modules of the runtime that the lab may import: commands, the loop DHS, the clients."""
MODULES: Final = {source.module for source in (*CODEC, *RUNTIME, *LAB)}


def test_the_sources_are_found() -> None:
    assert {"dcs_codec", "dcs_codec.messages", "dcs_codec.messages.string"} <= MODULES
    assert {"dhs_runtime", "dhs_runtime.app"} <= {source.module for source in CORE}
    wings = {source.module.split(".")[1] for source in RUNTIME if source not in CORE}
    assert wings <= {*WINGS, DOOR}, "a new wing: name it above"
    assert {"dhs_lab.simulators", "dhs_lab.tools", "dhs_lab.testing"} <= MODULES


def test_the_codec_imports_values_only() -> None:
    for source in CODEC:
        for_tests = set() if source in PURE else {"hypothesis", "sys"}
        for found in source.imports():
            allowed = {"dcs_codec", *CODEC_MAY_IMPORT, *for_tests}
            assert top(found.module) in allowed, at(source, found)


def test_the_codec_does_without_its_extras() -> None:
    for source in PURE:
        for found in source.imports():
            named = {found.module, f"{found.module}.{found.name}"}
            assert not named & EXTRAS, at(source, found)


def test_the_core_imports_no_wing_and_no_third_party() -> None:
    wings = {f"dhs_runtime.{wing}" for wing in WINGS}
    for source in CORE:
        for found in source.imports():
            assert top(found.module) in CORE_MAY_IMPORT, at(source, found)
            named = {found.module, f"{found.module}.{found.name}"}
            assert not {".".join(name.split(".")[:2]) for name in named} & wings, at(source, found)


def test_the_runtime_does_without_the_lab() -> None:
    for source in RUNTIME:
        for found in source.imports():
            assert top(found.module) != "dhs_lab", at(source, found)


def test_the_lab_comes_in_by_the_doors_of_the_runtime() -> None:
    for source in LAB:
        for found in source.imports():
            if top(found.module) == "dhs_runtime":
                doors = [door for door in LAB_MAY_IMPORT if is_in(found.module, door)]
                assert doors, f"{at(source, found)}; name it in dhs_runtime.{DOOR}"


def is_in(module: str, door: str) -> bool:
    """Whether the module is the door, or behind one whose rooms stand open."""
    open_door = door in ("dhs_runtime.cli", "dhs_runtime.loop")
    return module == door or (open_door and module.startswith(f"{door}."))


def test_public_names_of_the_codec_are_used() -> None:
    for source in (*RUNTIME, *LAB):
        allowed = {LIMITS, *(CODEC_BY_NAME if source in LAB else ())}
        for found in source.imports():
            if found.module == "dcs_codec.gui":
                assert found.name in vars(dcs_codec.gui)["__all__"], at(source, found)
            elif top(found.module) == "dcs_codec" and found.module not in allowed:
                assert found.module == "dcs_codec", at(source, found)
                assert found.name in (*vars(dcs_codec)["__all__"], "gui", ""), at(source, found)


def at(source: Source, found: Import) -> str:
    """Where an import is, for a message."""
    return f"{source}, line {found.line}: {found.name} of {found.module}"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_import_cycles(package: str) -> None:
    graph = {source.module: set(needed_by(source)) for source in sources(package)}
    assert any(graph.values())
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"import cycle: {' <- '.join(error.args[1])}")
    assert set(order) >= set(graph)


def needed_by(source: Source, *, across: bool = False) -> Iterator[str]:
    """Modules of its package, or `across` all of ours, that a module imports.

    A package counts where a name comes out of it.
    """
    for found in source.imports():
        inner = f"{found.module}.{found.name}"
        needed = inner if inner in MODULES else found.module
        if top(needed) == top(source.module) or (across and top(needed) in PACKAGES):
            yield needed


def top(module: str) -> str:
    return module.partition(".")[0]


def test_files_and_functions_stay_short() -> None:
    for source in (*CODEC, *RUNTIME, *LAB):
        lines = len(source.path.read_text(encoding="utf-8").splitlines())
        assert lines <= MAX_FILE_LINES, f"{source} has {lines} lines"
        for node in ast.walk(source.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= MAX_FUNCTION_LINES, f"{source}: {node.name} has {length} lines"


IMPORT_ALL = """
import importlib, logging, signal, sys, threading
import attrs, collections.abc, decimal, enum, functools, re, typing
events = []
sys.addaudithook(lambda event, args: events.append((event, args)))
handlers = logging.root.handlers[:], signal.getsignal(signal.SIGINT), sys.excepthook
for module in sys.argv[1:]:
    importlib.import_module(module)
assert set(sys.argv[1:]) <= sys.modules.keys()
assert threading.enumerate() == [threading.main_thread()], threading.enumerate()
after = logging.root.handlers[:], signal.getsignal(signal.SIGINT), sys.excepthook
assert handlers == after, after
for event, args in events:
    assert not event.startswith(("socket.", "subprocess.", "os.putenv", "os.system")), event
    assert event != "open" or str(args[0]).endswith((".py", ".pyc")), args
assert "import" in {event for event, _ in events}
"""


def test_importing_the_codec_does_nothing_else() -> None:
    modules = [source.module for source in PURE]
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-B", "-c", IMPORT_ALL, *modules],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_each_module_of_the_core_has_tests_of_its_own() -> None:
    modules = {path.stem for path in (ROOT / "dhs_runtime").glob("[!_]*.py")}
    tested = {
        path.stem.removeprefix("test_") for path in (ROOT / "tests/runtime").glob("test_*.py")
    }
    assert sorted(modules - tested) == []
