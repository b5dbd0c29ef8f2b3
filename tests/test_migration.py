"""The page about pydhsfw is complete, its names exist, and its code runs."""

import dis
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from dcs_codec import StohSetMotorChildren, UnknownMessage
from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.dcss import Completion, HardwareHost, SimulatedDcss
from dhs_runtime import Dhs, LinkState
from dhs_runtime.process import Launch, RunConfig
from dhs_runtime.process.settings import load_run_config
from tests.cli.test_operations_doc import parse
from tests.runtime.peers import DEADLINE_S, eventually, fast_config, running
from tests.shared import shared_path

PAGE: Final = (Path(__file__).parents[1] / "docs" / "howto" / "migration.md").read_text(
    encoding="utf-8"
)
GUIDE, _, TABLES = PAGE.partition("\n## Every name\n")

THERE: Final = "# pydhsfw"
HERE: Final = "# here"
NONE: Final = "none"
"""The word in place of a missing counterpart."""


# -- the tables ------------------------------------------------------------------------------


@attrs.frozen
class Row:
    """A full name of pydhsfw, and its row in the page.

    Attributes:
        there: The name.
        here: Its counterparts.
        word: The word in place of them, "" if there are any.
        remark: The rest.
    """

    there: str
    here: tuple[str, ...]
    word: str
    remark: str


def read_tables(text: str) -> Iterator[Row]:
    module = ""
    for line in text.splitlines():
        if heading := re.match(r"### (pydhsfw\.\w+)", line):
            module = heading[1]
        elif line.startswith("| `"):
            there, here, remark = (cell.strip() for cell in line.strip("|").split("|"))
            names = tuple(re.findall(r"`([\w.]+)`", here))
            word = "" if names else here
            yield Row(f"{module}.{there.strip('`')}", names, word, remark)


ROWS: Final = tuple(read_tables(TABLES))


def test_no_name_has_two_rows() -> None:
    names = [row.there for row in ROWS]
    assert len(names) > 300
    assert sorted(set(names)) == sorted(names)


def test_every_name_has_a_counterpart_that_exists_or_a_reason() -> None:
    for row in ROWS:
        for name in row.here:
            resolve(name)
        assert row.here or (row.word == NONE and row.remark), row


def resolve(name: str) -> object:
    """The object of a dotted name; raises AttributeError if there is none."""
    parts = name.split(".")
    found: Any = importlib.import_module(parts[0])
    for index, part in enumerate(parts[1:], start=2):
        if inspect.ismodule(found) and not hasattr(found, part):
            found = importlib.import_module(".".join(parts[:index]))
        elif not (inspect.isclass(found) and part in made_attributes(found)):
            found = getattr(found, part)
        else:
            found = None
    return found


def made_attributes(some_class: type) -> set[str]:
    """Attributes that objects of a class get in `__init__`."""
    return {
        instruction.argval
        for base in some_class.__mro__
        if inspect.isfunction(vars(base).get("__init__"))
        for instruction in dis.get_instructions(vars(base)["__init__"])
        if instruction.opname == "STORE_ATTR"
    }


@pytest.mark.parametrize(
    "name", ["dhs_runtime.Dhs.nothing", "dhs_runtime.nothing", "dcs_codec.StohAbortAll.nothing"]
)
def test_a_name_that_means_nothing_is_found_out(name: str) -> None:
    with pytest.raises((AttributeError, ModuleNotFoundError)):
        resolve(name)


# -- the names of pydhsfw --------------------------------------------------------------------

_MEMBER: Final = re.compile(
    r"(?:classmethod |static )?(?P<method>[A-Za-z_]\w*)\("
    r"|property (?P<property>[A-Za-z_]\w*)$"
    r"|(?P<constant>[A-Za-z_]\w*) = \S+$"
)


def names_of_api(text: str) -> Iterator[str]:
    """Every class, method, property, constant and function that the documentation lists."""
    owner = ""
    for line in text.splitlines():
        if re.fullmatch(r"pydhsfw\.\w+ module", line):
            owner = ""
        elif found := re.match(r"class (pydhsfw[\w.]+)", line):
            owner = found[1]
            yield owner
        elif found := re.match(r"(pydhsfw[\w.]+)\(", line):
            owner = ""
            yield found[1]
        elif owner and (member := _MEMBER.match(line)):
            yield f"{owner}.{member[member.lastgroup or 0]}"


def test_how_the_documentation_of_the_api_is_read() -> None:
    text = """\
pydhsfw.one module

class pydhsfw.one.First(name: str)

Bases: pydhsfw.other.Base

What it does (in short), and what = means here.

LIMIT = 3
static parse(text: str) → Any
property size
receive(count: int)pydhsfw.one.First

Receives. The function signature must match:

def handler(message, context)

pydhsfw.one.register(name: str = None)

later(on)
"""
    assert list(names_of_api(text)) == [
        "pydhsfw.one.First",
        "pydhsfw.one.First.LIMIT",
        "pydhsfw.one.First.parse",
        "pydhsfw.one.First.size",
        "pydhsfw.one.First.receive",
        "pydhsfw.one.register",
    ]


def test_every_name_of_pydhsfw_has_a_row_and_every_row_such_a_name() -> None:
    path = shared_path("seed/pydhsfw-api.txt")
    names = list(names_of_api(path.read_text(encoding="utf-8")))
    assert len(names) > 300
    assert sorted(names) == sorted(row.there for row in ROWS)


# -- the blocks ------------------------------------------------------------------------------

BLOCKS: Final = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_every_block_is_marked_and_is_python() -> None:
    for block in BLOCKS:
        assert block.startswith((THERE, HERE)), block
        compile(block, "docs/howto/migration.md", "exec")
    assert {block.split()[1].strip(":") for block in BLOCKS} == {"pydhsfw", "here"}


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """The definitions of the blocks for here, run in order."""
    names: dict[str, Any] = {"__name__": "migration_page"}
    for block in BLOCKS:
        if block.startswith(HERE):
            exec(compile(block, "docs/howto/migration.md", "exec"), names)
    return names


def run_config(folder: Path) -> RunConfig:
    """The configuration that the page shows."""
    text = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    path = folder / "loupe.yaml"
    path.write_text(*text)
    return load_run_config(path)


def test_the_configuration_is_that_of_the_dhs(page: dict[str, Any], tmp_path: Path) -> None:
    config = run_config(tmp_path)
    settings = Launch(values=config.settings).settings(page["Settings"])
    assert attrs.asdict(settings) == config.settings
    assert settings != page["Settings"]()


def test_the_peers_to_try_it_with_are_commands() -> None:
    (block,) = re.findall(r"^```text\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    dcss, axis, automl = (parse(line.split()[1:]).params for line in block.splitlines())
    assert (dcss["names"], dcss["operations"]) == (("loupeDHS",), ("findLoop", "watchLoop"))
    assert [axis["port"], automl["port"]] == [8080, 5000]


def test_the_dhs_that_was_moved_does_its_operations(page: dict[str, Any]) -> None:
    host = HardwareHost.of("loupeDHS", operations=["findLoop", "watchLoop"])
    with SimulatedDcss([host]) as dcss, SimulatedAxis() as camera, SimulatedAutoML() as automl:
        values = {"camera_url": camera.url, "automl_url": automl.url, "pictures_port": 0}
        dhs = page["make_dhs"](Launch(values=values))
        with running(dhs, fast_config(dcss.port)):
            dcss.wait_online("loupeDHS", DEADLINE_S)
            found = dcss.start_operation("findLoop").wait(DEADLINE_S)
            watch = dcss.start_operation("watchLoop", "3")
            url = watch.wait_update("ready", DEADLINE_S).split()[1]
            camera.push(url, fps=30, max_images=3)
            assert watch.wait(DEADLINE_S) == Completion("normal", "done")
            failed = dcss.start_operation("watchLoop", "many").wait(DEADLINE_S)
    assert found.status == "normal"
    assert all(0 < float(word) < 1 for word in found.text.split())
    assert len(watch.updates) == 4
    assert (failed.status, failed.text.split(":")[0]) == ("error", "ValueError")


def test_the_dhs_that_was_moved_stops_in_the_middle(page: dict[str, Any]) -> None:
    with SimulatedDcss([HardwareHost.of("loupeDHS", operations=["watchLoop"])]) as dcss:
        dhs = page["make_dhs"](Launch(values={"pictures_port": 0}))
        with running(dhs, fast_config(dcss.port)):
            dcss.wait_online("loupeDHS", DEADLINE_S)
            watch = dcss.start_operation("watchLoop", "3")
            watch.wait_update("ready", DEADLINE_S)
        assert watch.wait(DEADLINE_S).status == "aborted"


def test_the_operation_passes_the_test_of_the_page(page: dict[str, Any]) -> None:
    page["test_mix"]()
    assert page["mixer"].state is LinkState.STOPPED


def test_the_message_handlers_get_their_messages(page: dict[str, Any]) -> None:
    dhs = page["watcher"]
    assert isinstance(dhs, Dhs)
    host = HardwareHost.of("watcherDHS")
    with SimulatedDcss([host]) as dcss, running(dhs, fast_config(dcss.port)):
        dcss.wait_online("watcherDHS", DEADLINE_S)
        dcss.send("watcherDHS", StohSetMotorChildren(motor_name="table", children=("a", "b")))
        dcss.abort_all("soft")
        eventually(lambda: any("abort: soft" in str(line) for line in dcss.traffic.lines()))
    assert page["children"] == {"table": ("a", "b")}


def test_the_message_of_a_site_is_read(page: dict[str, Any]) -> None:
    host = HardwareHost.of("tunerDHS")
    with SimulatedDcss([host]) as dcss, running(page["tuner"], fast_config(dcss.port)):
        dcss.wait_online("tunerDHS", DEADLINE_S)
        dcss.send("tunerDHS", UnknownMessage(text="stoh_tune_beam m1 0.50"))
        eventually(lambda: bool(page["tuned"]))
    assert page["tuned"] == [page["StohTuneBeam"](mirror_name="m1", angle=0.5)]


def test_the_devices_obey(page: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    host = HardwareHost.of(
        "stageDHS",
        motors=["camera_zoom"],
        shutters=["sample_light"],
        strings={"sample_name": ""},
    )
    with SimulatedDcss([host]) as dcss, running(page["stage"], fast_config(dcss.port)):
        dcss.wait_online("stageDHS", DEADLINE_S)
        move = dcss.move("camera_zoom", 0.5)
        assert move.wait(DEADLINE_S).status == "normal"
        assert len(move.positions) == 5
        assert dcss.set_shutter("sample_light", "open").wait(DEADLINE_S).state == "open"
        report = dcss.set_string("sample_name", " lysozyme ").wait(DEADLINE_S)
        assert report.contents == "lysozyme"
    assert capsys.readouterr().out == "the light is open\n"


def test_the_client_asks_for_json(page: dict[str, Any]) -> None:
    with SimulatedAutoML() as automl:
        models = page["models"](automl.url)
    assert models["model_version_status"][0]["state"] == "AVAILABLE"


def test_the_watch_tells_that_a_service_is_there(page: dict[str, Any]) -> None:
    with SimulatedAutoML() as automl:
        services = page["watched"](automl.url.replace("http:", "automl:"))
        try:
            eventually(lambda: page["changes"] == ["inference connected"])
        finally:
            services.close()
    assert services.names() == ()


def test_arguments_of_the_authors_own(
    page: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").mkdir()
    run_config(tmp_path / "config")
    calls: list[object] = []

    class Made:
        def __init__(self, launch: Launch) -> None:
            calls.append(launch.values["camera_url"])

        def run(self, dcss: str) -> None:
            calls.append(dcss)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(page, "make_dhs", Made)
    monkeypatch.setitem(page, "set_up_logging", lambda *logs: calls.append(len(logs)))
    page["main"](["loupe", "--dcss", "dcss-host:14242"])
    assert calls == [2, "http://localhost:8080", "dcss-host:14242"]
