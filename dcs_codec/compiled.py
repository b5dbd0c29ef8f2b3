"""Functions generated from a message class, which read and write the common case fast.

They do what the reference in `plan` does, without loops over fields. Whatever looks out of the
ordinary (a word missing, a number in odd letters, bytes that are not UTF-8) goes to the reference,
which decides. Nothing from the wire enters the generated source, only names of fields.

Reading splits bytes, not text: `bytes.split` knows just the blanks of C. It fills a draft and makes
that the message (see `drafts`). Writing looks words up among those that the reference has written
before, since the names of a beamline's devices and statuses are few.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import attrs

from dcs_codec.drafts import draft_class
from dcs_codec.fields import (
    FLAG_WORDS,
    FLAGS,
    Destination,
    Flag,
    Integer,
    Number,
    Rest,
    Word,
    Words,
)
from dcs_codec.kinds import FastTail, TailKind, WordKind
from dcs_codec.limits import MAX_INTEGER, MAX_POSITION
from dcs_codec.message import Message
from dcs_codec.words import to_bytes

M = TypeVar("M", bound=Message)
Tail = tuple[str, TailKind] | None
"""Name and kind of the field after the words, if there is one."""

_KNOWN_VALUES: Final = 1024  # per field; more are forgotten all together
_LEAST_FIXED: Final = 1e-4  # repr writes an exponent below it, and from 1e16 on
_GREATEST_FIXED: Final = 1e15
_EDGE: Final = 1e-9
_LONGEST: Final = 4  # bytes of a character
_NUL: Final = "\0"
_LINE_ENDS: Final = ord("\r")  # and `\n` is below
_NINE: Final = ord("9")
_UNDERSCORE: Final = ord("_")  # Python's numbers may hold it, the wire's do not
_BESIDE: Final = ("draft = Draft()", "draft.binary = binary", "draft.surplus = ''")
_FLAG_BYTES: Final = {word.encode(): flag for word, flag in FLAGS.items()}


# -- reading ---------------------------------------------------------------------------------


def compile_decode(
    message_class: type[M],
    words: Mapping[str, WordKind],
    tail: Tail,
    reference: Callable[[bytes, bytes], M],
) -> Callable[[bytes, bytes, bytes], M]:
    """A function of a text, what comes after its keyword and one blank, and the binary."""
    names: dict[str, Any] = {
        "Draft": draft_class(message_class),
        "Message": message_class,
        "FLAGS": _FLAG_BYTES,
        "reference": reference,
    }
    if tail is None or isinstance(tail[1], (Words, FastTail)):
        if tail is not None and isinstance(tail[1], FastTail):
            names["read_plain"] = tail[1].read_plain
        lines = _reading_words(words, tail, names)
    elif type(tail[1]) is Rest and all(type(kind) is Word for kind in words.values()):
        lines = _reading_rest(list(words), tail[0])
    else:
        return lambda text, _, binary: reference(text, binary)
    lines = ["try:", *_indented(lines), "except (ValueError, KeyError):", " pass"]
    lines.append("return reference(text, binary)")
    decode: Callable[[bytes, bytes, bytes], M] = _function(
        "decode", "text, tail, binary", lines, names
    )
    return decode


def _reading_words(words: Mapping[str, WordKind], tail: Tail, names: dict[str, Any]) -> list[str]:
    """Lines for words alone, or words and a list of more: a block for each form."""
    short = [name for name, kind in words.items() if not kind.optional]
    forms = [list(words)] if len(short) == len(words) or tail else [list(words), short]
    split = "tail.split()" if tail else f"tail.split(None, {len(words)})"  # of any longer text too
    lines = [f"words = {split}"] if len(forms) > 1 or tail else []
    for form in forms:
        targets = [f"w{index}" for index in range(len(form))] + ["*rest"] * (tail is not None)
        body = [f"[{', '.join(targets)}] = {'words' if lines else split}"]
        body += _filling(words, form, names)
        if tail is not None:
            value = "tuple(b' '.join(rest).decode().split(' ')) if rest else ()"
            if not isinstance(tail[1], Words):
                value = "read_plain(rest, draft)"
            body.insert(-2, f"draft.{tail[0]} = {value}")
            lines.append(f"if len(words) >= {len(form) + _least(tail[1])}:")
        elif lines:
            lines.append(f"if len(words) == {len(form)}:")
        lines += _indented(body) if lines else body  # a wrong number of words is a ValueError
    return lines


def _least(kind: TailKind) -> int:
    return 0 if isinstance(kind, Words) and kind.may_be_empty else 1


def _filling(words: Mapping[str, WordKind], form: list[str], names: dict[str, Any]) -> list[str]:
    """Lines that fill a draft from w0, w1 ... and return it, where nothing looks odd."""
    lines = list(_BESIDE)
    odd: list[str] = []
    numbers: list[str] = []
    for name, kind in words.items():
        if name not in form:
            names[f"missing_{name}"] = kind.missing
            lines.append(f"draft.{name} = missing_{name}")
            continue
        index = form.index(name)
        if type(kind) is Destination:
            lines += _reading_destination(name, f"w{index}")
            continue
        value = _reading_value(name, kind, f"w{index}", names)
        if type(kind) in (Number, Integer):
            odd.append(f"{_UNDERSCORE} in w{index}")
        if type(kind) is Number:
            numbers.append(f"n{index}")
            value = f"n{index} = {value}"
        lines.append(f"draft.{name} = {value}")
    if numbers:  # nan and infinity are the only ones that stay so
        odd.append(f"({' + '.join(numbers)}) * 0.0 != 0.0")
    if odd:
        lines.append(f"if {' or '.join(odd)}: return reference(text, binary)")
    return [*lines, "draft.__class__ = Message", "return draft"]


def _reading_value(name: str, kind: WordKind, word: str, names: dict[str, Any]) -> str:
    by_kind: dict[type, str] = {
        Word: f"{word}.decode()",
        Number: f"float({word})",
        Integer: f"int({word})",
        Flag: f"FLAGS[{word}]",
    }
    if type(kind) in by_kind:
        return by_kind[type(kind)]
    names[f"read_{name}"] = kind.read
    return f"read_{name}({word}.decode())"


def _reading_destination(name: str, word: str) -> list[str]:
    return [
        f"if {word}[0] > {_NINE}:",  # a letter: sooner seen than a failure of float
        f" draft.{name} = {word}.decode()",
        "else:",
        " try:",
        f"  draft.{name} = number = float({word})",
        f"  if {_UNDERSCORE} in {word} or number * 0.0 != 0.0: return reference(text, binary)",
        " except ValueError:",
        f"  draft.{name} = {word}.decode()",
    ]


def _reading_rest(words: list[str], rest: str) -> list[str]:
    """Lines for words and a rest that is kept to the letter."""
    fill = list(_BESIDE)
    make = ["draft.__class__ = Message", "return draft"]
    count = len(words)
    if not count:
        return [*fill, f"draft.{rest} = tail.decode()", *make]
    targets = [f"w{index}" for index in range(count)]
    plain = " and ".join(f"{word} and {word}.isprintable()" for word in targets)
    fill += [f"draft.{name} = {word}" for name, word in zip(words, targets, strict=True)]
    return [
        f"words = tail.decode().split(' ', {count})",
        f"if len(words) == {count}: words.append('')",
        f"[{', '.join(targets)}, rest] = words",
        f"if {plain}:",
        *_indented([*fill, f"draft.{rest} = rest", *make]),
    ]


# -- writing ---------------------------------------------------------------------------------


def compile_encode(
    message_class: type[M],
    words: Mapping[str, WordKind],
    tail: Tail,
    reference: Callable[[M], str],
) -> Callable[[M], bytes | None]:
    """A function from a message to its text, ended by a NUL.

    It gives None where the message has a binary part, or surplus.
    """
    keyword = message_class.keyword
    known = {
        name: _Known(
            kind.write,
            before=(keyword if _leads(name, words) else "") + " ",
            behind=_behind(name, words, tail),
        )
        for name, kind in words.items()
        if _repeats(kind)
    }
    known |= {n: _Known(kind.write) for n, kind in words.items() if type(kind) is Destination}
    if tail is not None and isinstance(tail[1], Words):
        known[tail[0]] = _Known(functools.partial(tail[1].write_tail, before={}), behind=_NUL)
    names: dict[str, Any] = {
        "FLAGS": {flag: " " + word for flag, word in FLAG_WORDS.items()},
        "NO_BINARY": b"",  # of which there is but one
        "NUL": _NUL,
        **{f"known_{name}": values.texts for name, values in known.items()},
        **{f"write_{name}": kind.write for name, kind in words.items()},
    }
    if tail is not None and isinstance(tail[1], FastTail):
        names["write_plain"] = tail[1].write_plain
    names["checked"] = _remembering(reference, known)
    lines: list[str] = []
    missing = {name: kind.missing for name, kind in words.items() if kind.optional}
    if missing and tail is None:
        tests = [f"message.{n} {f'== {v!r}' if v == '' else 'is None'}" for n, v in missing.items()]
        short = {name: kind for name, kind in words.items() if not kind.optional}
        lines.append(f"if {' and '.join(tests)}:")
        lines += _indented(_writing_form(keyword, words, list(short), None))
    lines += _writing_form(keyword, words, list(words), tail)
    if any(type(kind) is Destination for kind in words.values()):
        lines += _writing_form(keyword, words, list(words), tail, named=True)
    if any(value is not None and value != "" for value in missing.values()):
        lines = []  # what a site's own kind holds for a missing word, the reference knows
    surplus = "" if tail else " or message.surplus"
    lines = [
        f"if message.binary is not NO_BINARY{surplus}: return None",
        "try:",
        *_indented(lines or ["pass"]),
        "except (KeyError, TypeError, ValueError):",
        " pass",
        "return checked(message)",
    ]
    encode: Callable[[M], bytes | None] = _function("encode", "message", lines, names)
    return encode


def _writing_form(
    keyword: str,
    words: Mapping[str, WordKind],
    form: list[str],
    tail: Tail,
    *,
    named: bool = False,
) -> list[str]:
    """Lines that return the text of a message in this form, where nothing looks odd.

    If it is `named`, destinations are words that were written before.
    """
    setup: list[str] = []
    conditions: list[str] = []
    head = "" if form and _leads(form[0], words) else _literal(keyword)
    behind = ""
    for index, (name, kind) in enumerate(words.items()):
        if name in form:
            if named and type(kind) is Destination:
                value = f" {{known_{name}[message.{name}]}}"
            else:
                value = _writing_value(name, kind, index, setup, conditions)
            head += value.removeprefix(behind)
            behind = _behind(name, words, tail)
    body = [f"return {_text(head, behind)}"]
    if tail is not None:
        setup.append(f"tail = message.{tail[0]}")
        body = _writing_tail(tail[0], tail[1], head, behind, conditions)
    if conditions:
        body = [f"if {' and '.join(conditions)}:", *_indented(body)]
    return [*setup, *body]


def _writing_value(
    name: str, kind: WordKind, index: int, setup: list[str], conditions: list[str]
) -> str:
    """What stands for a blank and a value in an f-string; adds what must be done before."""
    if _repeats(kind):
        return f"{{known_{name}[message.{name}]}}"
    if type(kind) is Flag:
        return f"{{FLAGS[message.{name}]}}"
    value = f"v{index}"
    setup.append(f"{value} = message.{name}")
    if type(kind) is Word:
        conditions.append(
            f"type({value}) is str and {value} and len({value}) <= {kind.max_bytes // _LONGEST}"
            f" and {value}.isprintable() and ' ' not in {value}"
        )
        return f" {{{value}}}"
    if type(kind) in (Number, Destination):
        limit = kind.limit if isinstance(kind, Number) else MAX_POSITION
        low = repr(_LEAST_FIXED * (1 + _EDGE))  # the edges are the reference's
        high = repr(min(limit, _GREATEST_FIXED) * (1 - _EDGE))
        # No chains of comparisons: CPython takes longer for them.
        conditions.append(
            f"(type({value}) is float or type({value}) is int)"
            f" and ({value} >= {low} and {value} <= {high}"
            f" or {value} <= -{low} and {value} >= -{high} or {value} == 0)"
        )
    elif type(kind) is Integer:
        conditions.append(
            f"type({value}) is int and {value} <= {MAX_INTEGER} and {value} >= {-MAX_INTEGER}"
        )
    else:
        return f" {{write_{name}({value})}}"
    return f" {{{value}!r}}"


def _writing_tail(
    name: str, kind: TailKind, head: str, behind: str, conditions: list[str]
) -> list[str]:
    if type(kind) is Words:
        return [f"return {_text(head + f'{{known_{name}[tail]}}', _NUL)}"]
    if isinstance(kind, FastTail):
        return [
            "written = write_plain(tail, message)",
            f"return {_text(head + '{written}')}",
        ]
    if type(kind) is not Rest:
        return ["pass"]
    # Plain text, as a subclass may format itself otherwise.
    conditions.append("type(tail) is str and NUL not in tail")
    if (size := kind.max_first_word) is not None:
        conditions.append("tail.isascii()")
        conditions.append(f"(len(tail) <= {size} or 0 < tail.find(' ') <= {size})")
    bare = "" if kind.always_separated else f" if tail else {_text(head)}"
    fits = "" if kind.max_bytes is None else f" and len(text) <= {kind.max_bytes}"
    return [
        f"text = {_text(head + ' {tail}'.removeprefix(behind))}{bare}",
        f"if text[-2] > {_LINE_ENDS}{fits}: return text",  # the byte before the NUL
    ]


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _text(pattern: str, behind: str = "") -> str:
    """The bytes of an f-string, ended by the NUL that may stand behind its last value already."""
    return f"f{pattern + ('' if behind == _NUL else _NUL)!r}.encode()"


def _repeats(kind: WordKind) -> bool:
    return type(kind) is Word and not kind.is_unique


def _leads(name: str, words: Mapping[str, WordKind]) -> bool:
    """Whether the word stands first in every form and is remembered with the keyword."""
    return name == next(iter(words)) and _repeats(words[name]) and not words[name].optional


def _behind(name: str, words: Mapping[str, WordKind], tail: Tail) -> str:
    """What stands behind a remembered word in every form and is remembered with it."""
    if not _repeats(words[name]):
        return ""
    behind = list(words)[list(words).index(name) + 1 :]
    if not behind:
        if tail is None:
            return _NUL
        return " " if type(tail[1]) is Rest and tail[1].always_separated else ""
    kind = words[behind[0]]
    return "" if kind.optional or _repeats(kind) or type(kind) is Flag else " "


@attrs.frozen
class _Known:
    """Values of one field that the reference has written, and their texts.

    With what always stands before them (a blank, and the keyword before the first) and behind them:
    joining many short pieces is half the work of writing.
    """

    write: Callable[[object], str]
    before: str = ""
    behind: str = ""
    texts: dict[object, str] = attrs.field(factory=dict)

    def add(self, value: object) -> None:
        """Remember a value that was written, unless it is a number or an empty word.

        Numbers seldom come again, and an empty word is never written.
        """
        if value != "" and not isinstance(value, (int, float)):
            if len(self.texts) >= _KNOWN_VALUES:
                self.texts.clear()
            self.texts[value] = self.before + self.write(value) + self.behind


def _remembering(
    reference: Callable[[M], str], known: Mapping[str, _Known]
) -> Callable[[M], bytes]:
    """The reference; the values of a message that passes are known from then on."""

    def checked(message: M) -> bytes:
        text = reference(message)
        for name, values in known.items():
            values.add(getattr(message, name))
        return to_bytes(text) + b"\0"

    return checked


def _indented(lines: list[str]) -> list[str]:
    return [" " + line for line in lines]


def _function(name: str, arguments: str, lines: list[str], names: dict[str, Any]) -> Any:
    source = f"def {name}({arguments}):\n" + "\n".join(_indented(lines))
    exec(compile(source, f"<dcs_codec {name}>", "exec"), names)  # noqa: S102 - our own source
    return names[name]
