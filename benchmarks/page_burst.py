"""The page of the simulated beamline in a burst: `python -m benchmarks.page_burst`.

A real server, a real headless Chromium, a database of a beamline's size, and 12,000 messages in one
second. It measures the longest time between two frames, from the first message until the last is
shown. For comparison it measures the same of the page at rest: the noise of the computer.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from tests.lab.simulators.web.beamline import Beamline
    from tests.lab.simulators.web.browser import Browser

MESSAGES: Final = 12_000
RUNS: Final = 3
SLOWED: Final = 4  # how many times slower the browser is, in half of the runs
SECOND: Final = 1.0
_WATCH: Final = """
const watched = window.watched = {last: performance.now(), longest: 0, frames: 0, on: true};
requestAnimationFrame(function look(now) {
  watched.longest = Math.max(watched.longest, now - watched.last);
  watched.last = now;
  watched.frames += 1;
  if (watched.on) requestAnimationFrame(look);
});
"""
_ENOUGH: Final = "window.watched.on = false; return [window.watched.longest, window.watched.frames]"


@attrs.frozen
class BurstFigures:
    """The result of one run.

    Attributes:
        at_rest_ms: Longest frame of the page before the burst.
        longest_ms: Longest frame of the burst.
        frames: Frames from the first message until the last was shown.
        shown_after_s: When the last message was shown, after the burst began.
        elements: Elements of the page before and after.
    """

    at_rest_ms: float
    longest_ms: float
    frames: int
    shown_after_s: float
    elements: tuple[int, int]


def send(beamline: "Beamline", count: int, second: float = SECOND) -> None:
    """Let this many messages come, evenly in this time."""
    began = time.monotonic()
    for number in range(count):
        text = f"htos_update_motor_position sample_zz {number}.000000 normal"
        beamline.dcss.traffic.add("stageDHS", "<-", text)
        if number % 100 == 0:
            time.sleep(max(0.0, began + second * number / count - time.monotonic()))


def measure(browser: "Browser", beamline: "Beamline", count: int = MESSAGES) -> BurstFigures:
    """One burst, with a page that is open and follows the wire."""
    elements = "return document.querySelectorAll('*').length"
    before = browser.script(elements)
    browser.script(_WATCH)
    time.sleep(SECOND)
    at_rest_ms, _ = browser.script(_ENOUGH)
    browser.script(_WATCH)
    began = time.monotonic()
    send(beamline, count)
    browser.until(lambda: f"sample_zz {count - 1}.000000" in browser.text("#lines"))
    shown_after_s = time.monotonic() - began
    longest_ms, frames = browser.script(_ENOUGH)
    after = browser.script(elements)
    return BurstFigures(at_rest_ms, longest_ms, frames, shown_after_s, (before, after))


def main() -> None:
    # The tests have a browser and a beamline; they are only in a checkout.
    from tests.lab.simulators.web.beamline import Beamline, beamline_hosts  # noqa: PLC0415
    from tests.lab.simulators.web.browser import Browser  # noqa: PLC0415

    with (
        tempfile.TemporaryDirectory() as profile,
        Browser.started(Path(profile)) as browser,
        Beamline.at_work(beamline_hosts()) as beamline,
    ):
        runs: dict[int, list[BurstFigures]] = {1: [], SLOWED: []}
        for times in list(runs) * RUNS:
            browser.slow_down(times)
            browser.open(beamline.page.url, (1400, 900), "light")
            runs[times].append(measure(browser, beamline))
            browser.leave()
            beamline.page.stop()  # the next run begins with a page that has drawn nothing yet
            beamline.page.start()
    devices = sum(len(host.devices) for host in beamline.dcss.hosts)
    print(f"{MESSAGES} messages in {SECOND:g} s, {devices} devices, {RUNS} runs")
    for times, figures in runs.items():
        print(f"browser slowed {times} times" if times > 1 else "browser at full speed")
        for run in figures:
            print(
                f"  longest frame {run.longest_ms:.0f} ms (at rest {run.at_rest_ms:.0f}), "
                f"{run.frames} frames, the last message shown after {run.shown_after_s:.2f} s, "
                f"elements {run.elements[0]} before, {run.elements[1]} after"
            )
        print(f"  median {statistics.median(run.longest_ms for run in figures):.0f} ms")


if __name__ == "__main__":
    main()
