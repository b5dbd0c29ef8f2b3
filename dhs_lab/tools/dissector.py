"""Makes a Wireshark dissector of the protocol, in Lua, from a registry.

The code that does not depend on the messages is in `lua/` next to this file; the generator puts the
table of messages before it.
"""

import importlib.resources
import json
from typing import Final

from dcs_codec import Registry, __version__, default_registry, gui_registry
from dcs_codec.catalogue import FieldDescription, describe

_HEAD: Final = f"""\
-- DCS protocol (DCSS, its DHSs and GUIs) for Wireshark and tshark.
-- Made by `dhs dissector` from the message classes of dcs_codec {__version__}.

local MESSAGES = {{
"""
_PARTS: Final = ("fields", "reading", "frames")

KINDS: Final = {
    "word": "word",
    "number": "number",
    "integer": "integer",
    "0 or 1": "flag",
    "number or word": "destination",
    "rest of text": "rest",
    "names": "names",
    "readings or failure": "readings",
    "numbers": "rest",
}
"""The script's names for types of the catalogue; others are shown as text."""


def make_dissector(registry: Registry | None = None) -> str:
    """The dissector for a registry's messages, by default all of both ports of DCSS."""
    folder = importlib.resources.files("dhs_lab.tools") / "lua"
    parts = [(folder / f"{part}.lua").read_text(encoding="utf-8") for part in _PARTS]
    table = _messages(_both_ports() if registry is None else registry)
    return "\n".join([f"{_HEAD}{table}}}\n", *parts])


def _both_ports() -> Registry:
    """The messages of DHSs and of GUIs; the number in a GUI's greeting is surplus here."""
    of_dhs = default_registry()
    return of_dhs.extended(*(cls for cls in gui_registry() if cls.keyword not in of_dhs))


def _messages(registry: Registry) -> str:
    """A line for each message: its words in wire order, and what comes after them."""
    lines = []
    for plan in registry.plans():
        described = {field.name: field for field in describe(plan.message_class).fields}
        words = [
            _field(
                described[name],
                "word",
                optional=kind.optional,
                stored=getattr(kind, "stored", False),
            )
            for name, kind in plan.words.items()
        ]
        parts = [f"words = {{ {', '.join(words)} }}"]
        if plan.tail is not None:
            name, kind = plan.tail
            may_be_empty = getattr(kind, "may_be_empty", False)
            parts.append(f"tail = {_field(described[name], 'rest', may_be_empty=may_be_empty)}")
        lines.append(f"    [{_quoted(plan.keyword)}] = {{ {', '.join(parts)} }},\n")
    return "".join(lines)


def _field(field: FieldDescription, otherwise: str, **is_so: bool) -> str:
    members = [f"name = {_quoted(field.name)}"]
    members.append(f"kind = {_quoted(KINDS.get(field.type, otherwise))}")
    if field.units:
        members.append(f"says = {_quoted(field.units)}")
    members += [f"{mark} = true" for mark, is_set in is_so.items() if is_set]
    return f"{{ {', '.join(members)} }}"


def _quoted(text: str) -> str:
    """A Lua string; JSON's escapes are the same, except for characters beyond ASCII."""
    return json.dumps(text, ensure_ascii=False)
