"""Functions generated from a message class that read and write the common case fast.

They do what the reference in `plan` does, without loops over fields. Anything unusual (a missing
word, a number in odd letters, bytes that are not UTF-8) is passed to the reference, which decides.
The kind of a field says how it is read and written (`Kind.reading`, `Kind.writing`); this module
puts the lines together. Nothing from the wire enters the generated source, only names of fields.

Reading splits bytes, not text: `bytes.split` knows only the blanks of C. It fills a draft and makes
that the message (see `drafts`). Writing looks words up among those that the reference has written
before, since the names of a beamline's devices and statuses are few.

A debugger steps through the generated source, and a profiler names the functions of each class.
"""

import functools
import linecache
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import attrs

from dcs_codec.drafts import draft_class
from dcs_codec.kinds import Reading, TailKind, WordKind, Writing, has_own
from dcs_codec.message import Message
from dcs_codec.words import to_bytes

M = TypeVar("M", bound=Message)
Tail = tuple[str, TailKind] | None
"""Name and kind of the field after the words, if there is one."""

_KNOWN_VALUES: Final = 1024  # per field; the table is emptied when it is full
_NUL: Final = "\0"
_BESIDE: Final = ("draft = Draft()", "draft.binary = binary", "draft.surplus = ''")
_MAKE: Final = ("draft.__class__ = Message", "return draft")
_TO_REFERENCE: Final = "return reference(text, binary)"


# -- reading ---------------------------------------------------------------------------------


def compile_decode(
    message_class: type[M],
    words: Mapping[str, WordKind],
    tail: Tail,
    reference: Callable[[bytes, bytes], M],
) -> Callable[[bytes, bytes, bytes], M]:
    """A function of a text, what comes after its keyword and one blank, and the binary."""
    readings = {name: _reading(kind, name) for name, kind in words.items()}
    last = None if tail is None else _reading_of_tail(tail[1], tail[0])
    is_verbatim = last is not None and last.is_verbatim
    if (tail is not None and last is None) or (
        is_verbatim and not all(map(_is_verbatim, words.values()))
    ):
        return lambda text, _, binary: reference(text, binary)
    names: dict[str, Any] = {
        "Draft": draft_class(message_class),
        "Message": message_class,
        "reference": reference,
        **{f"missing_{name}": kind.missing for name, kind in words.items()},
    }
    for reading in (*readings.values(), last):
        names |= {} if reading is None else reading.names
    if last is not None and is_verbatim:
        lines = _reading_verbatim(list(words), last)
    else:
        lines = _reading_words(words, readings, last)
    lines = ["try:", *_indented(lines), "except (ValueError, KeyError):", " pass", _TO_REFERENCE]
    decode: Callable[[bytes, bytes, bytes], M] = _function(
        message_class, "decode", "text, tail, binary", lines, names
    )
    return decode


def _reading(kind: WordKind, name: str) -> Reading:
    word = f"w_{name}"
    if has_own(kind, "reading", "read"):
        return kind.reading(name, word)
    return WordKind.reading(kind, name, word)


def _reading_of_tail(kind: TailKind, name: str) -> Reading | None:
    if has_own(kind, "reading", "read_tail"):
        return kind.reading(name)
    return TailKind.reading(kind, name)


def _is_verbatim(kind: WordKind) -> bool:
    return kind.is_verbatim and has_own(kind, "is_verbatim", "read")


def _reading_words(
    words: Mapping[str, WordKind], readings: Mapping[str, Reading], last: Reading | None
) -> list[str]:
    """Lines for words alone, or words and a list of more: a block for each form."""
    short = [name for name, kind in words.items() if not kind.optional]
    is_single = len(short) == len(words) or last is not None
    forms = [list(words)] if is_single else [list(words), short]
    # Words too many are counted by one, of a text of any length.
    split = f"tail.split(None, {len(words)})" if last is None else "tail.split()"
    if is_single and last is None:  # a wrong number of words is a ValueError
        return _filling(words, readings, forms[0], split, None)
    lines = [f"words = {split}"]
    for form in forms:
        sign, count = ("==", len(form)) if last is None else (">=", len(form) + last.least)
        lines.append(f"if len(words) {sign} {count}:")
        lines += _indented(_filling(words, readings, form, "words", last))
    return lines


def _filling(
    words: Mapping[str, WordKind],
    readings: Mapping[str, Reading],
    form: list[str],
    split: str,
    last: Reading | None,
) -> list[str]:
    """Lines that fill a draft from the words of a form and return it, if nothing looks odd."""
    targets = [f"w_{name}" for name in form] + ["*rest"] * (last is not None)
    lines = [f"[{', '.join(targets)}] = {split}", *_BESIDE]
    odd: list[str] = []
    finite: list[str] = []
    for name in words:
        if name not in form:
            lines.append(f"draft.{name} = missing_{name}")
            continue
        reading = readings[name]
        lines += reading.lines
        odd += filter(None, [reading.odd])
        finite += filter(None, [reading.finite])
    if finite:  # nan and infinity are the only ones that stay so
        odd.append(f"({' + '.join(finite)}) * 0.0 != 0.0")
    if odd:
        lines.append(f"if {' or '.join(odd)}: {_TO_REFERENCE}")
    return [*lines, *(() if last is None else last.lines), *_MAKE]


def _reading_verbatim(words: list[str], last: Reading) -> list[str]:
    """Lines for words and a rest that is kept to the letter."""
    if not words:
        return [*_BESIDE, "rest = tail.decode()", *last.lines, *_MAKE]
    count = len(words)
    targets = [f"w_{name}" for name in words]
    plain = " and ".join(f"{word} and {word}.isprintable()" for word in targets)
    fill = [f"draft.{name} = {word}" for name, word in zip(words, targets, strict=True)]
    return [
        f"words = tail.decode().split(' ', {count})",
        f"if len(words) == {count}: words.append('')",
        f"[{', '.join(targets)}, rest] = words",
        f"if {plain}:",
        *_indented([*_BESIDE, *fill, *last.lines, *_MAKE]),
    ]


# -- writing ---------------------------------------------------------------------------------


def compile_encode(
    message_class: type[M],
    words: Mapping[str, WordKind],
    tail: Tail,
    reference: Callable[[M], str],
) -> Callable[[M], bytes | None]:
    """A function from a message to its text, ended by a NUL.

    It gives None if the message has a binary part, or surplus.
    """
    writings = {name: _writing(kind, name) for name, kind in words.items()}
    known = {
        name: _Known(functools.partial(_with_blank, kind))
        for name, kind in words.items()
        if kind.repeats and has_own(kind, "repeats", "write")
    }
    if tail is not None:
        name, last = tail
        writings[name] = _writing_of_tail(last, name)
        if last.repeats and has_own(last, "repeats", "write_tail"):
            known[name] = _Known(functools.partial(last.write_tail, before={}))
    names: dict[str, Any] = {
        "NO_BINARY": b"",  # there is only one such object
        "checked": _remembering(reference, known),
        **{f"known_{name}": values.texts for name, values in known.items()},
    }
    for writing in writings.values():
        names |= {} if writing is None else writing.names
    surplus = "" if tail else " or message.surplus"
    lines = [
        f"if message.binary is not NO_BINARY{surplus}: return None",
        "try:",
        *_indented(_writing_forms(message_class.keyword, words, tail, writings, known) or ["pass"]),
        "except (KeyError, TypeError, ValueError):",
        " pass",
        "return checked(message)",
    ]
    encode: Callable[[M], bytes | None] = _function(
        message_class, "encode", "message", lines, names
    )
    return encode


def _writing(kind: WordKind, name: str) -> Writing | None:
    if has_own(kind, "writing", "write"):
        return kind.writing(name)
    return WordKind.writing(kind, name)


def _writing_of_tail(kind: TailKind, name: str) -> Writing | None:
    if has_own(kind, "writing", "write_tail"):
        return kind.writing(name)
    return TailKind.writing(kind, name)


def _with_blank(kind: WordKind, value: object) -> str:
    return " " + kind.write(value)


def _writing_forms(
    keyword: str,
    words: Mapping[str, WordKind],
    tail: Tail,
    writings: Mapping[str, Writing | None],
    known: Mapping[str, "_Known"],
) -> list[str]:
    """Lines that return the text of a message of any form."""
    missing = {name: kind.missing for name, kind in words.items() if kind.optional}
    if any(value is not None and value != "" for value in missing.values()):
        return []  # only the reference knows what a site's own kind has for a missing word
    lines: list[str] = []
    if missing and tail is None:
        tests = [f"message.{n} {f'== {v!r}' if v == '' else 'is None'}" for n, v in missing.items()]
        short = {name: writing for name, writing in writings.items() if name not in missing}
        lines.append(f"if {' and '.join(tests)}:")
        lines += _indented(_writing_form(keyword, short, known))
    lines += _writing_form(keyword, writings, known)
    if any(writings[name] is not None for name in known):
        only_known = {n: None if n in known else writing for n, writing in writings.items()}
        lines += _writing_form(keyword, only_known, known)
    return lines


def _writing_form(
    keyword: str, writings: Mapping[str, Writing | None], known: Mapping[str, "_Known"]
) -> list[str]:
    """Lines that return the text of a message with these fields, if nothing looks odd."""
    setup: list[str] = []
    fits: list[str] = []
    after: list[str] = []
    text = keyword.replace("{", "{{").replace("}", "}}")
    bare = ""
    for name, writing in writings.items():
        if writing is None and name not in known:
            return []
        if writing is None:
            text += f"{{known_{name}[message.{name}]}}"
            continue
        setup += filter(None, [writing.setup])
        fits += filter(None, [writing.fits])
        after += filter(None, [writing.after])
        bare = f" if {writing.unless} else {_encoded(text)}" if writing.unless else ""
        text += writing.text
    whole = _encoded(text) + bare
    lines = [f"return {whole}"]
    if after:
        lines = [f"text = {whole}", f"if {' and '.join(after)}: return text"]
    if fits:
        lines = [f"if {' and '.join(fits)}:", *_indented(lines)]
    return [*setup, *lines]


def _encoded(pattern: str) -> str:
    """The bytes of an f-string with a NUL at its end; ready bytes where nothing varies."""
    fixed = pattern.replace("{{", "").replace("}}", "")
    if "{" in fixed:
        return f"f{pattern + _NUL!r}.encode()"
    return repr((pattern.replace("{{", "{").replace("}}", "}") + _NUL).encode())


@attrs.frozen
class _Known:
    """Values of one field that the reference has written, and their texts, each after a blank."""

    write: Callable[[object], str]
    texts: dict[object, str] = attrs.field(factory=dict)

    def add(self, value: object) -> None:
        """Remember a value that was written, unless it is a number or an empty word.

        Numbers seldom repeat, and an empty word is never written.
        """
        if value != "" and not isinstance(value, (int, float)):
            if len(self.texts) >= _KNOWN_VALUES:
                self.texts.clear()
            self.texts[value] = self.write(value)


def _remembering(
    reference: Callable[[M], str], known: Mapping[str, _Known]
) -> Callable[[M], bytes]:
    """Call the reference; the values of an accepted message are cached."""

    def checked(message: M) -> bytes:
        text = reference(message)
        for name, values in known.items():
            values.add(getattr(message, name))
        return to_bytes(text) + b"\0"

    return checked


# -- both ------------------------------------------------------------------------------------


def _indented(lines: list[str]) -> list[str]:
    return [" " + line for line in lines]


def _function(
    message_class: type[Message], name: str, arguments: str, lines: list[str], names: dict[str, Any]
) -> Any:
    source = f"def {name}({arguments}):\n" + "\n".join(_indented(lines)) + "\n"
    file = _registered(f"dcs_codec: {name} of {message_class.__qualname__}", source)
    exec(compile(source, file, "exec"), names)  # noqa: S102 - our own source
    return names[name]


def _registered(title: str, source: str) -> str:
    """The name of a file with this source, for debuggers and tracebacks."""
    entry = len(source), None, source.splitlines(keepends=True), f"<{title}>"
    count = 1
    while linecache.cache.setdefault(entry[3], entry) != entry:  # of another class of this name
        count += 1
        entry = *entry[:3], f"<{title} {count}>"
    return entry[3]
