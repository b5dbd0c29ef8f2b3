"""Any text and any bytes of a GUI or a DHS: nobody else notices, no thread of the server ends."""

import logging
from collections.abc import Iterator

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dhs_lab.simulators.dcss import (
    CircleMode,
    HardwareHost,
    PseudoMotorEntry,
    Script,
    SimulatedDcss,
)
from dhs_lab.simulators.dcss.gui_port.desk import COMMANDS
from tests.lab.simulators.dhs_peer import DhsPeer
from tests.lab.simulators.gui.conftest import hosts
from tests.lab.simulators.gui.gui_peer import BLOCK, GuiPeer

NAMES = (
    *("z", "held", "masters", "far", "shutter", "i0", "i1", "enc", "collect", "status", "note"),
    *("farOp", "lost", "script", "gap", "virtual", "system_idle", "self", "aDHS", "nosuch", "NULL"),
    *("ownEncoder", "ownShutter"),
)
WORDS = (
    *("0", "1", "-1.5", "1e20", "1e300", "nan", "inf", "-inf", "0x1p3", "abc", "home", "soft"),
    *("open", "closed", "normal", "aborted", "{two words}", "{", "}", '"', "\\", "[exit]", "$x"),
    *("master_lock_key=1", "request_lock", "request_unlock", "location", "chat_all", "PRIVATEx"),
    *("set_permission", "11111", "01x01", "dump_database", "x" * 300, "\u20ac", "\x01", "", "2.1"),
)
REPORTS = (
    *("htos_motor_move_started", "htos_update_motor_position", "htos_motor_move_completed"),
    *("htos_operation_update", "htos_operation_completed", "htos_set_string_completed"),
    *("htos_report_ion_chambers", "htos_report_shutter_state", "htos_configure_device"),
    *("htos_get_encoder_completed", "htos_note", "htos_log", "htos_limit_hit"),
    "htos_start_operation",
)

VIRTUAL = PseudoMotorEntry(
    "virtual",
    hardware_name="standardVirtualMotor",
    upper_limit_on=False,
    lower_limit_on=False,
    circle_mode=CircleMode.UP_TO_360,
)
words = st.sampled_from(NAMES) | st.sampled_from(WORDS) | st.text(max_size=8)
commands = st.builds(
    lambda keyword, rest, end: " ".join((keyword, *rest)) + end,
    st.sampled_from(sorted(COMMANDS)) | st.sampled_from(("gtos_foo", "", "stog_log")),
    st.lists(words, max_size=6),
    st.sampled_from(("", " ", "\n")),
)
reports = st.builds(
    lambda keyword, rest: " ".join((keyword, *rest)),
    st.sampled_from(REPORTS),
    st.lists(words, max_size=5),
)


@pytest.fixture(scope="module")
def dcss() -> Iterator[SimulatedDcss]:
    own, *others = hosts()
    more = HardwareHost.of(
        "self", pseudo_motors=[VIRTUAL], encoders=["ownEncoder"], shutters=["ownShutter"]
    )
    server = SimulatedDcss(
        [attrs.evolve(own, devices=(*own.devices, *more.devices)), *others], gui_port=0
    )

    @server.scripted("script")
    def script(running: Script) -> str:
        return running.move("z", running.args[0]).hex()

    @server.pseudo_motor("gap", ("z", "held"), lambda z, held: z - held)
    def move(running: Script, to: float) -> None:
        running.move("z", to)

    with server:
        yield server


@pytest.fixture(scope="module")
def dhs(dcss: SimulatedDcss) -> Iterator[DhsPeer]:
    with DhsPeer.logged_in(dcss, "aDHS") as peer:
        yield peer


@pytest.fixture(scope="module")
def neighbour(dcss: SimulatedDcss, dhs: DhsPeer) -> Iterator[GuiPeer]:
    assert dhs.name
    with GuiPeer.logged_in(dcss, "neighbour", ":1") as peer:
        yield peer


@pytest.fixture(autouse=True)
def nothing_crashes(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.ERROR, "dhs_runtime.threads")
    yield
    records = (*caplog.get_records("call"), *caplog.records)
    assert [record for record in records if "crashed" in record.getMessage()] == []


def looked_at(data: bytes) -> bytes:
    """A text as a GUI frames it."""
    return b"%12d %12d %b\0" % (len(data) + 1, 0, data)


quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@given(st.lists(st.tuples(st.booleans(), commands, reports), max_size=8))
@quick
def test_any_commands_and_reports(
    dcss: SimulatedDcss, dhs: DhsPeer, neighbour: GuiPeer, said: list[tuple[bool, str, str]]
) -> None:
    with GuiPeer.logged_in(dcss) as gui:
        for is_gui, command, report in said:
            if is_gui:
                gui.socket.sendall(looked_at(command.encode("utf-8", "surrogatepass")))
            else:
                data = report.encode("utf-8", "surrogatepass")
                dhs.socket.sendall(looked_at(data))
        gui.read_until_now()
        dhs.settle()
    neighbour.read_until_now()
    assert "aDHS" in dcss.online()


@pytest.mark.parametrize("keyword", sorted(COMMANDS))
def test_any_number_of_words(dcss: SimulatedDcss, dhs: DhsPeer, keyword: str) -> None:
    with GuiPeer.logged_in(dcss) as gui:
        for first in (*NAMES, "location", "set_permission", "hand_back_masters"):
            for second in ("nan", f"{gui.client_id}.1"):
                for count in range(4):
                    gui.say(" ".join((keyword, first, second, "1e11")[: count + 1]))
        gui.read_until_now()
    dhs.settle()


@given(st.binary(max_size=400), st.booleans())
@quick
def test_any_bytes(dcss: SimulatedDcss, neighbour: GuiPeer, data: bytes, is_in: bool) -> None:
    with GuiPeer.logged_in(dcss) if is_in else GuiPeer(dcss) as gui:
        gui.socket.sendall(data if is_in else data.ljust(BLOCK, b"\0"))
    neighbour.read_until_now()
