"""The examples in docs/howto/testing.md work in a separate project."""

import re
from pathlib import Path

import pytest

from dcs_codec import HtosMotorMoveCompleted
from dhs_lab.testing import TrafficError, WatchedTraffic, expected, near
from tests.lab.testing.projects import run_pytest, write

PAGE = (Path(__file__).parents[3] / "docs" / "howto" / "testing.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", PAGE, re.DOTALL))


def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    assert len(FILES) == PAGE.count("```python\n")
    write(tmp_path, FILES)
    outcome = run_pytest(tmp_path, "-q", "--strict-markers", "-W", "error")
    count = sum(text.count("\ndef test_") for text in FILES.values())
    assert outcome.code == 0, outcome
    assert f"{count} passed" in str(outcome)


def test_the_difference_on_the_page_is_what_is_shown() -> None:
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    traffic = WatchedTraffic()
    for text in re.findall(r"<- (.*)", shown):
        traffic.add("stageDHS", "<-", text)
    traffic.add("stageDHS", "<-", "htos_motor_move_completed sample_z 1.5 normal")
    started = "htos_motor_move_started sample_z 1.5"
    completed = expected(HtosMotorMoveCompleted, position=near(2, 0.01), status="normal")
    with pytest.raises(TrafficError) as caught:
        traffic.expect([started, completed], timeout_s=0)
    assert str(caught.value).replace("within 0 s", "within 20 s") == shown.rstrip()
