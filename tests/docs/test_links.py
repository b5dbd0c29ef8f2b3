"""Every link inside the project has a target, including its heading."""

import functools
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Page, pages


@functools.cache
def anchors(path: str) -> set[str]:
    return Page(path).anchors()


def test_every_link_leads_somewhere() -> None:
    for page in pages():
        for name, anchor in page.links():
            target = (page.folder / name).resolve() if name else ROOT / page.path
            assert target.exists(), f"{page}: {name}"
            assert target.is_relative_to(ROOT), f"{page}: {name}"
            if anchor:
                assert target.suffix == ".md", f"{page}: {name}#{anchor}"
                assert anchor in anchors(target.relative_to(ROOT).as_posix()), (
                    f"{page}: {name}#{anchor}"
                )


def test_the_pages_of_sphinx_stay_among_themselves() -> None:
    """Links from docs/ stay in docs/; otherwise Sphinx cannot find them."""
    docs = ROOT / "docs"
    for page in pages():
        if page.path.startswith("docs/"):
            for name, _ in page.links():
                assert (page.folder / name).resolve().is_relative_to(docs), f"{page}: {name}"


def test_headings_are_named_as_on_the_web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.docs.pages.ROOT", tmp_path)
    (tmp_path / "page.md").write_text(
        "(a-target)=\n# What's `stoh_x`, *here*?\n\n[over two\nlines](page.md#a) `[no](link)` "
        "![p](p.png) [web](https://example.org)\n"
    )
    page = Page("page.md")
    assert page.anchors() == {"a-target", "whats-stoh_x-here"}
    assert list(page.links()) == [("page.md", "a"), ("p.png", "")]
