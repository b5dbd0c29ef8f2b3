"""`lowlevel` has exactly the names that it lists, and imports them on first use."""

import importlib
import subprocess
import sys

import pytest

from dhs_runtime import lowlevel


def test_each_name_is_that_of_its_room() -> None:
    for name in lowlevel.__all__:
        room = importlib.import_module(f"dhs_runtime.{lowlevel._ROOM_OF[name]}")
        assert getattr(lowlevel, name) is getattr(room, name)


def test_what_it_does_not_name_is_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Lane'"):
        lowlevel.Lane  # noqa: B018 - asked for, not used


def test_the_door_alone_imports_no_room() -> None:
    script = (
        "import sys, dhs_runtime.lowlevel as door\n"
        "assert 'dhs_runtime.services.http_server' not in sys.modules\n"
        "door.HttpHandler\n"
        "assert 'dhs_runtime.services.http_server' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], timeout=150, check=False)
    assert done.returncode == 0
