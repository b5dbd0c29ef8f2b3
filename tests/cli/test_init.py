"""`dhs init` and `dhs systemd-unit`: the package has the files for the how-tos."""

import configparser
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from dhs_lab.simulators.dcss import Completion, HardwareHost, SimulatedDcss
from dhs_runtime.cli import group
from dhs_runtime.cli.init import FILES
from dhs_runtime.cli.systemd_unit import protection
from dhs_runtime.errors import ConfigError
from dhs_runtime.process.settings import load_run_config
from tests.cli.processes import DEADLINE_S, dhs
from tests.lab.testing.projects import run_pytest


def unit_of(*args: str) -> configparser.SectionProxy:
    result = CliRunner().invoke(group, ["systemd-unit", *args], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys have capitals
    unit.read_string(result.output)
    assert "@" not in result.output
    return unit["Service"]


def test_what_init_writes_runs_and_passes_its_test(tmp_path: Path) -> None:
    result = CliRunner().invoke(group, ["init", str(tmp_path / "new"), "--name", "filterWheelDHS"])
    assert result.exit_code == 0, result.output
    folder = tmp_path / "new"
    names = {path.format("filter_wheel_dhs") for path in FILES}
    assert {path.name for path in folder.iterdir()} == names
    assert load_run_config(folder / "filter_wheel_dhs.yaml").name == "filterWheelDHS"
    done = run_pytest(folder, "-q", "-p", "no:xdist")
    assert "2 passed" in str(done)
    host = HardwareHost.of("filterWheelDHS", motors=["stage_x"], operations=["homeStage"])
    config = ("--config", str(folder / "filter_wheel_dhs.yaml"))
    target = f"{folder / 'filter_wheel_dhs.py'}:make_dhs"
    with SimulatedDcss([host]) as dcss, dhs("run", target, *config, "--dcss", dcss.address) as run:
        dcss.wait_online("filterWheelDHS", DEADLINE_S)
        done_homing = dcss.start_operation("homeStage").wait(DEADLINE_S)
        assert done_homing == Completion("normal", "homed")
        assert run.terminate() == 0


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_stage_dhs.py").write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        CliRunner().invoke(group, ["init", str(tmp_path)], catch_exceptions=False)
    assert [path.name for path in tmp_path.iterdir()] == ["test_stage_dhs.py"]


@pytest.mark.parametrize("name", ["", "a b", "../x", "1DHS", "x" * 40, "é", "class", "json"])
def test_init_takes_names_only(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="--name"):
        CliRunner().invoke(group, ["init", str(tmp_path), "--name", name], catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["plain", "with blank", "100%", "$HOME", 'quo"te'])
def test_the_unit_runs_the_file(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "stage_dhs.py"
    path.parent.mkdir()
    path.write_text("")
    config = path.with_suffix(".yaml")
    config.write_text("")
    service = unit_of(f"{path}:make", "-c", str(config), "--user", "beam", "--status-port", "9100")
    words = [
        word.replace("%%", "%").replace("$$", "$") for word in shlex.split(service["ExecStart"])
    ]
    assert words[1:] == [
        *("run", f"{path}:make", "--config", str(config), "--status-port", "9100"),
    ]
    assert Path(words[0]).is_absolute()
    assert service["User"] == "beam"


def test_a_file_may_have_a_sign_of_systemd_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "100%n.py"
    path.write_text("")
    result = CliRunner().invoke(group, ["systemd-unit", str(path)], catch_exceptions=False)
    assert "Description=DHS 100%%n\n" in result.output


def test_the_unit_of_a_loop(tmp_path: Path) -> None:
    path = tmp_path / "loop.yaml"
    path.write_text("")
    words = shlex.split(unit_of(str(path), "--production")["ExecStart"])
    assert words[1:] == ["loop", "--config", str(path), "--production"]


@pytest.mark.parametrize(
    ("folder", "home", "temporary"),
    [("/home/dhs", "read-only", "yes"), ("/tmp", "yes", "no"), ("/opt/dhs", "yes", "yes")],
)
def test_the_unit_sees_its_files(folder: str, home: str, temporary: str) -> None:
    words = ["/usr/bin/dhs", "run", f"{folder}/stage.py:make_dhs"]
    assert protection(words) == {"PROTECT_HOME": home, "PRIVATE_TMP": temporary}


def test_a_unit_takes_one_configuration(tmp_path: Path) -> None:
    path = tmp_path / "loop.yaml"
    path.write_text("")
    for words in ([str(path), "-c", str(path)], [__file__, "-c", str(tmp_path / "absent.yaml")]):
        with pytest.raises(ConfigError, match=r"leave --config out|there is no file"):
            CliRunner().invoke(group, ["systemd-unit", *words], catch_exceptions=False)


@pytest.mark.parametrize("file", ["absent.py", "absent.py:x", "absent.yaml", __file__ + "c"])
def test_a_unit_of_nothing_is_refused(file: str) -> None:
    with pytest.raises(ConfigError, match="there is no file"):
        CliRunner().invoke(group, ["systemd-unit", file], catch_exceptions=False)
