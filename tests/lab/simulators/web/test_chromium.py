"""The page in headless Chromium, driving a real DHS: what a person clicks happens and is seen.

With `BEAMLINE_PICTURES` set to a folder the last test writes the pictures of the docs there.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.dcss import HardwareHost, RealMotorEntry, SimulatedDcss
from dhs_lab.simulators.web import BeamlinePage
from dhs_runtime import Dhs, Operation
from tests.examples.loading import load
from tests.runtime.peers import fast_config

pytest.importorskip("selenium", reason="the test drives Chromium with selenium")

from tests.lab.simulators.web.browser import DEADLINE_S, Browser

pytestmark = pytest.mark.timeout(180)

KEYS: Final = {"Enter": "\ue007", "ArrowUp": "\ue013", "Escape": "\ue00c"}
SPEEDS: Final = {"gonio_phi": 60_000, "gonio_kappa": 2000}
"""Steps a second. A move of kappa takes minutes, so that a busy browser finds it moving."""
EXPECTED: Final = re.compile("409 .Conflict|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_EMPTY")
"""What the console may say: commands that were refused, and a server that was stopped."""


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
    """A DCSS that knows all of that, and a DHS that is not there."""
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
            yield server
        finally:
            # Beside a busy browser its threads may outlive the stop for a moment; that they end
            # is looked at behind every test.
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


def move(browser: Browser, motor: str, destination: str) -> None:
    browser.type(of(motor, "[name=destination]"), destination)
    browser.click(of(motor, "form button"))


def start(browser: Browser, operation: str, args: str) -> None:
    browser.type(of(operation, "[name=args]"), args)
    browser.click(of(operation, "form button"))


def test_a_click_moves_a_motor_and_the_move_is_seen(browser: Browser, dcss: SimulatedDcss) -> None:
    mark = f"return document.querySelector('{of('gonio_phi', '.mark')}').style.left"
    assert browser.script(mark) == "50%"
    move(browser, "gonio_phi", "30")
    browser.until(lambda: browser.count(".is-moving" + of("gonio_phi")))
    browser.until(lambda: browser.text(of("gonio_phi", ".value")) == "30deg")
    browser.until(lambda: not browser.count(".is-moving"))
    assert dcss.position("gonio_phi") == 30
    assert browser.script(mark) == "54.1667%"
    browser.until(lambda: browser.text("#angle") == "30°")
    for kind in ("loop", "pin"):
        assert browser.count(f"#boxes .{kind}") == 1


def test_the_keyboard_is_enough(browser: Browser, dcss: SimulatedDcss) -> None:
    browser.type(of("sample_x", "[name=destination]"), "0.5")
    browser.press(of("sample_x", "[name=destination]"), KEYS["Enter"])
    browser.until(lambda: browser.text(of("sample_x", ".value")) == "0.5mm")
    move(browser, "sample_x", "home")
    browser.until(lambda: browser.text(of("sample_x", ".value")) == "0mm")
    browser.press("#lines", KEYS["ArrowUp"])
    browser.until(lambda: browser.count("#fields"))
    browser.press("#lines", KEYS["Escape"])
    browser.until(lambda: not browser.count("#fields"))


def test_a_move_beyond_the_limit_says_so(browser: Browser) -> None:
    move(browser, "sample_z", "99")
    browser.until(lambda: "sw_limit" in browser.text(of("sample_z", ".outcome")))
    browser.until(lambda: "99 is beyond 5" in browser.text("#log .is-bad"))


def test_the_other_devices_obey_too(browser: Browser, dcss: SimulatedDcss) -> None:
    browser.click(of("shutter", "[data-state=open]"))
    browser.until(lambda: browser.text(of("shutter", ".value")) == "open")
    assert dcss.shutter_state("shutter") == "open"
    browser.type(of("sample_name", "input"), "thaumatin  2")
    browser.click(of("sample_name", "form button"))
    browser.until(lambda: browser.text(of("sample_name", ".value")) == "thaumatin  2")
    browser.click(of("i_sample", "button"))
    browser.until(lambda: browser.text(of("i_sample", ".value")) == "48211")
    browser.click(of("phi_encoder", "[data-do=get_encoder]"))
    browser.until(lambda: browser.text(of("phi_encoder", ".value")) == "12.5")


def test_an_operation_runs_and_its_updates_are_seen(browser: Browser) -> None:
    start(browser, "scan", "4")
    browser.until(lambda: "point 3 1030" in browser.text("#runs .updates"))
    browser.until(lambda: browser.count("#runs .is-normal"))
    assert browser.text("#runs .result") == "points 4"
    assert re.match(r"normal after [\d.]+ s$", browser.text("#runs .status"))
    browser.until(lambda: "the scan is over" in browser.text("#log"))


def test_an_operation_and_a_move_are_aborted(browser: Browser, dcss: SimulatedDcss) -> None:
    start(browser, "scan", "10000")
    move(browser, "gonio_kappa", "360")
    browser.until(lambda: browser.count("#runs .is-running") and browser.count(".is-moving"))
    browser.until(lambda: "point 1" in browser.text("#runs .updates"))
    browser.click("[data-do=abort_all][data-how=soft]")
    browser.until(lambda: "aborted after" in browser.text("#runs .is-failed .status"))
    browser.until(lambda: "aborted" in browser.text(of("gonio_kappa", ".outcome")))
    assert not browser.count(".is-moving")
    assert 0 < dcss.position("gonio_kappa") < 360
    move(browser, "gonio_kappa", "360")
    browser.until(lambda: browser.count(".is-moving"))
    browser.click(of("gonio_kappa", "[data-do=abort_move]"))
    browser.until(lambda: not browser.count(".is-moving"))
    assert dcss.position("gonio_kappa") < 360


def test_the_wire_is_filtered_paused_and_explained(browser: Browser) -> None:
    everything = browser.count("#lines li")
    browser.type("#wire-filter", "register -shutter")
    browser.until(lambda: 0 < browser.count("#lines li") < everything)
    lines = browser.script(
        "return [...document.querySelectorAll('#lines li')].map(l => l.innerText)"
    )
    assert all("register" in line and "shutter" not in line for line in lines)
    browser.type("#wire-filter", "stoh_start_motor_move")
    browser.until(lambda: browser.text("#wire-count").startswith("0 of"))
    move(browser, "sample_y", "0.25")
    browser.until(lambda: browser.count("#lines li") == 1)
    browser.click("#lines li")
    browser.until(lambda: "destination" in browser.text("#fields"))
    assert browser.text("#fields tr:first-child") == "motor_namesample_y"
    assert "0.25" in browser.text("#fields tr:nth-child(2) td")
    browser.click("#wire-pause")
    move(browser, "sample_y", "0")
    browser.until(lambda: "held" in browser.text("#wire-count"))
    assert browser.count("#lines li") == 1
    browser.click("#wire-pause")
    browser.until(lambda: browser.count("#lines li") == 2)
    browser.click("#wire-arrow option[value='<-']")
    browser.until(lambda: not browser.count("#lines li"))


def test_what_is_refused_says_why(browser: Browser) -> None:
    start(browser, "mountSample", "")
    browser.until(lambda: browser.count("#notices p"))
    notice = "start operation mountSample refused: hardware host robotDHS is not connected"
    assert notice in browser.text("#notices")


def test_a_dhs_that_goes_is_seen_to_go_and_come_back(
    browser: Browser, dcss: SimulatedDcss, dhs: Dhs
) -> None:
    start(browser, "scan", "10000")
    browser.until(lambda: browser.count("#runs .is-running"))
    browser.click(f"#hosts [data-do=disconnect][data-name={dhs.name}]")
    lost = f"no_hw_host_{dhs.name} after"
    browser.until(lambda: lost in browser.text("#runs .is-failed .status"))
    dcss.wait_online(dhs.name, DEADLINE_S, logins=2)
    browser.until(lambda: "online, 2 logins" in browser.text("#hosts .is-online"))


def test_the_page_says_that_its_server_is_gone_and_back(
    browser: Browser, page: BeamlinePage, dcss: SimulatedDcss
) -> None:
    browser.type(of("sample_x", "[name=destination]"), "0.75")
    page.stop()
    browser.until(lambda: "connection lost" in browser.text("#link"))
    browser.click(of("sample_x", "form button"))
    browser.until(lambda: "does not answer" in browser.text("#notices"))
    dcss.move("sample_y", 0.125)
    page.start()
    browser.until(lambda: browser.text("#link") == "live")
    browser.until(lambda: browser.text(of("sample_y", ".value")) == "0.125mm")
    browser.click(of("sample_x", "form button"))  # what was typed is still there
    browser.until(lambda: browser.text(of("sample_x", ".value")) == "0.75mm")


def test_nothing_is_wider_than_a_narrow_window(browser: Browser) -> None:
    browser.show((400, 800), "light")
    width = "return document.documentElement.scrollWidth"
    browser.until(lambda: browser.script(width) <= 400)
    browser.show((1280, 800), "light")
    inside = "return document.documentElement.scrollHeight <= 800"
    browser.until(lambda: browser.script(inside))


def test_the_pictures_of_the_docs(browser: Browser, tmp_path: Path) -> None:
    folder = Path(os.environ.get("BEAMLINE_PICTURES") or tmp_path)

    def save(name: str) -> None:
        picture = browser.picture()
        assert len(picture.getcolors(picture.width * picture.height) or []) > 200, "it is empty"
        picture.save(folder / f"beamline-{name}.png", optimize=True)

    browser.click(of("shutter", "[data-state=open]"))
    move(browser, "sample_z", "99")
    browser.until(lambda: browser.text(of("sample_z", ".outcome")))
    start(browser, "findLoop", "")
    browser.until(lambda: browser.count("#boxes .told"))
    start(browser, "scan", "9")
    browser.until(lambda: "points 9" in browser.text("#runs .result"))
    move(browser, "gonio_phi", "90")
    start(browser, "scan", "200")
    browser.until(lambda: float(browser.text("#angle").rstrip("°")) > 20)
    save("dark")
    browser.until(lambda: browser.text("#angle") == "90°")
    browser.type("#wire-filter", "gonio_phi -register")
    browser.click("#lines li:last-child")
    browser.show((1280, 800), "light")
    save("light")
    browser.press("#lines", KEYS["Escape"])
    browser.show((420, 900), "dark")
    browser.script("window.scrollTo(0, 0)")
    save("narrow")
