"""The wire plan of a message class: how its text becomes an instance and back.

There are two ways through a plan. The *reference* reads and writes field by field, takes any
white space, and can tell which field is at fault. The *compiled* functions are generated from the
same fields once per class; they handle the plain case (printable ASCII, single blanks, nothing
wrong) at the speed of hand-written code and pass everything else to the reference. Both give the
same results; a test holds them to it.

The compiled decoder fills a mutable draft with the layout of the message class and then makes it
the message: calling the frozen class with keywords costs twice as much. Nothing from the wire
enters the generated source, only names of fields.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from dcs_codec.errors import DecodeError, EncodeError
from dcs_codec.fields import FieldKind, Rest, Word, field_kinds
from dcs_codec.message import Message
from dcs_codec.words import find_words, is_plain

M = TypeVar("M", bound=Message)


class Plan(Generic[M]):
    """How instances of one message class are read and written."""

    def __init__(self, message_class: type[M]) -> None:
        """The plan of `message_class`.

        Raises:
            TypeError: The class is not `attrs.frozen` with slots, does more at its birth than
                take its words, its keyword is no word, or a field names no kind.
        """
        if not {"__slots__", "__attrs_attrs__"} <= vars(message_class).keys():
            raise TypeError(f"{message_class.__name__} is not an attrs.frozen message class")
        if hasattr(message_class, "__attrs_post_init__"):
            raise TypeError(f"{message_class.__name__}: decoding calls no __attrs_post_init__")
        if (reason := Word().refusal(message_class.keyword)) is not None:
            raise TypeError(f"{message_class.__name__}: keyword {reason}")
        self.message_class = message_class
        self.keyword = message_class.keyword
        self.fields: dict[str, FieldKind] = field_kinds(message_class)
        self.decode: Callable[[str, bytes], M] = self._compile_decode()
        self.encode: Callable[[M], str] = self._compile_encode()

    # -- reference ---------------------------------------------------------------------------

    def decode_reference(self, text: str, binary: bytes = b"") -> M:
        """An instance from any text whose first word is the keyword.

        Raises:
            DecodeError: The text does not have the form of the keyword.
        """
        words = find_words(text)
        values: dict[str, object] = {}
        at = 0  # index of the last word used
        for name, kind in self.fields.items():
            if isinstance(kind, Rest):
                values[name] = text[words[at][1] + 1 :]
                at = len(words) - 1
            elif at + 1 < len(words):
                at += 1
                values[name] = words[at][0]
            elif isinstance(kind, Word) and kind.optional:
                values[name] = ""
            else:
                raise DecodeError(self.keyword, name, "is missing")
        if at + 1 < len(words):
            surplus = text[words[at][1] :].strip()
            raise DecodeError(self.keyword, "", f"has words too many: {surplus[:60]!r}")
        return self.message_class(binary=binary, **values)

    def encode_reference(self, message: M) -> str:
        """The text of any instance.

        Raises:
            EncodeError: A value does not fit its word; names the first such field.
        """
        parts = [self.keyword]
        missing = ""
        for name, kind in self.fields.items():
            value = getattr(message, name)
            reason = kind.refusal(value)
            if reason is None and value and missing:
                reason = f"cannot stand behind {missing}, which is missing"
            if reason is not None:
                raise EncodeError(self.keyword, name, reason)
            if value or (isinstance(kind, Rest) and kind.always_separated):
                parts.append(value)
            elif isinstance(kind, Word):
                missing = name
        return " ".join(parts)

    # -- compiled ----------------------------------------------------------------------------

    def _compile_decode(self) -> Callable[[str, bytes], M]:
        names = list(self.fields)
        rest = bool(names) and isinstance(self.fields[names[-1]], Rest)
        count = len(names) + 1
        lines = ["if is_plain(text):"]
        lines.append(f" words = text.split(' '{f', {count - 1}' if rest else ''})")
        if rest:
            lines.append(f" if len(words) == {count - 1}: words.append('')")
        lines += [
            f" if len(words) == {count} and '' not in words{'[:-1]' if rest else ''}:",
            "  draft = new(Draft)",
            "  draft.binary = binary",
            *(f"  draft.{name} = words[{index}]" for index, name in enumerate(names, 1)),
            "  draft.__class__ = Message",
            "  return draft",
            "return reference(text, binary)",
        ]
        names_used = {
            "is_plain": is_plain,
            "new": object.__new__,
            "Draft": _draft_class(self.message_class),
            "Message": self.message_class,
            "reference": self.decode_reference,
        }
        decode: Callable[[str, bytes], M] = _function("decode", "text, binary", lines, names_used)
        return decode

    def _compile_encode(self) -> Callable[[M], str]:
        words = {name: kind for name, kind in self.fields.items() if isinstance(kind, Word)}
        rest = next((n for n, kind in self.fields.items() if isinstance(kind, Rest)), None)
        # All words together no longer than the narrowest may be: then none is over-long.
        narrowest = min((kind.max_bytes for kind in words.values()), default=0)
        head = " + ' ' + ".join([repr(self.keyword), *(f"message.{name}" for name in words)])
        plain = [
            f"len(head) <= {len(self.keyword) + 1 + narrowest}",
            f"head.count(' ') == {len(words)}",
            "'  ' not in head",
            "head[-1] != ' '",
            "is_plain(head)",
        ]
        lines = ["try:", f" head = {head}"]
        if rest is None:
            lines += [" if " + " and ".join(plain) + ":", "  return head"]
        else:
            kind = self.fields[rest]
            assert isinstance(kind, Rest)  # noqa: S101 - chosen so above; tells the type checker
            lines.append(f" rest = message.{rest}")
            if kind.max_bytes is not None:
                plain.append(f"len(rest) <= {kind.max_bytes}")
            lines.append(" if " + " and ".join([*plain, "is_plain(rest)"]) + ":")
            bare = "" if kind.always_separated else " if rest else head"
            lines.append("  return head + ' ' + rest" + bare)
        lines += ["except (TypeError, AttributeError):", " pass", "return reference(message)"]
        names_used = {"is_plain": is_plain, "reference": self.encode_reference}
        encode: Callable[[M], str] = _function("encode", "message", lines, names_used)
        return encode


def _function(name: str, arguments: str, lines: list[str], names: dict[str, Any]) -> Any:
    source = f"def {name}({arguments}):\n" + "\n".join(" " + line for line in lines)
    exec(compile(source, f"<dcs_codec {name}>", "exec"), names)  # noqa: S102 - our own source
    return names[name]


def _draft_class(message_class: type[Message]) -> type[Message]:
    """A class of the same layout whose instances may be filled; see the module's docstring."""
    own = message_class.__dict__.get("__slots__", ())
    body = {"__slots__": tuple(own), "__setattr__": object.__setattr__}
    return type("Draft", message_class.__bases__, body)
