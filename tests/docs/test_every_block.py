"""A test runs each block of each page, or the block is listed with the reason."""

import ast
import re
from collections import Counter

from tests.docs.pages import INDENTED, ROOT, Page, pages
from tests.docs.tables import ELSEWHERE, NOT_RUN
from tests.docs.test_blocks import own_blocks

RUN_HERE = {"python", "console", "yaml"}
DIRECTIVES = {"{toctree}", "{eval-rst}"}
"""Sphinx runs these, and its warnings are errors."""


def languages(page: Page) -> Counter[str]:
    return Counter(block.language for block in page.blocks())


def test_every_block_has_its_test() -> None:
    for page in pages():
        check_blocks(page)


def check_blocks(page: Page) -> None:
    """Fails if nobody runs a block of the page, and no row of the tables says why."""
    for language, count in languages(page).items():
        key = (page.path, language)
        assert not (key in ELSEWHERE and key in NOT_RUN), key
        if key in ELSEWHERE:
            assert count == ELSEWHERE[key].count, (
                f"{page}: {count} blocks of {language}; see that {ELSEWHERE[key].test} runs all "
                "of them, and count them in tests/docs/tables.py"
            )
        elif key in NOT_RUN:
            assert NOT_RUN[key].count in (None, count), (
                f"{page}: {count} blocks of {language}; tests/docs/tables.py justifies "
                f"{NOT_RUN[key].count}"
            )
        else:
            assert language in RUN_HERE | DIRECTIVES, (
                f"{page}: nobody runs blocks of {language or 'no language'}; "
                "justify it in tests/docs/tables.py"
            )


def test_no_row_of_the_tables_is_left_over() -> None:
    there = {(page.path, language) for page in pages() for language in languages(page)}
    assert {*ELSEWHERE, *NOT_RUN} <= there
    for reason in NOT_RUN.values():
        assert reason.why


def test_the_tests_elsewhere_are_there() -> None:
    for test in sorted({row.test for row in ELSEWHERE.values()}):
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_file_of_a_page_is_used() -> None:
    """Python in a file runs only if something imports or starts it; `pytest` runs `test_*.py`."""
    for page in pages():
        blocks = own_blocks(page)
        commands = "\n".join(block.text for block in blocks if block.language == "console")
        for block in blocks:
            if block.file is None or block.language != "python":
                continue
            module = block.file.removesuffix(".py")
            others = "\n".join(other.text for other in blocks if other is not block)
            is_started = block.file in commands
            is_imported = re.search(rf"^from {module} import ", others, re.MULTILINE)
            is_test = module.startswith("test_") and "pytest" in commands
            assert is_started or is_imported or is_test, f"{page}: nobody runs {block.file}"


def test_what_is_indented_is_no_way_around() -> None:
    assert [page.path for page in pages() if languages(page)[INDENTED]] == [
        "CONTRIBUTING.md",
        "docs/explanations/architecture.md",
    ]
