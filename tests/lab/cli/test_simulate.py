"""`dhs simulate` as a process: the camera, the inference server, and common behaviour."""

import socket

import pytest
import requests

from tests.cli.processes import in_process
from tests.lab.cli.simulating import DEADLINE_S, first_line, simulating


def test_axis_serves_pictures() -> None:
    with simulating("axis", "--port", "0", "--turn", "30") as process:
        url = first_line(process).split()[3].rstrip(";")
        reply = requests.get(url, params={"camera": "1"}, timeout=DEADLINE_S)
        assert reply.headers["Content-Type"] == "image/jpeg"
        assert reply.content.startswith(b"\xff\xd8")


def test_axis_goes_wrong_as_asked() -> None:
    args = ["--fault", "status 503 count=1", "--fault", "truncate every=2 count=1"]
    with simulating("axis", "--port", "0", *args) as process:
        url = first_line(process).split()[3].rstrip(";")
        assert requests.get(url, timeout=DEADLINE_S).status_code == 503
        with pytest.raises(requests.RequestException):
            requests.get(url, timeout=DEADLINE_S)
        assert requests.get(url, timeout=DEADLINE_S).status_code == 200


def test_automl_goes_wrong_as_asked_and_then_answers() -> None:
    with simulating("automl", "--port", "0", "--fault", "reset count=1") as process:
        url = first_line(process).split()[2].removesuffix(":predict;")
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=DEADLINE_S)
        reply = requests.get(url, timeout=DEADLINE_S).json()
        assert reply["model_version_status"][0]["state"] == "AVAILABLE"


@pytest.mark.parametrize("what", [["dcss", "--dhs", "x"], ["automl"], ["axis"]])
def test_a_port_in_use_is_one_line(what: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = in_process("simulate", *what, "--port", str(port))
    assert result.returncode == 1  # it may be free the next time
    assert (
        f"dhs: cannot listen at 127.0.0.1:{port}: Address already in use" in result.stderr.decode()
    )
    assert (
        "another dhs simulate; --port chooses another port, 0 a free one" in result.stderr.decode()
    )


@pytest.mark.parametrize("what", ["axis", "automl"])
def test_a_fault_that_is_none_is_one_line(what: str) -> None:
    result = in_process("simulate", what, "--fault", "explode")
    assert result.returncode == 2
    assert "dhs: no fault 'explode'; there are status, hang" in result.stderr.decode()
