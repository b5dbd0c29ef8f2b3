"""Masks the password in `http://user:password@host`, also without `http://`."""

import re
from typing import Final

MASK: Final = "***"

URL_START: Final = re.compile(r"(://|:\\/\\/|%(?:25)*3A%(?:25)*2F%(?:25)*2F)", re.IGNORECASE)
_IN_USERINFO: Final = r"[^\s'\"<>(),;\[\]{}\\]"
_BARE_USERINFO: Final = re.compile(  # it begins where no such run does, so each is read once
    rf"(?<!{_IN_USERINFO})(/{{0,3}}(?=[^\W\d])(?:(?![:@/]){_IN_USERINFO})+:)(?!/|\*\*\*@)"
    rf"{_IN_USERINFO}+@(?=[\w\[])(?!0x|sha256:)"
)
_NO_USER: Final = re.compile(
    r"(?i)(?:\b|_)(?:e-?mail|mailto|sips?|xmpp|from|to|cc|bcc|by|contact):\Z"
)
_USERINFO: Final = re.compile(r"([^:]*:)(.*)(@.*)")
_QUOTED_USERINFO: Final = re.compile(
    r"((?:(?!%(?:25)*(?:3A|2F)).)*%(?:25)*3A)(.*)(%(?:25)*40.*)", re.IGNORECASE
)
_AUTHORITY_END: Final = re.compile(r"[/?#\"'<>\\]")
_HOST_AND_PORT: Final = re.compile(r"[^:@]*(?::\d*[^\w@]?)?\Z|\[")


def mask_userinfo(line: str) -> str:
    """A line with `***` for each password before a host; the user stays."""
    if URL_START.search(line):
        line = "".join(map(_mask_urls, re.split(r"(\s+)", line)))
    return _BARE_USERINFO.sub(_mask_bare, line) if "@" in line else line


def _mask_urls(word: str) -> str:
    """For a word; each URL in it reaches to the next one."""
    first, *rest = URL_START.split(word)
    return first + "".join(
        start + _mask_url(url, is_quoted=start[0] == "%")
        for start, url in zip(rest[::2], rest[1::2], strict=True)
    )


def _mask_url(url: str, *, is_quoted: bool) -> str:
    if is_quoted:
        return _instead(_QUOTED_USERINFO, url)
    end = _AUTHORITY_END.search(url)
    authority = url[: end.start()] if end else url
    # A password may hold a slash, against the rules; a host with a port is told by its number.
    if "@" not in authority and _HOST_AND_PORT.match(authority):
        return url
    part, after = (authority, url[len(authority) :]) if "@" in authority else (url, "")
    return _instead(_USERINFO, part) + after


def _mask_bare(found: re.Match[str]) -> str:
    """`user:***@`; `mailto:name@` and the like stay."""
    return found[0] if _NO_USER.search(found[1]) else f"{found[1]}{MASK}@"


def _instead(userinfo: re.Pattern[str], url: str) -> str:
    found = userinfo.match(url)
    return f"{found[1]}{MASK}{found[3]}" if found else url
