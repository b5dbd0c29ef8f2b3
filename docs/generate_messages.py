"""Writes `messages.md`, the reference of all messages, from the sources.

make docs-tables
"""

import ast
import enum
import importlib
import inspect
import itertools
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

from dcs_codec import default_registry, gui_messages, gui_registry, limits, messages, vocabulary
from dcs_codec.catalogue import FieldDescription, MessageDescription, catalogue

PAGE: Final = Path(__file__).with_name("reference") / "messages.md"
GUI_PAGE: Final = PAGE.with_name("gui_messages.md")

HEAD: Final = """\
<!-- Written by docs/generate_messages.py: change the sources, then run `make docs-tables`. -->

# Messages

Every message class of `dcs_codec`, by kind of device, in both directions. Each has its format on
the wire, its fields in wire order, and the source of these facts in the C code.

- Words in `[brackets]` are **optional**: they are all in the text, or all missing.
- A **word** has no blanks. A **rest of text** is everything after one blank, unchanged; it may be
  empty. **Names** are the words that follow, at least one.
- A **limit** applies to writing; longer or larger values are still read. Texts without a limit are
  limited by the frame: 199 bytes in all in v1, 1 MiB in v2.
- Words after those of a message are **surplus**: they are read, kept in `surplus` and written
  again, in messages that do not end in a rest of text or in names. Your own messages have none.
- **scaled** means the device's own units (mm, deg, eV ...), which only DCSS's database knows.

[Promises](../explanations/promises.md) explains what reading and writing guarantee. In Python,
`dcs_codec.catalogue` has the same facts as values.
"""

GUI_HEAD: Final = """\
<!-- Written by docs/generate_messages.py: change the sources, then run `make docs-tables`. -->

# Messages of the GUI port

Every message class of `dcs_codec.gui`: the messages from GUIs and other clients to DCSS, and from
DCSS to them. [Messages](messages.md) explains the columns, and has the vocabularies and limits.

- All frames are v2, except the login: a block of 200 bytes.
- A client cannot send what would harm dcss: a name that is too long, a number that is too large, or
  a text with an open brace is refused when it is written, and nothing is sent.
- DCSS mostly forwards texts of others, so words may be long and numbers large.
"""

VOCABULARIES: Final = "## Vocabularies"
LIMITS: Final = "## Limits"


def render() -> str:
    """The page as the sources want it now."""
    sections = [HEAD, *kind_sections(catalogue(default_registry()), messages)]
    sections += [VOCABULARIES, paragraphs(vocabulary), *map(vocabulary_section, enums())]
    sections += [constants_table("word", vocabulary)]
    sections += [LIMITS, paragraphs(limits), constants_table("constant", limits)]
    return "\n\n".join(section.strip() for section in sections) + "\n"


def render_gui() -> str:
    """The page of the GUI port as the sources want it now."""
    sections = [GUI_HEAD, *kind_sections(catalogue(gui_registry()), gui_messages)]
    return "\n\n".join(section.strip() for section in sections) + "\n"


def kind_sections(described: Iterable[MessageDescription], package: ModuleType) -> Iterator[str]:
    """The sections of all kinds of device, whose messages are in modules of `package`."""
    for kind, group in itertools.groupby(described, key=lambda message: message.kind):
        yield from kind_section(kind, list(group), package)


def kind_section(
    kind: str, described: list[MessageDescription], package: ModuleType
) -> Iterator[str]:
    """Heading, overview and messages of one kind of device."""
    yield f"## {kind.replace('_', ' ').capitalize()}"
    yield paragraphs(importlib.import_module(f"{package.__name__}.{kind}"))
    rows = [
        (f"[`{message.keyword}`](#{message.keyword})", message.direction.value, message.summary)
        for message in described
    ]
    yield table(("message", "direction", "what it says"), rows)
    yield from map(message_section, described)


def message_section(message: MessageDescription) -> str:
    """All of one message."""
    parts = [
        f"### `{message.keyword}`",
        f"`{message.class_name}`, {message.direction.value}. {safe(message.summary)}",
        safe(message.notes),
        f"```text\n{textwrap.fill(message.wire, 90, subsequent_indent='    ')}\n```",
        fields_table(message.fields),
    ]
    if message.units and not any(field.units for field in message.fields):
        parts.append(f"Units: {safe(message.units)}")
    parts.append(f"Source: {safe(message.source)}")
    return "\n\n".join(filter(None, parts))


def fields_table(fields: Iterable[FieldDescription]) -> str:
    """One row for each field; "" if there is none."""
    rows = [
        (
            f"`{field.name}`",
            field.type,
            field.limit,
            "yes" if field.is_optional else "",
            field.units,
        )
        for field in fields
    ]
    return table(("field", "type", "limit", "optional", "units, meaning"), rows) if rows else ""


def enums() -> list[type[enum.StrEnum]]:
    """The vocabularies, in the order of their module."""
    return [
        thing
        for thing in vars(vocabulary).values()
        if inspect.isclass(thing) and issubclass(thing, enum.StrEnum) and list(thing)
    ]


def vocabulary_section(words: type[enum.StrEnum]) -> str:
    """One vocabulary: what it is for, and its words."""
    listed = ", ".join(f"`{word.value}`" for word in words)
    return f"### `{words.__name__}`\n\n{paragraphs(words)}\n\n{listed}"


def constants_table(head: str, module: ModuleType) -> str:
    """The constants of a module: name, value and the text below it, as its source has them."""
    source = inspect.getsource(module)
    rows = []
    for node, below in itertools.pairwise(ast.parse(source).body):
        if isinstance(node, ast.AnnAssign) and node.value and isinstance(below, ast.Expr):
            value = ast.get_source_segment(source, node.value)
            says = " ".join(str(ast.literal_eval(below.value)).split())
            rows.append((f"`{ast.unparse(node.target)}`", f"`{value}`", says))
    return table((head, "value", "meaning, source"), rows)


def paragraphs(documented: object) -> str:
    """The docstring of a class or module."""
    return safe(inspect.getdoc(documented) or "")


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of Markdown, without the columns in which no row says anything."""
    said = [any(column) for column in zip(*rows, strict=True)]
    lines = [head, ("---",) * len(head), *(tuple(map(safe, row)) for row in rows)]
    kept = (itertools.compress(cells, said) for cells in lines)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in kept)


def safe(text: str) -> str:
    """A text in which nothing but back-quotes and links means anything to Markdown."""
    code_or_mark = re.compile(r"`[^`]*`|[*|<>]")
    return code_or_mark.sub(lambda match: match[0] if match[0][0] == "`" else "\\" + match[0], text)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
    GUI_PAGE.write_text(render_gui(), encoding="utf-8")
