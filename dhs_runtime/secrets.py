"""Secrets in texts: what counts as one, and `***` in its place.

Two doors use it: the logs of a process (`dhs_runtime.process.logs`), and the reasons of failures,
which DCSS shows to every GUI. What is masked:

1. `PRIVATE` and what follows it in the same word: so DCSS marks session ids in broadcasts. The
   word ends as its notation says: at its brace, its quote, or the next blank.
2. The 15th argument of `DETECTOR_OPERATIONS`, which is the session id, and after it every word that
   is not a short number, because a text about the operation may have other words in between.
3. Words of 32 hexadecimal digits and more, as session ids and tokens are made, and JSON Web
   Tokens. The decimals of a number are not.
4. The value after a name such as `password`, `token` or `sessionId` and a `=`, a `:`, a `>`, or the
   comma of a tuple: in texts, queries of URLs, JSON, XML and Python's notation, also one within the
   other.
5. What follows `Authorization`, `Cookie` and the like, to the end of the line; a bearer's token.
6. The password in `http://user:password@host`, also without `http://`.
7. The second word of `gtos_client_is_gui`, the session id of a GUI that logs in.
8. Passwords of the configuration, plain or as URLs, JSON, HTML, Tcl and Python write them, and what
   matches its `log.mask`.

Secrets of any other form are not recognised; add patterns for them to `log.mask`.

The time is linear in the length of the text for any text, except with patterns of `log.mask`.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from dhs_runtime.errors import ConfigError
from dhs_runtime.userinfo import MASK, URL_START, mask_userinfo

DETECTOR_OPERATIONS: Final = (
    "detector_collect_image",
    "detectorCollectShutterless",
    "detector_collect_shutterless",
)
SESSION_ARGUMENT: Final = 14
"""Its index; before it: runIndex, file, dir, user, axis, time, start, range, distance, wavelength,
x, y, mode and reuseDark."""

MIN_LITERAL: Final = 4
"""Shorter passwords of a configuration are not looked for: half the log would be masked."""

MAX_WORD: Final = 200
"""Most characters dropped from the end of a cut text because the word may be half a secret."""
MAX_REASON: Final = 4_000
"""Most characters of a reason that are looked at."""

_CLOSERS: Final = "'\",;()[]{}\\"
_NAMES: Final = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret(?:[-_ ]?(?:access[-_ ]?)?key)?|token|ticket"
    r"|api[-_ ]?key|credentials?|session[-_ ]?(?:id|key)|session(?==)"
    r"|(?<![a-z])(?:pass|sid)(?==(?!\d{1,6}\b)))"  # a short number is a count
)
_QUOTE: Final = r"\\{0,8}['\"]"
_GAP: Final = r"\s{0,20}"
_SIMPLE: Final = (
    (re.compile(r"(?<![0-9A-Za-z])(?!(?<=\d\.)\d++\b)[0-9A-Fa-f]{32,}+(?![0-9A-Za-z])"), MASK),
    (re.compile(r"\beyJ[\w-]{8,}+\.[\w-]++\.[\w-]*+"), MASK),
    (re.compile(r"(gtos_client_is_gui\s{1,9}\S+\s{1,9})\S+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(bearer\s{1,9})[\w.~+/=-]{8,}+"), rf"\1{MASK}"),
    (re.compile(rf"(?i)(?<![\w-])(--?[\w-]{{0,40}}?{_NAMES}\s{{1,9}})[^\s-]\S*"), rf"\1{MASK}"),
)
_HEADER: Final = re.compile(
    rf"(?i)(\b(?:proxy-)?authorization|\b(?:set-)?cookie2?)"
    rf"((?:{_QUOTE})?{_GAP}[:=]|{_QUOTE}{_GAP},)"
)
_NAMED: Final = re.compile(
    rf"(?i){_NAMES}(?:(?:{_QUOTE})?{_GAP}(?:[=:>]|%(?:25){{0,3}}3[ad])>?{_GAP}"  # =, :, =>, %3D
    rf"|{_QUOTE}{_GAP},{_GAP}(?=[bru]{{0,2}}{_QUOTE}))"  # ("password", "...")
)
_SECRET_NAME: Final = re.compile(rf"(?i){_NAMES}\Z")
_OPENING: Final = re.compile(r"[bruBRU]{0,2}(\\{0,8})(['\"])")
_ANY_QUOTE: Final = re.compile(r"(\\*+)(['\"])")
_ANY_BRACE: Final = re.compile(r"\\.|[{}]", re.DOTALL)
_BRACKETS: Final = {"(": ")", "[": "]", "{": "}"}
_BARE: Final = re.compile(r"(?:(?![,;](?:\s|\w{1,40}\s{0,9}[=:]|$))[^\s&])+")
_PRIVATE: Final = re.compile(r"(\{|[bruBRU]{0,2}\\{0,8}['\"])?PRIVATE(?=\S)")
_PRIVATE_WORD: Final = re.compile(r"(?:\\\s|\S)+")
_LONG_SECRET: Final = re.compile(rf"eyJ|{URL_START.pattern}", re.IGNORECASE)
"""What a secret of any length may begin with that is recognised only at its end."""
_DETECTOR: Final = re.compile(rf"\b(?:{'|'.join(DETECTOR_OPERATIONS)})\b")
_NOTATION: Final = re.compile(
    r"', operation_(?:handle|args)='|\\+(?:[abfnrtv]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})"
)
_LINE_END: Final = re.compile(r"\n")
_TRACE_FRAME: Final = re.compile(r"\n(?=  File \"|Traceback \(|\n)")
_WORD: Final = re.compile(r"[^\s,]+")
_SHORT_NUMBER: Final = re.compile(r"-?\d{1,6}(?:\.\d*)?\Z")


class Masker:
    """Masks the secrets in a text."""

    def __init__(self, *, literals: Iterable[str] = (), patterns: Iterable[str] = ()) -> None:
        """A masker.

        Args:
            literals: Secrets to the letter; they are found in other notations, too.
            patterns: Regular expressions of secrets.

        Raises:
            ConfigError: A pattern is not a regular expression.
        """
        known = sorted({text for text in literals if len(text) >= MIN_LITERAL}, key=len)
        known.reverse()  # or one that begins like another would hide half of it
        self._literals = tuple(known)
        self._patterns = tuple(patterns)
        self._own = [re.compile(_any_notation(secret)) for secret in known]
        for pattern in self._patterns:
            try:
                self._own.append(re.compile(pattern))
            except re.error as error:
                raise ConfigError(f"{pattern!r} is not a regular expression: {error}") from None

    def mask(self, text: str) -> str:
        """The text with `***` for every secret."""
        for pattern in self._own:
            text = pattern.sub(MASK, text)
        if "PRIVATE" in text:
            text = _mask_private(text)
        text = "\n".join(map(_mask_line, text.split("\n")))
        for pattern, instead in _SIMPLE:
            text = pattern.sub(instead, text)
        return _mask_detector(text)

    def with_literals(self, literals: Iterable[str]) -> "Masker":
        """A masker that knows these secrets as well."""
        return Masker(literals=(*self._literals, *literals), patterns=self._patterns)

    def beginning(self, text: str, most: int) -> str:
        """The text, or its first characters, cut before a secret that would be cut in two.

        The masks would not recognise the first half of a secret.
        """
        if len(text) <= most:
            return text
        kept = text[: most - self._unfinished(text[:most])]
        end = kept[-MAX_WORD:]
        word = re.search(r"\s\S*\Z", end) or re.search(r"\w*\Z", end)
        return kept[: len(kept) - len(end) + word.start()] if word and word.start() else kept

    def _unfinished(self, text: str) -> int:
        """How many characters at the end of a cut text may be the beginning of a long secret."""
        last = text[-1:].strip() and text.rsplit(None, 1)[-1]
        long = _LONG_SECRET.search(last)
        begun = max((_begun(literal, text) for literal in self._literals), default=0)
        return begun or (0 if long is None else len(last) - long.start())


def _begun(literal: str, text: str) -> int:
    """How many characters at the end of a text are the beginning of a literal."""
    at = text.find(literal[0], max(0, len(text) - len(literal)))
    while at >= 0 and not literal.startswith(text[at:]):
        at = text.find(literal[0], at + 1)
    return len(text) - at if at >= 0 else 0


def names_a_secret(key: str) -> bool:
    """Whether the value of a key with this name is a secret: `password`, `camera_token`, ..."""
    return _SECRET_NAME.search(key) is not None


def named_secrets(values: object) -> Iterator[str]:
    """The texts in nested mappings and lists whose key names a secret."""
    inner = values.items() if isinstance(values, Mapping) else ()
    for key, value in inner:
        if isinstance(value, str) and names_a_secret(str(key)):
            yield value
        yield from named_secrets(value)
    for value in values if isinstance(values, list) else ():
        yield from named_secrets(value)


def use_masker(masker: Masker) -> None:
    """Let `mask_reason` also mask the secrets that this process knows."""
    global _current  # noqa: PLW0603 - of the process, as its logs are
    _current = masker


def mask_reason(reason: str, command: str = "", most: int = MAX_REASON) -> str:
    """A reason without secrets, fit to be shown to everybody at the beamline.

    Args:
        reason: Why something failed, such as the text of an exception.
        command: The failed command as on the wire, from the name of the device or operation on:
            a session id in it is masked in the reason wherever it turns up, also without its
            `PRIVATE`.
        most: Most characters that are looked at; the rest is left out.
    """
    found = tuple(_secrets_of(command))
    masker = _current.with_literals(found) if found else _current
    return masker.mask(masker.beginning(reason, most))


def _secrets_of(command: str) -> Iterator[str]:
    """The session ids in a command."""
    for found in re.finditer(r"PRIVATE(\S+)", command):
        yield from (found[0], found[1], found[1].rstrip(_CLOSERS))
    for start, end in _session_words(command, 0, len(command)):
        yield command[start:end]


def _any_notation(secret: str) -> str:
    """A pattern for a text as URLs, JSON, HTML, Tcl and Python may write it."""
    # A run of backslashes is one item: each notation doubles it, and nothing is tried twice.
    parts = re.findall(r"\\+|[^\\]", secret)
    return "".join(
        # After a backslash, those of an escape are part of its run.
        _any_sign(part, r"\\{0,32}+" if before[-1:] == "\\" else r"\\{1,32}+")
        for before, part in itertools.pairwise(["", *parts])
    )


_ENTITIES: Final = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&apos;",
    " ": r"\+",
}
_LETTERS: Final = dict(zip("\b\f\n\r\t", "bfnrt", strict=True))
_LATIN_1: Final = range(0x80, 0x100)
_SHORT: Final = 0x10000


def _any_sign(sign: str, slashes: str) -> str:
    if sign[0] == "\\":
        return r"(?:\\{1,32}+|(?:%(?:25){0,4}5[Cc])+)"
    code = ord(sign)
    escaped = [f"(?i:{byte:02x})" for byte in sign.encode("utf-8", "replace")]
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    forms = [
        re.escape(sign),
        "".join(f"%(?:25){{0,4}}{byte}" for byte in escaped),
        "".join(f"{slashes}x{byte}" for byte in escaped),
        "".join(f"{slashes}u(?i:{units[at : at + 4]})" for at in range(0, len(units), 4)),
        rf"&#0{{0,4}}{code};",
        rf"&#[xX]0{{0,4}}(?i:{code:x});",
    ]
    if code in _LATIN_1:
        forms += [rf"%(?:25){{0,4}}(?i:{code:02x})", rf"{slashes}x(?i:{code:02x})"]
    if code >= _SHORT:
        forms.append(rf"{slashes}U(?i:{code:08x})")
    if not sign.isalnum():
        forms.append(f"{slashes}{re.escape(sign)}")
    if sign in _ENTITIES:
        forms.append(_ENTITIES[sign])
    if sign in _LETTERS:
        forms.append(slashes + _LETTERS[sign])
    return f"(?:{'|'.join(sorted(forms, key=len, reverse=True))})"


def _mask_private(text: str) -> str:
    """Rule 1."""
    pieces, done = [], 0
    while (found := _PRIVATE.search(text, done)) is not None:
        begin = found.end()
        opening = found[1] or ""
        if opening == "{":
            end = _brace_end(text, begin)
        elif opening:
            end = _quote_end(text, begin, opening)
        else:
            word = _PRIVATE_WORD.match(text, begin)
            end = word.end() if word else begin
            end = begin + len(text[begin:end].rstrip(_CLOSERS))
        pieces += [text[done:begin], MASK]
        done = max(end, begin)
    return "".join((*pieces, text[done:]))


def _brace_end(text: str, begin: int) -> int:
    """Where the brace opened before `begin` closes; the end of the text if it does not."""
    depth = 1
    for found in _ANY_BRACE.finditer(text, begin):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if not depth:
            return found.start()
    return len(text)


def _quote_end(text: str, begin: int, opening: str) -> int:
    """Where the quote opened before `begin` closes; the end of the line if it does not.

    If a quoted text is inside another, each level of notation adds backslashes to its quotes, and
    the quotes of its contents have more.
    """
    quote, slashes = opening[-1], opening.count("\\")
    line_end = text.find("\n", begin)
    end = len(text) if line_end < 0 else line_end
    for found in _ANY_QUOTE.finditer(text, begin, end):
        if found[2] == quote and len(found[1]) % (2 * (slashes + 1)) == slashes:
            return found.end() - 1 - slashes
    return end


def _mask_line(line: str) -> str:
    """Rules 4 to 6, whose secrets end with the line."""
    header = _HEADER.search(line)
    rest = ""
    if header is not None:  # nothing after it is left to be masked
        line, rest = line[: header.start()], f"{header[0]} {MASK}"
    line = mask_userinfo(line)
    pieces, done = [], 0
    while (found := _NAMED.search(line, done)) is not None:
        end = _value_end(line, found.end())
        pieces += [line[done : found.end()], MASK if end > found.end() else ""]
        done = end
    return "".join((*pieces, line[done:], rest))


def _value_end(line: str, begin: int) -> int:
    opening = _OPENING.match(line, begin)
    if opening is not None:
        end = _quote_end(line, opening.end(), opening[0])
        return min(len(line), end + len(opening[1]) + 1)
    closing = _BRACKETS.get(line[begin : begin + 1])
    if closing is not None:
        end = line.find(closing, begin)
        return len(line) if end < 0 else end + 1
    bare = _BARE.match(line, begin)
    if bare is None:
        return begin
    return begin + (len(bare[0].rstrip(_CLOSERS)) or len(bare[0]))


def _mask_detector(text: str) -> str:
    """Rule 2; line ends count as blanks, except those between the parts of a traceback."""
    pieces, done = [], 0
    while (found := _DETECTOR.search(text, done)) is not None:
        line = text.rfind("\n", 0, found.start()) + 1
        is_source = text.startswith(("    ", '  File "'), line)  # in a traceback
        stop = (_LINE_END if is_source else _TRACE_FRAME).search(text, found.end())
        end = stop.start() if stop else len(text)
        for start, after in _session_words(text, found.start(), end):
            pieces += [text[done:start], MASK]
            done = after
        pieces.append(text[done:end])
        done = end
    return "".join((*pieces, text[done:]))


def _session_words(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The places of a detector operation's session ids in a text, also of possible ones.

    Words are counted by blanks and commas, though they are a Tcl list's or a Python tuple's: what
    holds blanks counts as several, so that the session id is never taken for an earlier word than
    it is.
    """
    found = _DETECTOR.search(text, begin, end)
    if found is None:
        return
    # A message in Python's notation reads as on the wire without its field names.
    plain = _NOTATION.sub(lambda part: " " * len(part[0]), text[found.end() : end])
    first = 1 + SESSION_ARGUMENT  # the first word is the handle
    for at, word in enumerate(_WORD.finditer(plain)):
        secret = word[0].strip(_CLOSERS)
        if at >= first and secret and (at == first or not _SHORT_NUMBER.match(secret)):
            start = found.end() + word.start() + word[0].index(secret)
            yield start, start + len(secret)


_current = Masker()
