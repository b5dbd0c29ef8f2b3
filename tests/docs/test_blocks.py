"""Runs the blocks of every page in order."""

from pathlib import Path

import pytest

from tests.docs.pages import Block, Page, pages
from tests.docs.running import run_page
from tests.docs.tables import ELSEWHERE, NOT_RUN

WITH_WHEEL = "docs/tutorial/first_dhs.md"
"""Run by `test_tutorial.py`, in its own environment."""

LIBRARIES = {
    "docs/howto/bluesky.md": "bluesky",
    "docs/howto/motor_dhs.md": "serial",
    "docs/howto/notebook.md": "pandas",
}
"""What the example of a page imports, of the extras `examples` and `bluesky`."""


def own_blocks(page: Page) -> list[Block]:
    """The blocks that run here; files of other blocks are written as well."""
    return [
        block
        for block in page.blocks()
        if not block.language.startswith("{")
        and (page.path, block.language) not in ELSEWHERE
        and ((page.path, block.language) not in NOT_RUN or block.file)
    ]


@pytest.mark.parametrize(
    "page", [page for page in pages() if own_blocks(page) and page.path != WITH_WHEEL], ids=str
)
def test_the_blocks_of_the_page_run(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if page.path in LIBRARIES:
        library = LIBRARIES[page.path]
        pytest.importorskip(library, reason=f"{library} is not installed (extra `test`)")
    run_page(page, own_blocks(page), tmp_path, monkeypatch)
