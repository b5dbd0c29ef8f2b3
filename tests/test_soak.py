"""The soak counts correctly and notices faults; its figures are not checked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.soak.__main__ import main, operations, service
from benchmarks.soak.account import Account
from benchmarks.soak.commands import Command, Mix, registrations
from benchmarks.soak.process import Sample
from benchmarks.soak.report import Outcome, page
from dcs_codec import MalformedMessage, decode_text

pytestmark = pytest.mark.uncovered

START = Command("raises", ("operation", "1.1"), "stoh_start_operation raises 1.1", must_fail=True)
MOVE = Command("move", ("move", "m"), "stoh_start_motor_move m 5", goal=5.0)


def take(account: Account, *texts: str) -> list[str]:
    for text in texts:
        account.take(decode_text(text), text)
    return account.faults


def test_what_is_answered_once_is_no_fault() -> None:
    account = Account()
    account.ask(START)
    account.ask(MOVE)
    found = take(
        account,
        "htos_operation_update raises 1.1 at",
        "htos_motor_move_started m 5",
        "htos_update_motor_position m 3 normal",
        "htos_motor_move_completed m 5 normal",
        "htos_operation_completed raises 1.1 error",
    )
    account.end()
    assert found == []
    assert account.open_count == 0
    assert account.answered == {("move", "done"): 1, ("raises", "failed"): 1}


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        (["htos_operation_completed raises 1.1 normal"], "reported as done, which is impossible"),
        (["htos_operation_completed raises 1.1 error {"], "not a Tcl list"),
        (["htos_operation_completed raises 1.1 error"] * 2, "an answer that nobody waits for"),
        (["htos_operation_completed raises 1.2 error"], "an answer that nobody waits for"),
        (
            ["htos_operation_completed raises 1.1 error", "htos_operation_update raises 1.1 at"],
            "update after the end",
        ),
        (["htos_motor_move_completed m 4 normal"], "was reported as done at 4"),
        (["htos_motor_move_completed m nan error"], "cannot be read"),
        (["htos_set_string_completed s normal"], "an answer that nobody waits for"),
        (["htos_report_ion_chambers 0 i0 gas"], "an answer that nobody waits for"),
        (["htos_motor_move_completed m"], "cannot be read"),
    ],
)
def test_what_is_wrong_is_noticed(texts: list[str], fault: str) -> None:
    account = Account()
    account.ask(START)
    account.ask(MOVE)
    assert any(fault in found for found in take(account, *texts))


def test_what_is_missing_at_the_end_is_noticed() -> None:
    account = Account()
    account.ask(START)
    account.end()
    assert account.faults == ["no answer to stoh_start_operation raises 1.1"]


def test_what_was_lost_with_its_link_is_owed_no_more() -> None:
    account = Account()
    account.ask(START)
    account.lose()
    account.end()
    assert account.faults == []
    assert account.lost == {"raises": 1}
    assert "nobody waits" in take(account, "htos_operation_completed raises 1.1 error")[0]


def test_the_commands_are_well_formed_and_the_same_for_one_seed() -> None:
    commands = Mix(7, forks=True).take(5000)
    assert commands == Mix(7, forks=True).take(5000)
    for text in [command.text for command in commands] + [text for text, _ in registrations()]:
        assert not isinstance(decode_text(text), MalformedMessage)
    assert len({command.kind for command in commands}) == 17
    handles = [command.key for command in commands if command.key[0] == "operation"]
    assert len(set(handles)) == len(handles)


def outcome(*samples: Sample, exit_code: int = 0) -> Outcome:
    return Outcome(
        title="a soak",
        account=Account(),
        samples=samples,
        aborts=1,
        links=2,
        seconds=3.0,
        exit_code=exit_code,
    )


@pytest.mark.parametrize(
    ("grows", "trouble"),
    [
        (lambda n: Sample(n, n, 50.0 + n, 10, 8), "memory grew by"),
        (lambda n: Sample(n, n, 50.0, 10 + n, 8), "threads grew by"),
        (lambda n: Sample(n, n, 50.0, 10, 8 + n), "descriptors grew by"),
    ],
)
def test_growth_is_noticed(grows: Callable[[int], Sample], trouble: str) -> None:
    found = outcome(*map(grows, range(40)))
    assert [text for text in found.troubles() if trouble in text]
    assert trouble in page(found)


def test_what_is_kept_from_the_start_is_no_growth() -> None:
    early = [Sample(n, n, 30.0 + 5 * n, 10 + n, 8) for n in range(5)]
    late = [Sample(n, n, 55.0, 15, 8) for n in range(5, 40)]
    assert outcome(*early, *late).troubles() == []
    assert outcome(*late, exit_code=3).troubles() == ["the DHS ended with exit code 3"]


def test_a_short_soak(tmp_path: Path) -> None:
    found = operations(1000, 3, tmp_path)
    assert (found.account.faults, found.exit_code) == ([], 0)
    assert found.account.asked.total() >= 1000
    assert found.account.answered.total() + found.account.lost.total() == (
        found.account.asked.total()
    )


def test_a_short_service(tmp_path: Path) -> None:
    found = service(2, 89, tmp_path)  # its third command forks
    assert (found.account.faults, found.exit_code) == ([], 0)
    assert found.account.asked["forks"]
    notes = dict(found.notes)
    assert "status 200" in notes["status scrapes"]
    assert "failed" not in notes["status scrapes"]


def test_the_page_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "soak.md"
    main(["--operations", "100", "--report", str(report)])
    assert report.read_text(encoding="utf-8") in capsys.readouterr().out
