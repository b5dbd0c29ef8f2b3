"""The simulated GUI port beside the recording of a real one: the same in, the same out."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab.simulators.conformance import DIFFERENT, EQUAL, NOT_PLAYED, Verdict
from tests.lab.simulators.gui.conformance import (
    LEFT_OUT,
    NOT_PLAYED_WHY,
    WHY_DIFFERENT,
    gui_cases,
    gui_verdicts,
)
from tests.shared import shared_path

DOCS = Path(__file__).parents[4] / "docs"
PAGE = DOCS / "reference" / "gui_fidelity.md"


@pytest.fixture(scope="module")
def all_verdicts() -> tuple[Verdict, ...]:
    shared_path("gui/gui_cases.jsonl")
    return gui_verdicts()


def test_every_case_has_a_verdict(all_verdicts: tuple[Verdict, ...]) -> None:
    assert len(all_verdicts) == len(gui_cases())
    assert {verdict.case for verdict in all_verdicts} > LEFT_OUT.keys()


def test_what_differs_is_accounted_for(all_verdicts: tuple[Verdict, ...]) -> None:
    different = [verdict for verdict in all_verdicts if verdict.outcome == DIFFERENT]
    assert [verdict for verdict in different if not verdict.reason] == []
    assert {verdict.case for verdict in different} == WHY_DIFFERENT.keys()
    skipped = {verdict.phase for verdict in all_verdicts if verdict.outcome == NOT_PLAYED}
    assert skipped == NOT_PLAYED_WHY.keys()


def test_nearly_all_that_is_played_is_equal(all_verdicts: tuple[Verdict, ...]) -> None:
    played = [verdict for verdict in all_verdicts if verdict.outcome != NOT_PLAYED]
    equal = [verdict for verdict in played if verdict.outcome == EQUAL]
    print(f"\n{len(equal)} of {len(played)} cases equal")
    assert len(equal) >= 0.9 * len(played)


def test_the_page_is_what_comes_out_today(
    all_verdicts: tuple[Verdict, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all_verdicts
    monkeypatch.syspath_prepend(DOCS)
    generator: dict[str, Any] = runpy.run_path(str(DOCS / "generate_gui_fidelity.py"))
    render: Callable[[], str] = generator["render"]
    if PAGE.read_text(encoding="utf-8") != render():
        pytest.fail("docs/reference/gui_fidelity.md is out of date: run `make docs-tables`")


def test_the_page_holds_no_recorded_data() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for case in gui_cases():
        for step in case.get("steps", ()):
            for _, text in step.get("got", ()):
                assert len(text) < 60 or text.rstrip() not in page, text
