"""The pytest plugin: fixtures of simulated peers, and what it shows of them when a test fails.

pytest imports it at every start in an environment that has this distribution, so it stands in the
wheel as a module of its own, outside the packages, and imports them only when a fixture is used.
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
"""On a test: what gives titles and texts for its report, asked for when it fails."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
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
    """A simulated DCSS on a free port; the marker `dcss_hosts` tells its hosts."""
    marker = request.node.get_closest_marker(MARKER)
    if marker is None:
        pytest.fail(
            f"simulated_dcss wants to know its hosts: @pytest.mark.{MARKER}(HardwareHost.of(...)), "
            "or use simulated_dcss_factory",
            pytrace=False,
        )
    options = {"gui_port": 0} if CLIENT in request.fixturenames else {}
    return simulated_dcss_factory(*marker.args, **{**options, **marker.kwargs})


@pytest.fixture
def dcss_client(simulated_dcss: "WatchedDcss") -> "Iterator[DcssClient]":
    """A client of the GUI port of `simulated_dcss`, logged in: the door that users come by."""
    from dhs_runtime.client import DcssClient  # noqa: PLC0415 - see above

    with DcssClient(simulated_dcss.gui_address, user="tester") as client:
        yield client


@pytest.fixture
def simulated_dcss_factory(request: pytest.FixtureRequest) -> "Iterator[DcssMaker]":
    """Called with hardware hosts, it starts a simulated DCSS, stopped after the test."""
    from dhs_lab.testing import DcssMaker  # noqa: PLC0415 - see above

    with DcssMaker() as make:
        _show_on_failure(request, make.sections)
        yield make


@pytest.fixture
def dhs_runner(request: pytest.FixtureRequest) -> "Iterator[DhsRunner]":
    """Runs DHSs, in this process or as `dhs run`, and stops them after the test."""
    from dhs_lab.testing import DhsRunner  # noqa: PLC0415 - see above

    # Asked for when it is wanted: a test may have made a DCSS of its own.
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
    """Skips the test where a package of an extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("dcs_codec", "dhs_runtime"):
            raise
        pytest.skip(f"{error.name} is missing: pip install 'dcs-codec[{name}]'")


def _show_on_failure(request: pytest.FixtureRequest, sections: Sections) -> None:
    request.node.stash.setdefault(SECTIONS, []).append(sections)
