"""Secrets in logs: what counts as one, and the filter that puts `***` in its place.

What is masked, in every line of every log of the process, tracebacks included:

1. `PRIVATE` and what follows it in the same word: so DCSS marks session ids in broadcasts.
2. The 15th argument of `DETECTOR_OPERATIONS`, which is the session id, and behind it every word
   that is no short number, as a text about the operation may have words of its own in between.
3. Words of 32 hexadecimal digits and more, as session ids and tokens are made.
4. The value behind a name such as `password`, `token` or `sessionId` and a `=` or `:`, in texts,
   queries of URLs, JSON and Python's notation alike.
5. What follows `Authorization:`, `Cookie:` and the like, to the end of the line.
6. The password in `http://user:password@host`.
7. The second word of `gtos_client_is_gui`, the session id of whoever logs in.
8. Passwords that stand in the configuration, and what matches its `log.mask`.

A secret that has none of these forms is not known for one: that is what `log.mask` is for.
"""

import logging
import re
from collections.abc import Iterable
from typing import Final

from dcs_codec import Message, UnknownMessage, encode_text

MASK: Final = "***"

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

_NAMES: Final = (
    r"pass(?:word|wd|phrase)|pwd|secret|token|ticket|api_?key|credentials?"
    r"|session_?(?:id|key)|session(?==)"
)
_SIMPLE: Final = (
    (re.compile(r"(?<!\w)PRIVATE\w+"), f"PRIVATE{MASK}"),
    (re.compile(r"(?<!\w)[0-9A-Fa-f]{32,}(?!\w)"), MASK),
    (
        re.compile(r"(?im)^(.*?\b(?:proxy-)?authorization|.*?\b(?:set-)?cookie)(['\"]?\s*:).*$"),
        rf"\1\2 {MASK}",
    ),
    (re.compile(r"(\w+://[^\s/:@]+):[^\s/@]+@"), rf"\1:{MASK}@"),
    (re.compile(r"(gtos_client_is_gui\s+\S+\s+)\S+"), rf"\1{MASK}"),
    (
        re.compile(
            rf"(?i)((?<!\w)\w*(?:{_NAMES})['\"]?\s*[=:]\s*)"
            r"(\"[^\"]*\"|'[^']*'|[^\s&;,'\"(){}\[\]]+)"
        ),
        rf"\1{MASK}",
    ),
)
_DETECTOR: Final = re.compile(rf"\b(?:{'|'.join(DETECTOR_OPERATIONS)})\b")
_NOTATION: Final = re.compile(r"', operation_(?:handle|args)='")
_WORD: Final = re.compile(r"\S+")
_QUOTES: Final = "'\",()[]{}"
_SHORT_NUMBER: Final = re.compile(r"-?\d{1,6}(?:\.\d*)?\Z")


class Masker:
    """Masks the secrets in a text."""

    def __init__(self, *, literals: Iterable[str] = (), patterns: Iterable[str] = ()) -> None:
        """A masker.

        Args:
            literals: Secrets to the letter.
            patterns: Regular expressions of secrets.
        """
        known = [re.escape(text) for text in literals if len(text) >= MIN_LITERAL]
        known.sort(key=len, reverse=True)  # or one that begins like another would hide half of it
        self._own = [re.compile(pattern) for pattern in (*known, *patterns)]

    def mask(self, text: str) -> str:
        """The text with `***` for every secret."""
        for pattern in self._own:
            text = pattern.sub(MASK, text)
        for pattern, instead in _SIMPLE:
            text = pattern.sub(instead, text)
        return "\n".join(map(_mask_detector, text.split("\n")))


class SecretFilter(logging.Filter):
    """Masks every record that passes; shows messages of the wire in the wire's own words."""

    def __init__(self, masker: Masker) -> None:
        super().__init__()
        self._masker = masker

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets everything pass, masked; a record that comes a second time is masked already."""
        if not getattr(record, "masked", False):
            if isinstance(record.args, tuple):
                record.args = tuple(map(_wire_words, record.args))
            record.msg = self._masker.mask(_text(record))
            record.args = ()
            if record.exc_info and record.exc_info[0]:  # the formatter takes the text made here
                record.exc_text = logging.Formatter().formatException(record.exc_info)
            if record.exc_text:
                record.exc_text = self._masker.mask(record.exc_text)
            if record.stack_info:
                record.stack_info = self._masker.mask(record.stack_info)
            record.masked = True
        return True


def _text(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - a line that cannot be made must not cost the log
        return f"{record.msg} (arguments do not fit: {error!r})"


def _wire_words(value: object) -> object:
    """A message as it stands on the wire, so that its words can be found in the log."""
    if not isinstance(value, Message):
        return value
    try:
        text = value.text if isinstance(value, UnknownMessage) else encode_text(value)
    except Exception:  # noqa: BLE001 - malformed, or of an author's own codec: not a log's concern
        return value
    return f"{text} <{len(value.binary)} bytes>" if value.binary else text


def _mask_detector(line: str) -> str:
    """Rule 2, for one line.

    Words are counted by blanks, though they are a Tcl list's or a Python tuple's: what holds blanks
    counts as several, so that the session id is never taken for an earlier word than it is.
    """
    match = _DETECTOR.search(line)
    if match is None:
        return line
    # A message in Python's notation reads as on the wire where its names are left out.
    text = _NOTATION.sub(lambda found: " " * len(found[0]), line)
    first = 1 + SESSION_ARGUMENT  # the first word is the handle
    words = list(enumerate(_WORD.finditer(text, match.end())))[first:]
    for at, word in reversed(words):
        secret = word[0].strip(_QUOTES)
        if secret and (at == first or not _SHORT_NUMBER.match(secret)):
            start = word.start() + word[0].index(secret)
            line = line[:start] + MASK + line[start + len(secret) :]
    return line
