"""The unit in a real systemd, in its own namespace, if this machine allows one.

A controller that is off at boot ends the DHS with 1 until it is on; then it runs. A configuration
that is wrong ends it with 2, and it is not started again.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dhs_runtime.cli import group
from tests.docs.pages import ROOT

SYSTEMD = Path("/usr/lib/systemd/systemd")
NAMESPACE = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc")
SCRIPT = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/user/0
export XDG_RUNTIME_DIR=/run/user/0 HOME=$PWD
SYSTEMD --user --unit=dhs-test.service --log-target=null >systemd.log 2>&1 &
manager=$!
WORK
kill $manager
wait $manager || true
"""
UNTIL_READY = """
for turn in $(seq 100); do
    state=$(systemctl --user is-active dhs-test.service 2>/dev/null || true)
    [ "$state" = active ] && break
    restarts=$(systemctl --user show dhs-test.service -P NRestarts 2>/dev/null || true)
    [ "${restarts:-0}" -ge 2 ] && touch controller_is_on
    sleep 0.2
done
systemctl --user show dhs-test.service -p ActiveState -p NRestarts -p StatusText
systemctl --user stop dhs-test.service
systemctl --user show dhs-test.service -p Result -p ExecMainStatus
"""
UNTIL_FAILED = """
for turn in $(seq 100); do
    state=$(systemctl --user is-active dhs-test.service 2>/dev/null || true)
    [ "$state" = failed ] && break
    sleep 0.2
done
sleep 1
systemctl --user show dhs-test.service -p ActiveState -p NRestarts -p ExecMainStatus
"""
MAKES = """
from pathlib import Path
from dhs_runtime import Dhs

def make_dhs(launch):
    if not Path(__file__).with_name("controller_is_on").exists():
        raise ConnectionRefusedError("the controller is off")
    return Dhs("testDHS")
"""


def in_systemd(folder: Path, script: str, *args: str) -> dict[str, str]:
    """The output of `systemctl show` at the end of the script."""
    if not SYSTEMD.exists() or shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("no systemd here, or no right to make namespaces")
    if subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine allows no namespaces")
    (folder / "mine.py").write_text(MAKES)
    result = CliRunner().invoke(group, ["systemd-unit", str(folder / "mine.py"), *args])
    assert result.exit_code == 0, result.output
    text = result.output
    # A user's manager has no right to change the user, or to hide folders; the rest is as printed.
    for key in ("User", "StateDirectory", "LogsDirectory", "WorkingDirectory", "Protect.*"):
        text = re.sub(rf"^{key}=.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^(PrivateTmp|NoNewPrivileges)=.*\n", "", text, flags=re.MULTILINE)
    text = text.replace("RestartSec=2", "RestartSec=0.1")
    text = re.sub(
        r"^ExecStart=\S+",
        f"ExecStart={sys.executable} -m dhs_runtime.cli",
        text,
        flags=re.MULTILINE,
    )
    text = text.replace("[Service]", f"[Service]\nEnvironment=PYTHONPATH={ROOT}")
    units = folder / ".config" / "systemd" / "user"
    units.mkdir(parents=True)
    (units / "dhs-test.service").write_text(text)
    (folder / "script").write_text(SCRIPT.replace("SYSTEMD", str(SYSTEMD)).replace("WORK", script))
    done = subprocess.run(
        [*NAMESPACE, "timeout", "50", "sh", str(folder / "script")],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    if not found:
        pytest.skip(f"systemd does not run here: {done.stderr[-200:]}")
    return found


def test_a_controller_that_is_off_at_boot_is_waited_for(tmp_path: Path) -> None:
    found = in_systemd(tmp_path, UNTIL_READY)
    assert found["ActiveState"] == "active"
    assert int(found["NRestarts"]) >= 2
    assert found["StatusText"].startswith("testDHS ")
    assert (found["Result"], found["ExecMainStatus"]) == ("success", "0")


def test_a_wrong_configuration_is_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("no_such_key: 1\n")
    found = in_systemd(tmp_path, UNTIL_FAILED, "-c", str(tmp_path / "mine.yaml"))
    assert (found["ActiveState"], found["NRestarts"]) == ("failed", "0")
    assert found["ExecMainStatus"] == "2"
