"""Functions generated from a message class, which read and write the common case fast.

They do what the reference in `plan` does, without loops over fields. Whatever looks out of the
ordinary (a word missing, a number in odd letters, bytes that are not UTF-8) goes to the reference,
which decides. Nothing from the wire enters the generated source, only names of fields.

Reading splits bytes, not text: `bytes.split` knows just the blanks of C. The message is filled as
a mutable draft of the same layout and then made the frozen class, for calling a frozen attrs class
costs three times as much. Writing looks words up among those that passed the reference before,
since the names of a beamline's devices and statuses are few.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from dcs_codec.fields import (
    FLAG_WORDS,
    FLAGS,
    Flag,
    Integer,
    Number,
    Rest,
    TailKind,
    Word,
    WordKind,
    Words,
)
from dcs_codec.limits import MAX_INTEGER
from dcs_codec.message import Message

M = TypeVar("M", bound=Message)
Tail = tuple[str, TailKind] | None
"""Name and kind of the field behind the words, where there is one."""

_KNOWN_WORDS: Final = 1024  # per field; more are forgotten all together
_UNDERSCORE: Final = ord("_")  # Python's numbers may hold it, the wire's do not
_FLAG_BYTES: Final = {word.encode(): flag for word, flag in FLAGS.items()}


# -- reading ---------------------------------------------------------------------------------


def compile_decode(
    message_class: type[M],
    words: Mapping[str, WordKind],
    tail: Tail,
    reference: Callable[[bytes, bytes], M],
) -> Callable[[bytes, bytes, bytes], M]:
    """A function of a text, what of it stands behind the keyword and one blank, and the binary."""
    names: dict[str, Any] = {
        "new": object.__new__,
        "Draft": _draft_class(message_class),
        "Message": message_class,
        "FLAGS": _FLAG_BYTES,
        "reference": reference,
    }
    if tail is None or type(tail[1]) is Words:
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
    lines = ["words = tail.split()"]
    for form in forms:
        targets = [f"w{index}" for index in range(len(form))] + ["*rest"] * (tail is not None)
        body = [f"[{', '.join(targets)}] = words"]
        body += _filling(words, form, names)
        if tail is not None:
            body.insert(-2, f"draft.{tail[0]} = tuple([word.decode() for word in rest])")
        size = f"== {len(form)}" if tail is None else f">= {len(form) + _least(tail[1])}"
        lines.append(f"if len(words) {size}:")
        lines += _indented(body)
    return lines


def _least(kind: TailKind) -> int:
    return 0 if isinstance(kind, Words) and kind.may_be_empty else 1


def _filling(words: Mapping[str, WordKind], form: list[str], names: dict[str, Any]) -> list[str]:
    """Lines that fill a draft from w0, w1 ... and return it, where nothing looks odd."""
    lines = ["draft = new(Draft)", "draft.binary = binary"]
    odd: list[str] = []
    numbers: list[str] = []
    for name, kind in words.items():
        if name not in form:
            lines.append(f"draft.{name} = {kind.missing!r}")
            continue
        index = form.index(name)
        value = _reading_value(kind, f"w{index}", index, names)
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


def _reading_value(kind: WordKind, word: str, index: int, names: dict[str, Any]) -> str:
    by_kind: dict[type, str] = {
        Word: f"{word}.decode()",
        Number: f"float({word})",
        Integer: f"int({word})",
        Flag: f"FLAGS[{word}]",
    }
    if type(kind) in by_kind:
        return by_kind[type(kind)]
    names[f"read{index}"] = kind.read
    return f"read{index}({word}.decode())"


def _reading_rest(words: list[str], rest: str) -> list[str]:
    """Lines for words and a rest that is kept to the letter."""
    fill = ["draft = new(Draft)", "draft.binary = binary"]
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


def _draft_class(message_class: type[Message]) -> type[Message]:
    """A class of the same layout whose instances may be filled; see the module's docstring."""
    body = {
        "__slots__": tuple(message_class.__dict__.get("__slots__", ())),
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,  # only both together bring the fast way back
    }
    return type("Draft", message_class.__bases__, body)


# -- writing ---------------------------------------------------------------------------------


def compile_encode(
    message_class: type[M],
    words: Mapping[str, WordKind],
    tail: Tail,
    reference: Callable[[M], str],
) -> Callable[[M], str]:
    """A function from a message to its text."""
    if tail is not None and type(tail[1]) is not Rest:
        return reference
    known: dict[str, dict[str, str]] = {
        name: {} for name, kind in words.items() if type(kind) is Word
    }
    names: dict[str, Any] = {
        "FLAG_WORDS": FLAG_WORDS,
        "checked": _remembering(reference, known),
    }
    setup: list[str] = []
    conditions: list[str] = []
    pieces = {
        name: _writing_value(name, kind, f"v{index}", setup, conditions)
        for index, (name, kind) in enumerate(words.items())
    }
    for index, (name, kind) in enumerate(words.items()):
        names[f"known{index}"] = known.get(name)
        names[f"write{index}"] = kind.write
    head = " ".join([message_class.keyword, *pieces.values()])
    body = [f"return f{head!r}"]
    if tail is not None:
        body = [_writing_rest(tail, head, setup, conditions)]
    elif short := _writing_short(message_class.keyword, words, pieces):
        body.insert(0, short)
    if conditions:
        body = [f"if {' and '.join(conditions)}:", *_indented(body)]
    lines = ["try:", *_indented([*setup, *body])]
    lines += ["except (KeyError, TypeError, ValueError):", " pass", "return checked(message)"]
    encode: Callable[[M], str] = _function("encode", "message", lines, names)
    return encode


def _writing_value(
    name: str, kind: WordKind, var: str, setup: list[str], conditions: list[str]
) -> str:
    """What stands for a value in an f-string; adds what must be done and hold before."""
    if type(kind) is Word:
        return f"{{known{var[1:]}[message.{name}]}}"
    if type(kind) is Flag:
        return f"{{FLAG_WORDS[message.{name}]}}"
    if type(kind) is Number:
        conditions.append(
            f"(type({var}) is float or type({var}) is int)"
            f" and {-kind.limit!r} <= {var} <= {kind.limit!r} and 'e' not in ({var} := repr({var}))"
        )
    elif type(kind) is Integer:
        conditions.append(f"type({var}) is int and {-MAX_INTEGER} <= {var} <= {MAX_INTEGER}")
    else:
        return f"{{write{var[1:]}(message.{name})}}"
    setup.append(f"{var} = message.{name}")
    return f"{{{var}}}"


def _writing_short(keyword: str, words: Mapping[str, WordKind], pieces: Mapping[str, str]) -> str:
    """A line for the form without its one optional word, "" where it is not so simple."""
    optional = [name for name, kind in words.items() if kind.optional]
    if len(optional) != 1 or type(words[optional[0]]) is not Word:
        return ""
    short = " ".join([keyword, *(piece for name, piece in pieces.items() if name != optional[0])])
    return f"if message.{optional[0]} == '': return f{short!r}"


def _writing_rest(
    tail: tuple[str, TailKind], head: str, setup: list[str], conditions: list[str]
) -> str:
    name, kind = tail
    assert isinstance(kind, Rest)  # noqa: S101 - chosen so by the caller; tells the type checker
    setup.append(f"rest = message.{name}")
    conditions.append("type(rest) is str and rest.isascii() and '\\0' not in rest")
    conditions.append("(not rest or rest[-1] > '\\r')")
    if kind.max_bytes is not None:
        conditions.append(f"len(rest) <= {kind.max_bytes}")
    if (size := kind.max_first_word) is not None:
        conditions.append(f"(len(rest) <= {size} or 0 < rest.find(' ') <= {size})")
    bare = "" if kind.always_separated else f" if rest else f{head!r}"
    return f"return f{head + ' {rest}'!r}{bare}"


def _remembering(
    reference: Callable[[M], str], known: Mapping[str, dict[str, str]]
) -> Callable[[M], str]:
    """The reference; the words of a message that passes are known from then on."""

    def checked(message: M) -> str:
        text = reference(message)
        for name, words in known.items():
            word = str.__str__(getattr(message, name))
            if word:
                if len(words) >= _KNOWN_WORDS:
                    words.clear()
                words[word] = word
        return text

    return checked


def _indented(lines: list[str]) -> list[str]:
    return [" " + line for line in lines]


def _function(name: str, arguments: str, lines: list[str], names: dict[str, Any]) -> Any:
    source = f"def {name}({arguments}):\n" + "\n".join(_indented(lines))
    exec(compile(source, f"<dcs_codec {name}>", "exec"), names)  # noqa: S102 - our own source
    return names[name]
