"""The simulated DCSS and the recording of a real one: same input, same output."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab.simulators.conformance import (
    DIFFERENT,
    EQUAL,
    NOT_PLAYED,
    WHY_DIFFERENT,
    WHY_NOT_PLAYED,
    Verdict,
    cases,
    verdicts,
)
from tests.shared import shared_path

DOCS = Path(__file__).parents[3] / "docs"
PHASES = ("handshake", "registration", "htos", "gui", "gui-offline", "end")


@pytest.fixture(scope="module")
def all_verdicts() -> tuple[Verdict, ...]:
    shared_path("traffic/cases.jsonl")
    return verdicts()


def test_every_case_has_a_verdict(all_verdicts: tuple[Verdict, ...]) -> None:
    assert len(all_verdicts) == len(cases(*PHASES))
    assert {verdict.phase for verdict in all_verdicts} == set(PHASES)


def test_what_differs_is_accounted_for(all_verdicts: tuple[Verdict, ...]) -> None:
    unexplained = [verdict for verdict in all_verdicts if verdict.outcome == DIFFERENT]
    assert [verdict for verdict in unexplained if not verdict.reason] == []
    assert {verdict.case for verdict in unexplained} == WHY_DIFFERENT.keys()
    skipped = {verdict.case for verdict in all_verdicts if verdict.outcome == NOT_PLAYED}
    assert skipped == WHY_NOT_PLAYED.keys()


def test_nearly_all_is_equal(all_verdicts: tuple[Verdict, ...]) -> None:
    equal = [verdict for verdict in all_verdicts if verdict.outcome == EQUAL]
    print(f"\n{len(equal)} of {len(all_verdicts)} cases equal")
    assert len(equal) >= 0.95 * len(all_verdicts)


# -- the page --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generator() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "generate_fidelity.py"))


def test_the_page_is_what_comes_out_today(
    generator: dict[str, Any], all_verdicts: tuple[Verdict, ...]
) -> None:
    render: Callable[[], str] = generator["render"]
    if (DOCS / "reference" / "fidelity.md").read_text(encoding="utf-8") != render():
        pytest.fail("docs/reference/fidelity.md is out of date: run `make docs-tables`")


def test_the_page_holds_no_recorded_data() -> None:
    page = (DOCS / "reference" / "fidelity.md").read_text(encoding="utf-8")
    for case in cases("htos", "gui", "gui-offline"):
        for text in (case["sent"], *case["to_gui"]):
            assert len(text) < 24 or text.rstrip() not in page, text
