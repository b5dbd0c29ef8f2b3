"""The page in headless Chromium, driving a real DHS: clicks work and their effects are shown."""

import re
from collections.abc import Iterator
from types import ModuleType
from typing import Final

import pytest

from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.dcss import FaultKind, HardwareHost, RealMotorEntry, SimulatedDcss
from dhs_lab.simulators.web import BeamlinePage
from dhs_runtime import Dhs, Operation
from tests.examples.loading import load
from tests.lab.simulators.dhs_peer import DhsPeer
from tests.runtime.peers import configured, eventually, fast_config

pytest.importorskip("selenium", reason="the test drives Chromium with selenium")

from tests.lab.simulators.web.browser import DEADLINE_S, EXPECTED, KEYS, Browser

pytestmark = pytest.mark.timeout(180)

LINES: Final = ".wire-line:not([hidden])"
SENT: Final = (
    "const t = document.querySelector('#send-text'); return t.selectionEnd > t.selectionStart"
)
"""What was sent is selected when its answer has come."""

SPEEDS: Final = {"gonio_phi": 60_000, "gonio_kappa": 2000}
"""Steps a second. A move of kappa takes minutes, so that a busy browser finds it moving."""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser.started(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def axis() -> SimulatedAxis:
    return SimulatedAxis()


@pytest.fixture
def dhs(axis: SimulatedAxis) -> Dhs:
    """The goniometer of the example, with two operations, a string, a counter and an encoder."""
    made: Dhs = load("goniometer_dhs").goniometer()

    @made.operation("scan")
    def scan(op: Operation) -> None:
        for point in range(int(op.args[0])):
            op.update("point", point, 1000 + 10 * point)
            op.sleep(0.05)
        made.log("note", "the scan is over")
        op.complete("points", op.args[0])

    @made.operation("findLoop")
    def find_loop(op: Operation) -> None:
        box = axis.scene.truth(axis.angle_deg).loop_px
        assert box is not None
        sides = (axis.scene.width_px, axis.scene.height_px) * 2
        left, top, right, bottom = (edge / side for edge, side in zip(box, sides, strict=True))
        tip = (right, (top + bottom) / 2)
        op.update("LOOP_INFO", 0, "normal", *tip, 0.1, 0.2, 0.1, left, right, top, bottom)
        op.complete()

    made.string("sample_name").on_set(lambda _: None)
    made.ion_chamber("i_sample").on_count(lambda _: {"i_sample": 48_211})
    made.encoder("phi_encoder").on_get(lambda: 12.5)
    return made


@pytest.fixture
def dcss(dhs: Dhs) -> Iterator[SimulatedDcss]:
    """A DCSS that knows all of that, and a DHS that is not connected."""
    example: ModuleType = load("goniometer_dhs")
    motors = [
        RealMotorEntry(
            name,
            upper_limit=360 if name.startswith("gonio") else 5,
            lower_limit=-360 if name.startswith("gonio") else -5,
            units="deg" if name.startswith("gonio") else "mm",
            scale_factor=1000,
            speed=SPEEDS.get(name, 2000),
        )
        for name in example.MOTORS
    ]
    hosts = [
        HardwareHost.of(
            dhs.name,
            motors=motors,
            shutters=example.SHUTTERS,
            operations=["scan", "findLoop"],
            strings={"sample_name": "lysozyme 7"},
            ion_chambers=["i_sample"],
            encoders=["phi_encoder"],
        ),
        HardwareHost.of("robotDHS", operations=["mountSample"]),
    ]
    with SimulatedDcss(hosts) as server:
        dhs.start(fast_config(server.port))
        try:
            server.wait_online(dhs.name, DEADLINE_S)
            eventually(lambda: configured(dhs))
            yield server
        finally:
            # Beside a busy browser its threads may outlive the stop for a moment; that they end is
            # checked after every test.
            dhs.stop()


@pytest.fixture
def page(dcss: SimulatedDcss, axis: SimulatedAxis) -> Iterator[BeamlinePage]:
    with BeamlinePage(dcss, axis, turns_with="gonio_phi") as page:
        yield page


@pytest.fixture
def browser(chromium: Browser, page: BeamlinePage) -> Iterator[Browser]:
    """The page, open; its scripts must not complain."""
    chromium.open(page.url)
    yield chromium
    complaints = [text for text in chromium.complaints() if not EXPECTED.search(text)]
    chromium.leave()
    assert complaints == []


def of(device: str, inside: str = "") -> str:
    return f'[data-name="{device}"] {inside}'


def press_text(browser: Browser, device: str, text: str, inside: str = "") -> None:
    """Press the first button in view in the row of a device that says so."""
    script = (
        f"const button = [...document.querySelectorAll('{of(device, inside)} button')]"
        f".find(b => b.checkVisibility() && b.textContent === '{text}');"
        "button?.click(); return Boolean(button)"
    )
    browser.until(lambda: browser.script(script))


def move(browser: Browser, motor: str, destination: str) -> None:
    browser.type(of(motor, "[name=destination]"), destination)
    browser.click(of(motor, ".move"))


def start(browser: Browser, operation: str, args: str) -> None:
    browser.type(of(operation, "[name=args]"), args)
    browser.click(of(operation, "form button"))


def test_a_click_moves_a_motor_and_the_move_is_seen(browser: Browser, dcss: SimulatedDcss) -> None:
    track = of("gonio_phi", ".track")
    mark = f"return document.querySelector('{track}').style.getPropertyValue('--at')"
    assert browser.script(mark) == "50.00%"
    move(browser, "gonio_phi", "30")
    browser.until(lambda: browser.text(of("gonio_phi", ".value")) == "30")
    assert browser.text(of("gonio_phi", ".units")) == "deg"
    browser.until(lambda: not browser.count(".is-moving"))
    assert dcss.position("gonio_phi") == 30
    assert browser.script(mark) == "54.17%"
    browser.until(lambda: browser.text("#legend .angle") == "30°")
    for kind in ("loop", "pin"):
        browser.until(lambda kind=kind: browser.count(f"#boxes .{kind}") == 1)  # type: ignore[misc]


def test_the_keyboard_is_enough(browser: Browser, dcss: SimulatedDcss) -> None:
    browser.type(of("sample_x", "[name=destination]"), "0.5")
    browser.press(of("sample_x", "[name=destination]"), KEYS["Enter"])
    browser.until(lambda: browser.text(of("sample_x", ".value")) == "0.5")
    dcss.configure("sample_x", lower_limit_on=False, upper_limit_on=False)
    move(browser, "sample_x", "home")
    browser.until(lambda: browser.text(of("sample_x", ".value")) == "0")
    browser.press("#lines", KEYS["ArrowUp"])
    browser.until(lambda: browser.count("#fields"))
    browser.press("#lines", KEYS["Escape"])
    browser.until(lambda: not browser.count("#fields"))


def test_a_move_beyond_the_limit_says_so(browser: Browser) -> None:
    move(browser, "sample_z", "99")  # which only leads to the tick
    browser.until(lambda: browser.count(of("sample_z", ".beyond input:focus")))
    told = "sample_z would exceed upper limit of 5.000000 if moved to 99.000000."
    assert told in browser.text(of("sample_z", ".beyond"))
    browser.click(of("sample_z", ".beyond input"))
    browser.click(of("sample_z", ".move"))
    refused = of("sample_z", ".refused")
    browser.until(lambda: browser.text(f"{refused} b") == "sw_limit")
    assert "did not go to 99, beyond its upper limit 5 mm" in browser.text(refused)
    browser.until(lambda: "99 is beyond 5" in browser.text("#log .is-bad"))
    browser.click(f"{refused} .link")
    browser.until(lambda: browser.text("#field-keyword") == "htos_motor_move_completed")
    browser.click(f"{refused} .quiet")
    assert not browser.count(refused)


def test_the_other_devices_obey_too(browser: Browser, dcss: SimulatedDcss) -> None:
    browser.click(of("shutter", ".verb"))
    browser.until(lambda: browser.text(of("shutter", ".value")) == "○ open")
    assert browser.text(of("shutter", ".verb")) == "Close"
    assert dcss.shutter_state("shutter") == "open"
    browser.type(of("sample_name", "input"), "thaumatin  2")
    browser.click(of("sample_name", "form button"))
    browser.until(lambda: browser.text(of("sample_name", ".value")) == "thaumatin  2")
    browser.click(of("i_sample", ".verb"))
    browser.until(lambda: browser.text(of("i_sample", ".value")) == "48211")
    browser.click(of("phi_encoder", ".verb"))
    browser.until(lambda: browser.text(of("phi_encoder", ".value")) == "12.5")


def test_an_operation_runs_and_its_updates_are_seen(browser: Browser) -> None:
    start(browser, "scan", "4")
    browser.until(lambda: browser.count("#ended .is-normal"))
    assert browser.text("#ended .result") == "points 4"
    assert browser.text("#ended .status") == "normal"
    assert re.fullmatch(r"[\d.]+ s", browser.text("#ended .clock"))
    assert browser.text("#ended .more") == "4 updates"
    browser.click("#ended .more")
    assert "point 3 1030" in browser.text("#ended .updates")
    browser.until(lambda: "the scan is over" in browser.text("#log"))


def test_an_operation_and_a_move_are_aborted(browser: Browser, dcss: SimulatedDcss) -> None:
    start(browser, "scan", "10000")
    move(browser, "gonio_kappa", "360")
    browser.until(lambda: browser.count("#running .run") == 2 and browser.count(".is-moving"))
    browser.until(lambda: "point 1" in browser.text("#running .updates:not([hidden])"))
    assert browser.text("#summary") == "▶ 2 running"
    browser.click(".abort[data-how=soft]")
    browser.until(lambda: browser.text(of("scan", ".refused b")) == "aborted")
    browser.until(lambda: browser.count("#ended .is-failed") == 2)
    browser.until(lambda: "aborted" in browser.text(of("gonio_kappa", ".refused")))
    browser.until(lambda: not browser.count(".is-moving"))
    assert browser.text("#summary") == "✕ 2 failed"
    assert 0 < dcss.position("gonio_kappa") < 360
    move(browser, "gonio_kappa", "360")
    browser.until(lambda: browser.count(".is-moving"))
    browser.click(of("gonio_kappa", ".halt"))
    browser.until(lambda: not browser.count(".is-moving"))
    assert dcss.position("gonio_kappa") < 360


def test_the_wire_is_filtered_and_explained(browser: Browser) -> None:
    browser.type("#wire-filter", "register -shutter")
    browser.until(lambda: browser.count(LINES))
    lines = browser.texts(LINES)
    assert all("register" in line and "shutter" not in line for line in lines)
    browser.type("#wire-filter", "stoh_start_motor_move")
    browser.until(lambda: browser.text("#wire-count").startswith("0 of"))
    move(browser, "sample_y", "0.25")
    browser.until(lambda: browser.count(LINES) == 1)
    browser.click(LINES)
    browser.until(lambda: "destination" in browser.text("#fields"))
    assert browser.text("#fields tr:first-child") == "motor_namesample_y"
    assert "0.25" in browser.text("#fields tr:nth-child(2) td")
    move(browser, "sample_y", "0")
    browser.until(lambda: browser.count(LINES) == 2)
    browser.click("#wire [data-dir='<-']")
    browser.until(lambda: not browser.count(LINES))
    browser.click("#wire [data-dir='']")
    browser.until(lambda: browser.count(LINES) == 2)


def test_what_a_dhs_does_by_hand_and_seldom(browser: Browser, dcss: SimulatedDcss) -> None:
    browser.click(of("sample_x", ".name"))
    browser.type(of("sample_x", ".position input"), "1.5")
    browser.click(of("sample_x", ".position button:last-child"))
    browser.until(lambda: browser.text(of("sample_x", ".value")) == "1.5")
    press_text(browser, "sample_x", "Configure…")
    assert browser.script("return document.activeElement.name") == "lower_limit"
    press_text(browser, "sample_x", "from current", inside=".sub")
    press_text(browser, "sample_x", "Configure")
    browser.until(lambda: browser.text(of("sample_x", ".low")) == "1.5")
    lines = [line for line in dcss.traffic.texts(arrow="->") if "configure_real" in line]
    assert " 1.500000 5.000000 1.500000 " in lines[-1]
    press_text(browser, "sample_x", "Vector…")
    browser.type(of("sample_x", "[name=destination]:not(.go *)"), "2")
    browser.script(
        f"document.querySelector('{of('sample_x', '[name=second]')}').value = 'sample_y'"
    )
    browser.type(of("sample_x", "[name=second_destination]"), "1")
    press_text(browser, "sample_x", "Vector move")
    browser.until(lambda: browser.text(of("sample_x", ".value")) == "2")
    browser.until(lambda: browser.text(of("sample_y", ".value")) == "1")
    browser.click(of("gonio_phi", ".name"))
    press_text(browser, "gonio_phi", "Oscillate…")
    browser.type(of("gonio_phi", "[name=degrees]"), "4")
    browser.type(of("gonio_phi", "[name=time_s]"), "0.2")
    press_text(browser, "gonio_phi", "Oscillate")
    browser.until(lambda: browser.text(of("gonio_phi", ".value")) == "4")


def test_a_step_is_one_click_and_is_kept(browser: Browser) -> None:
    browser.show((1400, 900), "dark")
    assert browser.value(of("sample_y", ".size")) == "0.01"
    browser.click(of("sample_y", ".more"))
    browser.until(lambda: browser.text(of("sample_y", ".value")) == "0.01")
    browser.type(of("sample_y", ".size"), "0.5")
    browser.click(of("sample_y", ".less"))
    browser.until(lambda: browser.text(of("sample_y", ".value")) == "-0.49")
    browser.press(of("sample_y", "[name=destination]"), KEYS["ArrowUp"])
    assert browser.value(of("sample_y", "[name=destination]")) == "0.01"
    assert browser.text(of("sample_y", ".value")) == "-0.49", "an arrow sends nothing"
    browser.reload()
    assert browser.value(of("sample_y", ".size")) == "0.5"


def test_the_bench_arms_faults_and_sends_any_message(
    browser: Browser, dcss: SimulatedDcss, dhs: Dhs
) -> None:
    browser.click(f"#hosts [title='{dhs.name}'], #hosts li:nth-child(2) .host")
    browser.click("#tab-bench")
    kinds = browser.script(
        "return [...document.querySelectorAll('.fault-kind button')].map(b => b.textContent)"
    )
    assert kinds == list(FaultKind)
    for number in range(1, len(kinds) + 1):
        browser.script(f"document.querySelectorAll('.fault-kind button')[{number - 1}].click()")
        browser.until(lambda number=number: browser.text("#armed") == f"⚡{number}")  # type: ignore[misc]
    assert {str(each.fault).split()[0] for each in dcss.faults.standing()} == set(FaultKind)
    assert {each.fault.host for each in dcss.faults.standing()} == {dhs.name}
    dcss.faults.clear()
    browser.type("#send-text", "stoh_start_motor_move sample_x 0.25")
    browser.until(lambda: "2 fields, right" in browser.text("#send-reading"))
    browser.click("#send .main")
    browser.until(lambda: browser.text(of("sample_x", ".value")) == "0.25")
    browser.type("#send-text", "htos_update_motor_position sample_x 3 normal")
    browser.press("#send-way", KEYS["ArrowDown"])
    assert browser.value("#send-way") == "to DCSS"
    browser.press("#send-text", KEYS["Enter"], held=KEYS["Control"])
    browser.until(lambda: browser.text(of("sample_x", ".value")) == "3")
    browser.until(lambda: browser.script(SENT))
    browser.press("#send-text", KEYS["ArrowUp"])
    assert browser.value("#send-text") == "stoh_start_motor_move sample_x 0.25"
    browser.type("#send-text", "stoh_nonsense")
    browser.until(lambda: "no message class" in browser.text("#send-reading"))


def test_positions_are_plotted(browser: Browser) -> None:
    browser.click(of("gonio_phi", ".name"))
    press_text(browser, "gonio_phi", "Plot")
    move(browser, "gonio_phi", "30")
    browser.until(lambda: browser.text("#plots .value") == "30 deg")
    drawn = (
        "const c = document.querySelector('#plots canvas');"
        "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v)"
    )
    browser.until(lambda: browser.script(drawn))
    assert browser.script("return location.search").endswith("plot=gonio_phi")


def test_what_is_refused_says_why(browser: Browser) -> None:
    start(browser, "mountSample", "")
    browser.until(lambda: "no_hw_host robotDHS" in browser.text(of("mountSample", ".refused")))
    browser.type(of("phi_encoder", "form input"), "")
    browser.click(of("phi_encoder", "form button"))
    assert "a number is needed" in browser.text(of("phi_encoder", ".refused"))


def test_who_comes_first_is_told_how_to_begin(chromium: Browser) -> None:
    with (
        SimulatedDcss([HardwareHost.of("stageDHS", motors=["m"])]) as server,
        BeamlinePage(server) as page,
    ):
        chromium.open(page.url)
        chromium.until(lambda: chromium.count("#nobody"))
        assert f"--dcss {server.address}" in chromium.text("#nobody")
        with DhsPeer.logged_in(server, "stageDHS"):
            chromium.until(lambda: not chromium.count("#nobody"))
        chromium.until(lambda: chromium.text("#hosts .sign.bad") == "◆")
        assert not chromium.count("#nobody")
        chromium.leave()


def test_a_dhs_that_goes_is_seen_to_go_and_come_back(
    browser: Browser, dcss: SimulatedDcss, dhs: Dhs
) -> None:
    start(browser, "scan", "10000")
    browser.until(lambda: browser.count("#running .run"))
    browser.click("#hosts li:nth-child(2) .host")
    browser.click("#hosts .sheet:not([hidden]) .cut")
    lost = f"no_hw_host_{dhs.name}"
    browser.until(lambda: lost in browser.text("#ended .is-failed .status"))
    dcss.wait_online(dhs.name, DEADLINE_S, logins=2)
    browser.until(lambda: "online, 2 logins" in browser.text("#hosts .sheet:not([hidden])"))


def test_the_page_says_that_its_server_is_gone_and_back(
    browser: Browser, page: BeamlinePage, dcss: SimulatedDcss
) -> None:
    browser.type(of("sample_x", "[name=destination]"), "0.75")
    page.stop()
    browser.until(lambda: "lost since" in browser.text("#link"))
    browser.click(of("sample_x", ".move"))
    browser.until(lambda: "does not answer" in browser.text(of("sample_x", ".refused")))
    dcss.move("sample_y", 0.125)
    page.start()
    browser.until(lambda: browser.text("#link") == "live")
    browser.until(lambda: browser.text(of("sample_y", ".value")) == "0.125")
    browser.click(of("sample_x", ".move"))  # what was typed is still there
    browser.until(lambda: browser.text(of("sample_x", ".value")) == "0.75")
