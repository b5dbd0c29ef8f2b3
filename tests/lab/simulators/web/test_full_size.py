"""The page at the size of a beamline, in headless Chromium, with a DHS at work.

With `BEAMLINE_PICTURES` set to a folder the last test writes the pictures of the docs there.
"""

import importlib.resources
import json
import os
import time
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from PIL import Image

from benchmarks.page_burst import measure, send
from dhs_lab.simulators.dcss import HardwareHost
from tests.lab.simulators.web.beamline import Beamline, beamline_hosts, made_hosts, stage_host

pytest.importorskip("selenium", reason="the test drives Chromium with selenium")

from tests.lab.simulators.web.browser import DEADLINE_S, EXPECTED, KEYS, Browser

pytestmark = pytest.mark.timeout(240)

SIZES: Final = {"wide": (1400, 900), "middle": (1024, 768), "narrow": (390, 844)}
LINES: Final = ".wire-line:not([hidden])"
TOOLS: Final = ("camera", "bench", "plot", "log")
AXE: Final = importlib.resources.files("axe_core_python") / "axe.min.js"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser.started(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def hosts() -> list[HardwareHost]:
    return [stage_host(), *made_hosts()]


@pytest.fixture
def beamline(hosts: list[HardwareHost]) -> Iterator[Beamline]:
    with Beamline.at_work(hosts) as beamline:
        yield beamline


@pytest.fixture
def browser(chromium: Browser, beamline: Beamline) -> Iterator[Browser]:
    """The page, open; its scripts must not complain."""
    chromium.open(beamline.page.url, SIZES["wide"], "light")
    yield chromium
    complaints = [text for text in chromium.complaints() if not EXPECTED.search(text)]
    chromium.leave()
    assert complaints == []


def of(device: str, inside: str = "") -> str:
    return f'[data-name="{device}"] {inside}'


def press(browser: Browser, selector: str) -> None:
    """Click without looking whether it is in view."""
    browser.script(f"document.querySelector(`{selector}`).click()")


def open_all_folds(browser: Browser) -> None:
    browser.script("document.querySelectorAll('#device-list .fold').forEach(b => b.click())")
    browser.script("document.querySelector('#hosts .fold button')?.click()")


# -- hosts and devices -------------------------------------------------------------------------


def test_those_who_are_here_come_first(browser: Browser) -> None:
    hosts = browser.texts("#hosts .name, #hosts .fold")
    assert hosts[:7] == ["All hosts", "stageDHS", "gi", "galil1", "galil2", "camera", "detector"]
    assert hosts[7:] == ["▸ 17 never seen", "self"]
    names = browser.texts(".kind-motor .name")
    assert names[:2] == ["sample_zz", "gonio_test"], "the DHS under test is on top"
    assert "more: of DCSS itself and of hosts never seen" in browser.text(".kind-motor .fold")


def test_a_host_filters_devices_and_wire_but_not_what_runs(
    browser: Browser, beamline: Beamline
) -> None:
    beamline.dcss.start_operation("countDown", text="60")
    browser.until(lambda: browser.count("#running .run"))
    browser.click("#hosts li:nth-child(3) .host")
    browser.until(lambda: browser.text("#kinds button small") == "19")
    lines = browser.texts(f"{LINES} .from")
    assert set(lines) == {"gi"}
    assert browser.count("#running .run") == 1


def test_names_are_never_cut(browser: Browser) -> None:
    open_all_folds(browser)
    cut = (
        "return [...document.querySelectorAll('.name')].filter(n => n.scrollWidth > n.clientWidth"
        " && n.clientWidth).map(n => n.textContent)"
    )
    shown = "return document.querySelectorAll('.row').length"
    browser.until(lambda: browser.script(shown) == int(browser.text("#kinds small")))
    assert browser.script(shown) > 280
    for size in SIZES.values():
        browser.show(size, "light")
        browser.until(lambda: browser.script(cut) == [])
        wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert browser.script(wide) == 0
        wide = (
            "const l = document.querySelector('#device-list'); return l.scrollWidth - l.clientWidth"
        )
        assert browser.script(wide) == 0


@pytest.mark.parametrize("size", ["wide", "middle"])
def test_the_step_is_in_view_and_the_row_holds_it(browser: Browser, size: str) -> None:
    browser.show(SIZES[size], "light")
    assert browser.count(of("sample_zz", ".size")) == 1
    fits = "const r = document.querySelector(`{}`); return r.scrollWidth <= r.clientWidth"
    browser.until(lambda: browser.script(fits.format(of("sample_zz").strip())))
    browser.type(of("sample_zz", ".size"), "0.125")
    browser.click(of("sample_zz", ".more"))
    browser.until(lambda: browser.text(of("sample_zz", ".value")) == "0.125")


def test_on_a_phone_the_devices_begin_at_the_top(browser: Browser) -> None:
    browser.show(SIZES["narrow"], "light")
    top = "return document.querySelector('main').getBoundingClientRect().top"
    browser.until(lambda: browser.script(top) <= 96)
    for part in ("now", "wire", "tools", "devices"):
        browser.click(f"#parts [data-part={part}]")
        assert browser.count("main > section") == 1
        assert browser.count(f"#{part}") == 1
    browser.click(of("sample_zz", ".name"))
    browser.type(of("sample_zz", "[name=destination]"), "0.5")
    browser.click(of("sample_zz", ".move"))
    browser.until(lambda: browser.text(of("sample_zz", ".value")) == "0.5")


def test_only_one_row_is_in_the_order_of_tab(browser: Browser) -> None:
    inside = (
        "return new Set([...document.querySelectorAll('.row button, .row input')]"
        ".filter(e => e.tabIndex === 0).map(e => e.closest('.row').dataset.name)).size"
    )
    assert browser.script(inside) == 1
    browser.script(f"document.querySelector('{of('sample_zz', '.name')}').focus()")
    browser.press(of("sample_zz", ".name"), KEYS["ArrowDown"])
    assert browser.active() == "gonio_test"
    browser.press(of("gonio_test", ".name"), KEYS["ArrowRight"])
    assert browser.active() == "A step less for gonio_test"
    assert browser.script(inside) == 1


# -- a move that must fail -----------------------------------------------------------------------


def test_a_tick_set_by_space_lets_enter_send(browser: Browser, beamline: Beamline) -> None:
    def asked() -> int:
        return sum("start_motor_move sample_zz" in text for text in beamline.dcss.traffic.texts())

    target, tick = of("sample_zz", "[name=destination]"), of("sample_zz", ".beyond input")
    browser.type(target, "2000")
    browser.press(target, KEYS["Enter"])
    browser.until(lambda: browser.count(f"{tick}:focus"))
    browser.press(tick, KEYS["Enter"])
    assert asked() == 0, "without the tick nothing is sent"
    browser.press(tick, KEYS["Space"])
    browser.press(target, KEYS["Enter"])
    browser.until(lambda: browser.text(of("sample_zz", ".refused b")) == "sw_limit")
    assert asked() == 1


def test_a_locked_motor_asks_first_too(browser: Browser, beamline: Beamline) -> None:
    beamline.dcss.configure("sample_zz", motor_lock_on=True)
    browser.until(lambda: beamline.dcss.changes)
    browser.click(of("sample_zz", ".name"))
    browser.until(lambda: browser.text(of("sample_zz", "[data-key=motor_lock_on] dd")) == "yes")
    browser.click(of("sample_zz", ".more"))
    browser.until(lambda: browser.count(of("sample_zz", ".beyond")))
    assert browser.text(of("sample_zz", ".why")).endswith(": locked")


def test_a_refusal_stays_until_it_is_put_away(browser: Browser, beamline: Beamline) -> None:
    motor = "table_gap_vert"
    assert beamline.dcss.position(motor) < 14
    beamline.refuse(motor, 14.5)
    refused = of(motor, ".refused")
    browser.until(lambda: browser.count(refused))
    assert "gi did not go to 14.5, beyond its upper limit 14.399872 mm" in browser.text(refused)
    browser.click("#hosts li:nth-child(2) .host")
    browser.click("#hosts li:first-child .host")
    assert browser.count(refused) == 1
    browser.click(f"{refused} .quiet")
    beamline.dcss.traffic.add("gi", "<-", "htos_note the page draws once more")
    browser.until(lambda: "once more" in browser.text("#log"))
    assert browser.count(refused) == 0


# -- what runs -----------------------------------------------------------------------------------


def test_stop_keeps_the_focus_while_updates_come(browser: Browser, beamline: Beamline) -> None:
    beamline.dcss.start_operation("countDown", text="1000 0.05")
    beamline.dcss.move("sample_zz", 900)
    browser.until(lambda: browser.count("#running .run") == 2)
    stop = "#running .halt[aria-label='Stop countDown']"
    browser.script(f'document.querySelector("{stop}").focus()')
    for number in range(40):
        assert browser.active() == "Stop countDown", f"after {number * 50} ms"
        time.sleep(0.05)
    beamline.dcss.abort_all()
    browser.until(lambda: browser.count("#ended .is-failed") == 2)
    assert browser.active() == "countDown", "where its button went, its name has the focus"


def test_the_newest_is_on_top_and_completed_twice_is_said(
    browser: Browser, beamline: Beamline
) -> None:
    run = beamline.dcss.start_operation("countDown", text="2 0.01")
    run.wait(DEADLINE_S)
    beamline.dcss.traffic.add(
        "stageDHS", "<-", f"htos_operation_completed countDown {run.handle} normal again"
    )
    browser.until(lambda: "completed 2 times" in browser.text("#ended .fault"))
    beamline.dcss.start_operation("findLoop", text="")
    browser.until(lambda: browser.text("#ended .run .name") == "findLoop")
    browser.click("#ended .run .wire")
    browser.until(lambda: browser.text("#field-keyword") == "htos_operation_completed")


def test_placeholders_are_there_again(browser: Browser, beamline: Beamline) -> None:
    assert browser.count("#no-runs") == 1
    beamline.dcss.start_operation("countDown", text="1 0.01").wait(DEADLINE_S)
    browser.until(lambda: browser.count("#ended .run") and not browser.count("#no-runs"))
    browser.click("#wire-clear")
    browser.until(lambda: browser.count("#no-lines") == 1)
    assert "No messages yet" in browser.text("#no-lines")
    beamline.page.stop()
    browser.until(lambda: "lost since" in browser.text("#link"))
    assert browser.text(of("sample_zz", ".value")) == "0", "values stay"
    beamline.page.start()
    browser.until(lambda: browser.text("#link") == "live")
    browser.until(lambda: not browser.count("#no-lines"))
    assert browser.count("#ended .run") == 1
    browser.type("#wire-filter", "no such ")
    for letter in "word":  # "w" would go to the filter if nobody was typing
        browser.press("#wire-filter", letter)
    assert browser.value("#wire-filter") == "no such word"
    browser.until(lambda: browser.text("#no-lines") == "No message matches.")


# -- the wire ------------------------------------------------------------------------------------


def test_a_burst_leaves_as_many_elements_as_before(browser: Browser, beamline: Beamline) -> None:
    figures = measure(browser, beamline)
    before, after = figures.elements
    assert abs(after - before) <= 20
    assert figures.frames > 3, "the page was drawn meanwhile"


def test_the_page_keeps_the_last_lines_and_says_so(browser: Browser, beamline: Beamline) -> None:
    send(beamline, 21_500, second=0.5)
    browser.until(lambda: "keeps the last 20,000" in browser.text("#wire-count"))
    kept = int(browser.text("#wire-count").split(" of ")[1].split(";")[0].replace(",", ""))
    assert 20_000 <= kept < 21_000


def test_a_reader_in_the_middle_sees_the_same(browser: Browser, beamline: Beamline) -> None:
    send(beamline, 19_500, second=0.5)
    browser.until(lambda: "19499.000000" in browser.text("#lines"))
    browser.script("document.querySelector('#lines').scrollTop = 200000")
    browser.until(lambda: browser.count("#wire-follow[aria-pressed=false]"))
    first = (
        "const box = document.querySelector('#lines').getBoundingClientRect();"
        f"return [...document.querySelectorAll('{LINES}')]"
        ".map(line => [line.getBoundingClientRect().top, line.id])"
        ".filter(([top]) => top >= box.top).sort((a, b) => a[0] - b[0])[0][1]"
    )
    seen = browser.script(first)
    send(beamline, 3000, second=0.3)
    browser.until(lambda: "3,000 new below" in browser.text("#wire-count"))
    assert browser.script(first) == seen
    browser.press("#lines", KEYS["End"])
    browser.until(lambda: "new below" not in browser.text("#wire-count"))
    browser.until(lambda: "2999.000000" in browser.text("#lines"))


def test_the_address_is_the_view(browser: Browser, beamline: Beamline) -> None:
    browser.type("#device-filter", "table gap, sample_zz")
    browser.click("#kinds button:nth-child(2)")
    browser.type("#wire-filter", "register -shutter")
    browser.click("#wire [data-dir='->']")
    shown = "#device-list section:not([hidden]) .row .name, .wire-line:not([hidden]) .text"
    seen = sorted(browser.texts(shown))
    assert "table_gap_vert" in seen
    assert "sample_zz" in seen
    address = browser.script("return location.href")
    assert "q=table+gap" in address
    browser.leave()
    browser.open(address, SIZES["wide"], "light")
    browser.until(lambda: sorted(browser.texts(shown)) == seen)
    assert browser.value("#wire-filter") == "register -shutter"


def test_what_is_shown_is_exported(browser: Browser, beamline: Beamline) -> None:
    browser.type("#wire-filter", "stoh_register_real_motor sample_zz")
    browser.until(lambda: browser.text("#wire-count").startswith("1 of"))
    browser.script(
        "window.exported = null;"
        "const make = URL.createObjectURL;"
        "URL.createObjectURL ="
        "  blob => {if (blob.type === 'application/jsonl')"  # the camera's pictures come so, too
        "    blob.text().then(text => window.exported = text); return make(blob)};"
        "HTMLAnchorElement.prototype.click = () => {}"
    )
    browser.click("#wire-export")
    browser.until(lambda: browser.script("return window.exported"))
    (row,) = browser.script("return window.exported").splitlines()
    message: dict[str, Any] = json.loads(row)["message"]
    assert message == {
        "keyword": "stoh_register_real_motor",
        "motor_name": "sample_zz",
        "hardware_name": "sample_zz",
    }


# -- for everybody -------------------------------------------------------------------------------


def few_of_each_kind() -> list[HardwareHost]:
    """All hosts with five devices of each kind at most: more rows are more of the same."""
    return [
        attrs.evolve(
            host,
            devices=tuple(
                one for _, alike in groupby(host.devices, type) for one in islice(alike, 5)
            ),
        )
        for host in [stage_host(), *made_hosts()]
    ]


@pytest.mark.parametrize("hosts", [few_of_each_kind()])
def test_no_violation_of_accessibility(browser: Browser, beamline: Beamline) -> None:
    beamline.refuse("table_gap_vert", 14.5)
    browser.until(lambda: browser.count(of("table_gap_vert", ".refused")))
    beamline.dcss.start_operation("countDown", text="600")
    beamline.dcss.move("sample_zz", 900)
    beamline.dcss.faults.add("late 0.5 host=nobody")
    browser.until(lambda: browser.count("#running .run") == 2)
    press(browser, of("gonio_test", ".name"))
    opener = of("gonio_test", ".details .line > button[aria-expanded]")
    browser.script(f"document.querySelectorAll(`{opener}`).forEach(one => one.click())")
    browser.type(of("gonio_test", "[name=destination]"), "5000")
    press(browser, LINES)
    browser.until(lambda: browser.count("#field-rows tr"))
    browser.script(AXE.read_text(encoding="utf-8") + ";window.axe = axe")
    for size, tools in (("wide", TOOLS), ("middle", ["bench"]), ("narrow", ["bench", "plot"])):
        for part in ("devices", "now", "wire") if size == "narrow" else ():
            press(browser, f"#parts [data-part={part}]")
            assert violations(browser, size, "" if part == "devices" else f"#{part}") == []
        press(browser, "#parts [data-part=tools]")
        for tool in tools:
            press(browser, f"#tab-{tool}")
            whole = size != "narrow" and tool == tools[0]
            assert violations(browser, size, "" if whole else "#tools") == []
    press(browser, "#help-open")
    assert violations(browser, size, "#help") == []


def violations(browser: Browser, size: str, part: str) -> list[str]:
    """What axe complains of in the whole page, or in the part that is not as it was before.

    The dark page differs from the light one in its colours alone, of which two rules speak.
    """
    found = []
    of_colours = "runOnly: ['color-contrast', 'link-in-text-block'], "
    for scheme, rules in (("dark", of_colours), ("light", "")):
        browser.show(SIZES[size], scheme)
        browser.script(
            "window.found = null;"
            f"axe.run({json.dumps(part or 'html')}, {{{rules}resultTypes: ['violations']}})"
            "  .then(r => window.found = r.violations)"
        )
        browser.until(lambda: browser.script("return window.found !== null"))
        found += browser.script(
            "return window.found.map(v => [v.id, v.help, v.nodes.slice(0, 3).map(n => n.html)])"
        )
    return [f"{rule} at {size}: {help_}: {nodes}" for rule, help_, nodes in found]


# -- the pictures --------------------------------------------------------------------------------


def test_the_pictures_of_the_docs(chromium: Browser, tmp_path: Path) -> None:
    folder = Path(os.environ.get("BEAMLINE_PICTURES") or tmp_path / "not kept")
    with Beamline.at_work(beamline_hosts()) as beamline:
        chromium.open(beamline.page.url, SIZES["wide"], "light")
        at_work(beamline, chromium)
        for size, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                chromium.show((width, height), scheme)
                time.sleep(0.3)
                save(chromium, folder / f"beamline-{size}-{scheme}.png")
        chromium.show(SIZES["wide"], "light")
        press(chromium, "#hosts li:nth-child(2) .host")
        press(chromium, "#tab-bench")
        press(chromium, "#fault-kinds span:nth-child(3) button")
        press(chromium, of("sample_zz", ".name"))
        chromium.type("#send-text", "stoh_start_motor_move sample_zz 12.5")
        chromium.until(lambda: chromium.count(LINES))
        press(chromium, f"{LINES}:nth-last-child(4)")
        chromium.until(lambda: "right" in chromium.text("#send-reading"))
        save(chromium, folder / "beamline-bench.png")
        chromium.leave()


def at_work(beamline: Beamline, browser: Browser) -> None:
    """What a beamline looks like in the middle of things."""
    beamline.dcss.start_operation("findLoop", text="").wait(DEADLINE_S)
    motors = [name for name in ("mono_slit_gap_vert", "table_gap_vert") if of_gi(beamline, name)]
    beamline.refuse(motors[0], 14.5)
    browser.until(lambda: browser.count(of(motors[0], ".refused")))
    beamline.dcss.start_operation("countDown", text="30 0.5")
    beamline.dcss.move("gonio_test", 90)
    beamline.dcss.move("sample_zz", 250)
    browser.until(lambda: browser.text("#legend .angle") == "90°")
    browser.until(lambda: browser.text("#ended .name") == "gonio_test")
    browser.type(of(motors[0].replace("vert", "horz"), "[name=destination]"), "22")


def of_gi(beamline: Beamline, motor: str) -> bool:
    (gi,) = [host for host in beamline.dcss.hosts if host.name == "gi"]
    return motor in {device.name for device in gi.devices}


def save(browser: Browser, path: Path) -> None:
    picture = browser.picture()
    assert len(picture.getcolors(picture.width * picture.height) or []) > 200, "it is empty"
    if path.parent.is_dir():
        few = picture.convert("RGB").quantize(255, Image.Quantize.FASTOCTREE)
        few.save(path, optimize=True)
