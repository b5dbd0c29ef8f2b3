"""The pytest plugin as another project meets it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dhs_lab.testing import pytest_dhs as source
from tests.lab.testing.environments import INSTALLED_PLUGIN
from tests.lab.testing.projects import run_pytest, write

STAGE = """
import time
from dhs_runtime import Dhs

dhs = Dhs("stageDHS")
stage = dhs.motor("sample_z")

@stage.on_move
def move_stage(move):
    move.log.info("moving along")

@dhs.operation("sulk")
def sulk(op):
    op.update("sulking")
    time.sleep(op.args and float(op.args[0]))
"""

NEWLY_IMPORTED = """
import sys, pytest
seen = {*sys.modules}
import pytest_dhs
print(*{*sys.modules} - seen)
"""

HEAD = """
import pytest
from dhs_lab.simulators.dcss import HardwareHost
from stage_dhs import dhs

STAGE = HardwareHost.of("stageDHS", motors=["sample_z"], operations=["sulk"])
pytestmark = pytest.mark.dcss_hosts(STAGE)
"""


def run(folder: Path, test: str, *args: str, head: str = HEAD) -> str:
    """What pytest writes of these tests; without a DHS they do not count for coverage."""
    write(folder, {"stage_dhs.py": STAGE, "test_stage.py": head + test})
    return str(run_pytest(folder, "-q", *args, measured=head == HEAD))


def test_the_installed_plugin_is_that_of_the_sources() -> None:
    installed = INSTALLED_PLUGIN.read_text(encoding="utf-8")
    if installed != Path(source.__file__).read_text(encoding="utf-8"):
        pytest.fail("an old copy of the plugin is installed: pip install --no-deps -e .")


def test_the_plugin_imports_nothing_of_ours() -> None:
    """Nor of others but pytest: every start of pytest imports it."""
    done = subprocess.run(
        [sys.executable, "-c", NEWLY_IMPORTED], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["pytest_dhs"]


def test_a_run_without_our_fixtures_imports_neither_package(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
def test_nothing():
    import sys
    assert not {"dcs_codec", "dhs_runtime", "requests", "numpy"} & sys.modules.keys()
""",
        head="",
    )
    assert "1 passed" in said


def test_a_dhs_needs_no_package_of_the_extras(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
def test_move(simulated_dcss, dhs_runner):
    import sys
    dhs_runner.start(dhs)
    assert simulated_dcss.move("sample_z", 1).wait(20).status == "normal"
    assert not {"requests", "numpy", "matplotlib", "PIL", "click", "yaml"} & sys.modules.keys()
""",
    )
    assert "1 passed" in said


def test_without_the_extra_the_fixtures_that_need_it_skip(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
import sys
sys.modules["PIL"] = None

def test_camera(simulated_axis): pass
def test_inference(simulated_automl): pass
""",
        "-rs",
        head="",
    )
    assert "2 skipped" in said
    assert said.count("PIL is missing: pip install 'dcs-codec[sim]'") >= 1


def test_a_missing_module_of_our_own_is_an_error(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
import sys
sys.modules["dhs_lab.simulators.axis"] = None

def test_camera(simulated_axis): pass
""",
        head="",
    )
    assert "1 error" in said


def test_the_marker_says_how_to_tell_hosts_where_it_is_missing(tmp_path: Path) -> None:
    said = run(tmp_path, "def test_it(simulated_dcss): pass", head="")
    assert "simulated_dcss has no hosts: add @pytest.mark.dcss_hosts(" in said


# -- one run of pytest for all of these ------------------------------------------------------

TOGETHER = """
@pytest.mark.dcss_hosts(STAGE, reset_range=5.0)
@pytest.mark.parametrize("destination", [1.0, 2.0])
def test_devices_of_its_own(simulated_dcss, dhs_runner, destination):
    assert simulated_dcss.position("sample_z") == 0
    dhs_runner.start(dhs)
    simulated_dcss.move("sample_z", destination).wait(20)
    assert simulated_dcss.position("sample_z") == destination

def test_failing(simulated_dcss, dhs_runner):
    dhs_runner.start(dhs)
    simulated_dcss.move("sample_z", 1).wait(20)
    simulated_dcss.traffic.expect(["htos_note never"], timeout_s=0.1)

def test_leaving_threads(simulated_dcss, dhs_runner):
    dhs_runner.start(dhs, stop_s=0.1)
    simulated_dcss.start_operation("sulk", "30").wait_update("sulking", 20)

def test_process_leaving_threads(simulated_dcss, dhs_runner):
    process = dhs_runner.spawn("stage_dhs.py:dhs")
    simulated_dcss.start_operation("sulk", "30").wait_update("sulking", 20)
    process.stop()

def test_process_of_no_such_name(simulated_dcss, dhs_runner):
    dhs_runner.spawn("stage_dhs.py:nobody")

def test_process_that_never_says_it(simulated_dcss, dhs_runner):
    process = dhs_runner.spawn("stage_dhs.py:dhs", "--trace")
    process.wait_log("no such words", timeout_s=0.1)

def test_unknown_to_the_dcss(simulated_dcss_factory, dhs_runner):
    dcss = simulated_dcss_factory(HardwareHost.of("aDHS"), HardwareHost.of("bDHS"))
    dhs_runner.start(dhs, dcss)

def test_which_of_two(simulated_dcss_factory, dhs_runner):
    dcss = simulated_dcss_factory(HardwareHost.of("aDHS"), HardwareHost.of("bDHS"))
    dhs_runner.spawn("stage_dhs.py:dhs", dcss=dcss)
"""


class Run:
    """What one run of pytest writes of `TOGETHER`."""

    def __init__(self, output: str) -> None:
        self.output = output

    def failure(self, name: str) -> str:
        """What stands under the heading of a test that failed, or of its teardown."""
        found = re.search(rf"^_+ (?:ERROR at teardown of )?{name} _+$", self.output, re.MULTILINE)
        assert found, self.output
        return re.split(
            r"^(?:_{2,} \w.* _{2,}|={3,} .* ={3,})$",
            self.output[found.end() :],
            maxsplit=1,
            flags=re.MULTILINE,
        )[0]

    def outcomes(self, name: str) -> list[str]:
        """PASSED, FAILED, ERROR: as the summary has them."""
        return re.findall(rf"^(\w+) test_stage\.py::{name}\b", self.output, re.MULTILINE)


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(run(tmp_path_factory.mktemp("together"), TOGETHER, "-rfEp"))


def test_each_test_gets_devices_of_its_own_and_options_go_to_the_dcss(together: Run) -> None:
    assert together.outcomes("test_devices_of_its_own") == ["PASSED", "PASSED"]


def test_a_failed_test_shows_log_and_traffic(together: Run) -> None:
    assert together.outcomes("test_failing") == ["FAILED"]
    said = together.failure("test_failing")
    assert "0 of 1 messages came within 0.1 s; not: htos_note never" in said
    assert "INFO     dhs_runtime.link:" in said
    assert "moving along" in said
    assert "traffic log of the simulated DCSS at 127.0.0.1:" in said
    assert "stageDHS <- htos_motor_move_completed sample_z 1.0 normal" in said
    assert "watched.py" not in said.partition("Captured log")[0].partition("test_stage.py")[0]


def test_threads_that_do_not_end_fail_the_test_by_name(together: Run) -> None:
    said = together.failure("test_leaving_threads")
    assert re.search(r"stageDHS left threads running: operation-\d", said), said
    assert sorted(together.outcomes("test_leaving_threads")) == ["ERROR", "PASSED"]


def test_what_a_process_does_wrong_is_told_with_its_log(together: Run) -> None:
    said = together.failure("test_process_leaving_threads")
    assert "stage_dhs.py:dhs --dcss 127.0.0.1:" in said
    assert re.search(r":dhs --dcss \S+ left threads running: operation-\d", said), said
    said = together.failure("test_process_of_no_such_name")
    assert "stage_dhs.py has no Dhs called 'nobody'; there is dhs" in said
    said = together.failure("test_process_that_never_says_it")
    assert "no 'no such words' in the log of dhs run stage_dhs.py:dhs" in said
    assert "- log of dhs run stage_dhs.py:dhs" in said
    for name in ("leaving_threads", "of_no_such_name", "that_never_says_it"):
        assert together.outcomes(f"test_process_{name}") == ["FAILED"]


def test_a_name_that_the_dcss_does_not_know_fails_at_once(together: Run) -> None:
    said = together.failure("test_unknown_to_the_dcss")
    assert "stageDHS is not a hardware host of this DCSS: aDHS, bDHS" in said
    assert "no name given for one of aDHS, bDHS" in together.failure("test_which_of_two")
