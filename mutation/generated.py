"""Changes of the source that a module generates, that is, inside its texts."""

import ast
import functools
from collections.abc import Iterator
from typing import Final

from mutation.finding import Change, replaced, with_fields

_KIND: Final = "generated"
_TOKENS: Final = (
    *((" <= ", " < "), (" >= ", " > "), (" > ", " >= "), (" < ", " <= ")),
    *((" == ", " != "), (" != ", " == "), (" and ", " or "), (" or ", " and ")),
    *((" is not ", " is "), (" is ", " is not "), (" not in ", " in "), (" in ", " not in ")),
    *((" * ", " + "), (" + ", " - "), ("-2", "-1"), ("0.0", "1.0"), (" 0 ", " 1 ")),
    *(("return ", "return None and "), ("if ", "if not "), (" else ", " or ")),
    *(("split(' '", "split(None"), ("split()", "split(b' ')"), ("b' '", "b'  '")),
    *(("isprintable()", "isascii()"), ("isascii()", "isprintable()"), ("find(", "rfind(")),
    *(("float(", "int("), ("int(", "float("), (".decode()", ""), ("append('')", "append(' ')")),
    *(("ValueError, ", ""), ("KeyError, ", ""), (", KeyError", "")),
    *(("TypeError, ", ""), (", AttributeError", "")),
    *(("text[", "tail["), ("draft.binary = binary", "draft.binary = b''")),
)


@functools.singledispatch
def generated_changes_of(node: ast.AST) -> Iterator[Change]:
    """The changes in the text of a node."""
    yield from ()


@generated_changes_of.register
def _(node: ast.Constant) -> Iterator[Change]:
    if isinstance(node.value, str):
        for text in _changed(node.value):
            yield _KIND, ast.Constant(text)


@generated_changes_of.register
def _(node: ast.JoinedStr) -> Iterator[Change]:
    for index, piece in enumerate(node.values):
        if isinstance(piece, ast.Constant):
            for _, new in generated_changes_of(piece):
                yield _KIND, with_fields(node, values=replaced(node.values, index, new))


@generated_changes_of.register
def _(node: ast.FormattedValue) -> Iterator[Change]:
    if node.conversion == ord("r"):
        yield _KIND, with_fields(node, conversion=-1)


def _changed(text: str) -> Iterator[str]:
    """The text with one token changed, once for each."""
    for old, new in _TOKENS:
        at = text.find(old)
        while at >= 0:
            if not _is_something_else(text, at, old):
                yield text[:at] + new + text[at + len(old) :]
            at = text.find(old, at + 1)


def _is_something_else(text: str, at: int, old: str) -> bool:
    if old == " is ":
        return text.startswith(" is not ", at)
    if old == " in ":
        return text.endswith(" not", 0, at)
    if old == "return ":
        return text.startswith("return None", at)  # would be the same
    return old in ("int(", "find(") and text[at - 1 : at].isalpha()  # of print, of rfind
