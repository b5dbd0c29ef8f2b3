"""`Browser`: headless Chromium, used like a person at the beamline."""

import io
import pkgutil
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from PIL import Image
from selenium.common.exceptions import StaleElementReferenceException

if TYPE_CHECKING:
    from selenium.webdriver import ActionChains, Chrome
    from selenium.webdriver.remote.webelement import WebElement

DEADLINE_S: Final = 40.0  # a busy computer may take its time to draw
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
KEYS: Final = {
    "Control": "\ue009",
    "End": "\ue010",
    "Enter": "\ue007",
    "ArrowUp": "\ue013",
    "ArrowDown": "\ue015",
    "ArrowRight": "\ue014",
    "Escape": "\ue00c",
    "Space": " ",
}
EXPECTED: Final = re.compile("409 .Conflict|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_EMPTY")
"""What the console may say: commands that were refused, and a server that was stopped."""

_AIM: Final = """
const one = document.querySelector(arguments[0]);
if (!one?.checkVisibility({visibilityProperty: true}) || one.matches(':disabled')) return null;
one.scrollIntoViewIfNeeded();
const {left, top, width, height} = one.getBoundingClientRect();
if (!one.contains(document.elementFromPoint(left + width / 2, top + height / 2))) return null;
"""
"""Finds an element that is in view, enabled and not covered; returns null if there is none."""

_DRAWN: Final = "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
_CHANGED: Final = "document.activeElement.dispatchEvent(new Event('change', {bubbles: true}))"
_VALUE: Final = "return document.querySelector(arguments[0]).value"
_TEXTS: Final = "return [...document.querySelectorAll(arguments[0])].map(one => one.textContent)"
_TEXT: Final = "return document.querySelector(arguments[0])?.textContent ?? ''"


@cache
def _count() -> str:
    """The script that counts which elements can be seen: selenium's own, but once for all."""
    seen = pkgutil.get_data("selenium.webdriver.remote", "isDisplayed.js")
    assert seen is not None
    return (
        f"const isSeen = {seen.decode()};"
        "return [...document.querySelectorAll(arguments[0])].filter(one => isSeen(one)).length"
    )


class Browser:
    """One window; elements are named by CSS selectors."""

    def __init__(self, driver: "Chrome") -> None:
        self._driver = driver

    @classmethod
    @contextmanager
    def started(cls, profile: Path) -> Iterator["Browser"]:
        """A browser with a new profile in this folder; skips if there is no Chromium."""
        chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
        if not chromium or not chromedriver:
            pytest.skip("no chromium and chromedriver on this computer")
        # Each worker of a parallel run imports this module, and only one starts a browser.
        from selenium import webdriver  # noqa: PLC0415
        from selenium.webdriver.chrome.service import Service  # noqa: PLC0415

        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NO_PROXY", "localhost,127.0.0.1")
            driver = webdriver.Chrome(options=options, service=Service(chromedriver))
        try:
            yield cls(driver)
        finally:
            driver.quit()

    def open(self, url: str, size: tuple[int, int] = (1280, 800), scheme: str = "dark") -> None:
        """Open a page and wait until it is live."""
        self.show(size, scheme)
        self._driver.get(url)
        self._wait_live()

    def reload(self) -> None:
        """Open the page again by its present address."""
        self._driver.refresh()
        self._wait_live()

    def _wait_live(self) -> None:
        self.until(lambda: self.text("#link") == "live")
        self._driver.execute_async_script(_DRAWN)

    def active(self) -> str:
        """What has the focus: its label, else its text or name."""
        script = (
            "const a = document.activeElement;"
            "return a.getAttribute('aria-label') ?? a.textContent ?? a.name ?? ''"
        )
        return str(self._driver.execute_script(script))

    def leave(self) -> None:
        """Close the page."""
        self._driver.get("about:blank")

    def show(self, size: tuple[int, int], scheme: str) -> None:
        """Change size and colour scheme of the window."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def slow_down(self, times: int) -> None:
        """Give the page a processor that is so many times slower."""
        self._driver.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": times})

    def click(self, selector: str) -> None:
        """Click on the middle of an element, as soon as it is in view and enabled."""
        self._use(selector, lambda element: self._hand().move_to_element(element).click().perform())

    def type(self, selector: str, text: str) -> None:
        """Write into an input in place of what it holds, all letters at once."""

        def write(_: object) -> None:
            self._driver.execute_cdp_cmd("Input.insertText", {"text": text})
            self._driver.execute_script(_CHANGED)

        self._use(selector, write, "one.focus(); one.select();")

    def press(self, selector: str, key: str, held: str = "") -> None:
        """Press a key while an element has the focus."""
        hand = self._hand()
        hand.key_down(held).send_keys(key).key_up(held) if held else hand.send_keys(key)
        self._use(selector, lambda _: hand.perform(), "one.focus();")

    def _hand(self) -> "ActionChains":
        from selenium.webdriver import ActionChains  # noqa: PLC0415

        return ActionChains(self._driver, duration=0)

    def _use(self, selector: str, act: Callable[["WebElement"], None], first: str = "") -> None:
        """Do something to the first such element, as soon as a person could, and see it drawn."""

        def is_used() -> bool:
            with suppress(StaleElementReferenceException):  # it was drawn anew
                element = self._driver.execute_script(f"{_AIM}{first}return one", selector)
                if element is not None:
                    act(element)
                    return True
            return False

        self.until(is_used)
        self._driver.execute_async_script(_DRAWN)

    def text(self, selector: str) -> str:
        """The text of the first such element, "" if there is none."""
        return str(self._driver.execute_script(_TEXT, selector))

    def value(self, selector: str) -> str:
        """What the first such input holds."""
        return str(self._driver.execute_script(_VALUE, selector))

    def texts(self, selector: str) -> list[str]:
        """The texts of all such elements."""
        return list(self._driver.execute_script(_TEXTS, selector))

    def script(self, text: str) -> Any:
        """The result of a script."""
        return self._driver.execute_script(text)

    def count(self, selector: str) -> int:
        """How many such elements can be seen."""
        return int(self._driver.execute_script(_count(), selector))

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until the page shows something."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline, f"not shown; notices: {self.text('#notices')}"
            time.sleep(0.02)

    def complaints(self) -> list[str]:
        """The console messages of the browser since the last call."""
        return [entry["message"] for entry in self._driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def picture(self) -> Image.Image:
        """A screenshot."""
        return Image.open(io.BytesIO(self._driver.get_screenshot_as_png()))
