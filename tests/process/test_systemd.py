import os
import uuid
from pathlib import Path

import pytest

from dhs_runtime.process.systemd import READY, STOPPING, Notifier
from tests.process.managers import Manager


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_systemd_is_told(tmp_path: Path, kind: str) -> None:
    address = tmp_path / "notify" if kind == "path" else f"@dhs-test-{uuid.uuid4()}"
    with Manager(address) as manager:
        notifier = Notifier(manager.environment)
        assert notifier.active
        assert notifier.tell(READY, "STATUS=grüß dich")
        assert notifier.tell(STOPPING)
        assert manager.read() == ["READY=1", "STATUS=grüß dich"]
        assert manager.read() == ["STOPPING=1"]


def test_without_systemd_nobody_is_told() -> None:
    for environment in ({}, {"NOTIFY_SOCKET": ""}):
        notifier = Notifier(environment)
        assert not notifier.active
        assert not notifier.tell(READY)


def test_a_systemd_that_does_not_listen_costs_nothing(tmp_path: Path) -> None:
    assert not Notifier({"NOTIFY_SOCKET": str(tmp_path / "absent")}).tell(READY)
    with Manager(tmp_path / "notify") as manager:
        notifier = Notifier(manager.environment)
        sent = sum(notifier.tell(READY) for _ in range(10_000))
        assert 0 < sent < 10_000, "its queue is full, and nobody waited"


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": "9" * 400}, None),
        ({"WATCHDOG_USEC": "9" * 5000}, None),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_the_watchdog_is_known(environment: dict[str, str], seconds: float | None) -> None:
    assert Notifier({"NOTIFY_SOCKET": "/x", **environment}).watchdog_s == seconds
    assert Notifier(environment).watchdog_s is None
