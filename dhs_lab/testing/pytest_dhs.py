"""The pytest plugin: fixtures of simulated peers, and their logs in the report of a failed test.

In an environment with this distribution pytest imports it at every start. So in the wheel it is a
separate module, outside the packages, and imports them only when a fixture is used.
"""

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dhs_lab.simulators.automl import SimulatedAutoML
    from dhs_lab.simulators.axis import SimulatedAxis
    from dhs_lab.testing import DcssMaker, DhsRunner, WatchedDcss
    from dhs_runtime.client import DcssClient

MARKER = "dcss_hosts"
CLIENT = "dcss_client"
Sections = Callable[[], list[tuple[str, str]]]
SECTIONS: pytest.StashKey[list[Sections]] = pytest.StashKey()
"""On a test: functions that return titles and texts for its report; called if it fails."""


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(*hosts, **options): hardware hosts of `simulated_dcss`, copied for each test; "
        "options are those of SimulatedDcss",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the log of the DHS and the traffic in the report of a test that failed."""
    report = yield
    if report.failed:
        for sections in item.stash.get(SECTIONS, []):
            report.sections += sections()
    return report


@pytest.fixture
def simulated_dcss(
    request: pytest.FixtureRequest, simulated_dcss_factory: "DcssMaker"
) -> "WatchedDcss":
    """A simulated DCSS on a free port; the marker `dcss_hosts` gives its hosts."""
    marker = request.node.get_closest_marker(MARKER)
    if marker is None:
        pytest.fail(
            f"simulated_dcss has no hosts: add @pytest.mark.{MARKER}(HardwareHost.of(...)) to the "
            "test, or use simulated_dcss_factory",
            pytrace=False,
        )
    options = {"gui_port": 0} if CLIENT in request.fixturenames else {}
    return simulated_dcss_factory(*marker.args, **{**options, **marker.kwargs})


@pytest.fixture
def dcss_client(simulated_dcss: "WatchedDcss") -> "Iterator[DcssClient]":
    """A client of the GUI port of `simulated_dcss`, logged in, as users have it."""
    from dhs_runtime.client import DcssClient  # noqa: PLC0415 - see above

    with DcssClient(simulated_dcss.gui_address, user="tester") as client:
        yield client


@pytest.fixture
def simulated_dcss_factory(request: pytest.FixtureRequest) -> "Iterator[DcssMaker]":
    """Starts a simulated DCSS when called with hardware hosts, and stops it after the test."""
    from dhs_lab.testing import DcssMaker  # noqa: PLC0415 - see above

    with DcssMaker() as make:
        _show_on_failure(request, make.sections)
        yield make


@pytest.fixture
def dhs_runner(request: pytest.FixtureRequest) -> "Iterator[DhsRunner]":
    """Runs DHSs, in this process or as `dhs run`, and stops them after the test."""
    from dhs_lab.testing import DhsRunner  # noqa: PLC0415 - see above

    # Looked up only if needed: a test may have started its own DCSS.
    with DhsRunner(lambda: request.getfixturevalue("simulated_dcss")) as runner:
        _show_on_failure(request, runner.sections)
        yield runner


@pytest.fixture
def simulated_axis() -> "Iterator[SimulatedAxis]":
    """A simulated Axis camera on a free port (extra `sim`)."""
    with _extra("sim"):
        from dhs_lab.simulators.axis import SimulatedAxis  # noqa: PLC0415 - see above

    with SimulatedAxis() as camera:
        yield camera


@pytest.fixture
def simulated_automl() -> "Iterator[SimulatedAutoML]":
    """A simulated inference server on a free port (extra `sim`)."""
    with _extra("sim"):
        from dhs_lab.simulators.automl import SimulatedAutoML  # noqa: PLC0415 - see above

    with SimulatedAutoML() as server:
        yield server


@contextlib.contextmanager
def _extra(name: str) -> Iterator[None]:
    """Skip the test if a package of an extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("dcs_codec", "dhs_runtime", "dhs_lab"):
            raise
        pytest.skip(f"{error.name} is missing: pip install 'dcs-codec[{name}]'")


def _show_on_failure(request: pytest.FixtureRequest, sections: Sections) -> None:
    request.node.stash.setdefault(SECTIONS, []).append(sections)
