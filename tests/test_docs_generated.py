"""The pages and diagrams that are made from the sources say what the sources say now."""

import ast
import enum
import functools
import importlib
import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import attrs
import click
import pytest
import yaml

import dcs_codec
import dhs_runtime
from dcs_codec.state import State
from dhs_lab.simulators.dcss import FaultKind
from dhs_lab.simulators.http_faults import HttpFaultKind
from dhs_runtime import DcssConfig, Dhs, LinkState, Operation, TaskState
from dhs_runtime.clock import Backoff
from dhs_runtime.connection import Connection
from dhs_runtime.link import Link
from dhs_runtime.loop.config import LoopConfig
from dhs_runtime.process.config_file import structure
from dhs_runtime.process.settings import RunConfig
from dhs_runtime.task import Task
from tests.faults.scene import at_work
from tests.runtime.peers import RawDcss, eventually, fast_config, running
from tests.test_architecture import DOOR

DOCS: Final = Path(__file__).parents[1] / "docs"
RUNTIME: Final = Path(dhs_runtime.__file__).parent
UNORDERED: Final = {
    "TcpListener._lock",  # of services and simulators; never held while waiting
    "StopToken._closed",  # opened once, and never waited for with another lock held
    "ActiveTasks._none",  # the condition of `_lock`
}
"""Locks that are not in the order."""
TABLES: Final = "run `make docs-tables`"


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Imports a generator by its name."""
    monkeypatch.syspath_prepend(DOCS)
    return lambda name: importlib.import_module(f"generate_{name}")


# -- pages and diagrams ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cli", "configuration", "imports", "mistakes", "states"])
def test_page_is_current(name: str, generator: Callable[[str], ModuleType]) -> None:
    page = generator(name)
    if page.PAGE.read_text(encoding="utf-8") != page.render():
        pytest.fail(f"{page.PAGE.relative_to(DOCS.parent)} is out of date: {TABLES}")


def test_every_room_is_in_the_diagram_of_imports(generator: Callable[[str], ModuleType]) -> None:
    diagrams = generator("imports").diagrams()
    for package, name in (("dcs_codec", "imports-codec"), ("dhs_runtime", "imports-core")):
        for path in (DOCS.parent / package).glob("*.py"):
            if not path.stem.startswith("_") and path.stem != DOOR:
                assert f'["{path.stem}"]' in diagrams[name], path.stem
    assert '["devices"]' in diagrams["imports-core"]


def test_arrows_lead_wherever_imports_do(generator: Callable[[str], ModuleType]) -> None:
    """An arrow that is left out has a longer way; none is made up."""
    made = generator("imports")
    for graph in (made.rooms(), made.codec_graph(), made.core_graph()):
        arrows = made.reduced(graph)
        for name, needs in graph.items():
            assert arrows[name] <= needs
            assert needs <= reached(arrows, name), name
            text = made.diagram("", graph)
            for needed in arrows[name]:
                assert f"\n    {made.node(name)} --> {made.node(needed)}\n" in text


def reached(arrows: Mapping[str, set[str]], name: str) -> set[str]:
    return arrows[name].union(*(reached(arrows, each) for each in arrows[name]))


def test_the_diagrams_of_states_show_every_move(generator: Callable[[str], ModuleType]) -> None:
    """Read back from the page: the moves of the tables, each by its own arrow or its frame's."""
    made = generator("states")
    blocks = re.findall(r"```mermaid\n(.*?)```", made.render(), re.DOTALL)
    tables = (
        {(before, after) for (before, _), after in made.TRANSITIONS.items()},
        set(made.LINK),
        set(made.TASK),
    )
    for block, table in zip(blocks, tables, strict=True):
        inside = set(re.findall(r"^ {8}(\w+)$", block, re.MULTILINE))
        arrows = re.findall(r"^ +(\w+) --> (\w+): .", block, re.MULTILINE)
        assert len(arrows) == len(set(arrows)), "mermaid would draw two over each other"
        shown = set()
        for before, after in arrows:
            shown |= {(each, after) for each in (inside if before == "frame" else {before})}
        moves = {(before.name, after.name) for before, after in table}
        assert shown == {(one, two) for one, two in moves if one != two}
        assert {name for pair in moves for name in pair} == {
            name for pair in shown for name in pair
        }


# -- the command line ------------------------------------------------------------------------


def test_every_command_and_option_is_in_the_page(generator: Callable[[str], ModuleType]) -> None:
    cli = generator("cli")
    page = cli.PAGE.read_text(encoding="utf-8")
    for path, command in cli.commands():
        _, _, section = page.partition(f"\n## `{path}`\n")
        assert section, path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert all(f"`{name}`" in section for name in parameter.opts), (path, parameter)


# -- configuration ---------------------------------------------------------------------------


def test_every_key_has_a_meaning_and_seconds_their_unit(
    generator: Callable[[str], ModuleType],
) -> None:
    made = generator("configuration")
    page = made.PAGE.read_text(encoding="utf-8")
    classes = {config_class for config_class, _ in made.SECTIONS.values()}
    for config_class in (LoopConfig, RunConfig):
        for field in attrs.fields(config_class):
            assert f"| `{field.name}` |" in page
            if attrs.has(field.type):
                assert field.type in classes
    for row in re.findall(r"^\| `\w+_s` \|.*$", page, re.MULTILINE):
        assert "| s |" in row


def test_the_sample_files_are_taken(generator: Callable[[str], ModuleType]) -> None:
    made = generator("configuration")
    run = structure(yaml.safe_load(made.RUN_SAMPLE), RunConfig, "sample")
    assert run.settings == {"port": "/dev/ttyS0", "speed": 2.5}
    assert structure(yaml.safe_load(made.SAMPLE_CONFIG), LoopConfig, "sample") == LoopConfig()


# -- states ----------------------------------------------------------------------------------


class Watched:
    """Replaces an attribute of a class, and records the changes of its value."""

    def __init__(self, slot: str) -> None:
        self.moves: set[tuple[enum.Enum, enum.Enum]] = set()
        self._slot = slot

    def __get__(self, owner: Any, _: type) -> Any:
        return self if owner is None else owner.__dict__[self._slot]

    def __set__(self, owner: Any, value: enum.Enum) -> None:
        before = owner.__dict__.get(self._slot)
        if before is not None and before is not value:
            self.moves.add((before, value))
        owner.__dict__[self._slot] = value


def is_at(dhs: Dhs, state: LinkState) -> bool:
    return dhs.state is state


def test_a_link_goes_just_the_ways_of_its_table(
    generator: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched("watched_state")
    monkeypatch.setattr(Link, "_state", watched, raising=False)
    with RawDcss() as dcss:
        for ending in (LinkState.CONNECTING, LinkState.ONLINE):  # stopped there
            with ExitStack() as peers, running(Dhs("testDHS"), dcss.config()) as dhs:
                peer = peers.enter_context(dcss.accept())
                if ending is LinkState.ONLINE:
                    peer.shake_hands()
                eventually(functools.partial(is_at, dhs, ending))
        with running(Dhs("testDHS"), dcss.config()) as dhs:  # reconnects, and is lost again
            for _ in range(2):
                with dcss.accept() as peer:
                    peer.shake_hands()
        lost = dcss.config()
    patient = attrs.evolve(lost, retry=Backoff(first_s=60, longest_s=60))
    with running(Dhs("testDHS"), patient) as dhs:
        eventually(functools.partial(is_at, dhs, LinkState.WAITING))
    at_once = Dhs("testDHS")  # stopped before its thread has started
    monkeypatch.setattr(Link, "_run", lambda self: None)
    at_once.start(fast_config(1))
    at_once.stop()
    assert watched.moves == set(generator("states").LINK)


def test_tasks_go_just_the_ways_of_their_table(
    generator: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched("watched_state")
    monkeypatch.setattr(Task, "state", watched, raising=False)
    dhs = Dhs("testDHS")
    dhs.operation("say")(lambda op: op.complete())
    dhs.operation("fail")(lambda op: op.fail("no"))
    dhs.operation("wait")(lambda op: op.sleep(30))
    dhs.operation("never", max_active=0)(lambda op: None)

    @dhs.on(dcs_codec.StohStartOperation)  # before the operation has a worker
    def complete_by_hand(message: dcs_codec.StohStartOperation) -> None:
        for op in dhs.active_operations("early"):
            op.complete()

    @dhs.operation("early")
    def early(op: Operation) -> None:
        raise AssertionError("it was completed before its turn")

    with at_work(dhs) as scene:
        assert scene.run("say") == "normal"
        assert scene.run("fail") == "error no"
        assert scene.run("never").startswith("error at most 0 may be")
        waiting = scene.start("wait")
        eventually(lambda: [op.state for op in dhs.active_operations()] == [TaskState.RUNNING])
        scene.send("stoh_abort_all hard")
        assert scene.completion(waiting).startswith("aborted")
    message = dcs_codec.StohStartOperation(operation_name="x", operation_handle="1.1")
    outlet = Connection("testDHS", DcssConfig(), dcs_codec.default_codec())
    Operation(message, outlet)._succeed()
    Operation(message, outlet)._end("aborted")
    assert watched.moves == set(generator("states").TASK)


def test_every_state_is_in_the_page(generator: Callable[[str], ModuleType]) -> None:
    page = generator("states").PAGE.read_text(encoding="utf-8")
    for states in (State, LinkState, TaskState):
        for state in states:
            assert f"`{state.name}`" in page


# -- explanations ----------------------------------------------------------------------------


def test_every_thread_and_lock_of_the_core_is_explained() -> None:
    page = (DOCS / "explanations" / "threads.md").read_text(encoding="utf-8")
    core = [*RUNTIME.glob("*.py"), *RUNTIME.glob("devices/*.py")]
    sources = {path: path.read_text(encoding="utf-8") for path in core}
    spawned = {
        name for text in sources.values() for name in re.findall(r'spawn\(f?"([\w-]+)', text)
    }
    for text in sources.values():
        spawned.update(re.findall(r'Workers\(group, "(\w+)', text))
    assert len(spawned) >= 8
    for name in spawned:
        assert f"`{name}" in page
    locked = re.compile(
        r"^class (\w+)|self\.(\w+) = threading\.(?:R?Lock|Condition)\(", re.MULTILINE
    )
    for path, text in sources.items():
        owner = ""
        for class_name, lock in locked.findall(text):
            owner = class_name or owner
            named = {f"{owner}.{lock}", f"{owner.removeprefix('Pseudo')}.{lock}"}
            if lock and f"{owner}.{lock}" not in UNORDERED:
                assert any(f"`{name}`" in page for name in named), f"{path.name}: {owner}.{lock}"


def test_every_fault_of_the_simulators_is_listed() -> None:
    page = (DOCS / "explanations" / "reliability.md").read_text(encoding="utf-8")
    assert f"| DCSS | {', '.join(FaultKind)} |" in page
    assert set(HttpFaultKind) <= set(re.findall(r"\w+", page))


def test_the_figures_of_the_readme_are_those_of_the_page() -> None:
    page = (DOCS / "explanations" / "performance.md").read_text(encoding="utf-8")
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    for row in re.findall(r"^\|.*completed.*\|$|^\| the same by raw.*\|$", readme, re.MULTILINE):
        figure = row.split("|")[3].strip()
        assert figure in page, figure


def test_every_decision_has_its_parts_and_is_named() -> None:
    named = (DOCS / "explanations" / "architecture.md").read_text(encoding="utf-8")
    for page in (DOCS / "decisions").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        number, _, title = text.partition("\n")[0].removeprefix("# ").partition(" ")
        assert page.name.startswith(f"{number}_")
        assert f"[{number} {title}](../decisions/{page.name})" in named
        for part in ("Context", "Decision", "Consequences", "Alternatives"):
            assert f"**{part}" in text, (page.name, part)


# -- the API ---------------------------------------------------------------------------------

API: Final = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
WITH_ALL: Final = (
    "dcs_codec",
    "dhs_runtime",
    "dhs_runtime.devices",
    "dhs_runtime.loop",
    "dhs_runtime.process",
    "dhs_lab.simulators.dcss",
    "dhs_lab.simulators.web",
    "dhs_lab.testing",
)


def documented() -> Mapping[str, list[tuple[str, object]]]:
    """The objects that the page's directives document, by name, with their modules."""
    found: dict[str, list[tuple[str, object]]] = {}
    for name, options in re.findall(r"automodule:: (\S+)\n((?:   :.*\n)*)", API):
        module = importlib.import_module(name)
        for member in members(module, options):
            found.setdefault(member, []).append((name, getattr(module, member)))
    return found


def members(module: ModuleType, options: str) -> Iterator[str]:
    """The names that one directive documents."""
    listed = re.search(r":members: (.+)", options)
    if ":no-members:" in options:
        return
    if listed:
        yield from listed[1].split(", ")
    elif ":imported-members:" in options:
        yield from module.__all__
    else:
        yield from documented_data(module)
        for name, thing in vars(module).items():
            own = getattr(thing, "__module__", None) == module.__name__
            if own and inspect.getdoc(thing) and not name.startswith("_"):
                yield name


def documented_data(module: ModuleType) -> Iterator[str]:
    """The values of a module with a text below them, as autodoc shows them."""
    body = ast.parse(inspect.getsource(module)).body
    for node, below in itertools.pairwise(body):
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                yield node.target.id
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                yield node.targets[0].id


@pytest.mark.parametrize("package", WITH_ALL)
def test_no_public_name_is_missing(package: str) -> None:
    module, found = importlib.import_module(package), documented()
    for name in set(module.__all__) - {"__version__"}:
        here = [thing for _, thing in found.get(name, ())]
        assert any(thing is getattr(module, name) for thing in here), f"{package}.{name}"


def test_nothing_is_documented_twice() -> None:
    for name, places in documented().items():
        things = [id(thing) for _, thing in places]
        assert len(things) == len(set(things)), f"{name}: {[place for place, _ in places]}"


def test_every_listed_name_has_a_text() -> None:
    for name, places in documented().items():
        for where, thing in places:
            if inspect.isclass(thing) or inspect.isfunction(thing):
                assert inspect.getdoc(thing), f"{where}.{name}"
