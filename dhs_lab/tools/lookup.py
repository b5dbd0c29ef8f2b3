"""Finds messages in the catalogue."""

import difflib
import fnmatch
from collections.abc import Iterable

import attrs

from dcs_codec.catalogue import MessageDescription, catalogue


def find(pattern: str) -> tuple[MessageDescription, ...]:
    """Messages whose keyword, class, kind or field contains the pattern; * and ? are wildcards.

    A complete keyword or class name finds only that message. Case does not matter.
    """
    wanted = pattern.casefold()
    known = catalogue()
    exact = [each for each in known if wanted in _folded((each.keyword, each.class_name))]
    if exact:
        return tuple(exact)
    if not any(sign in wanted for sign in "*?["):
        wanted = f"*{wanted}*"
    return tuple(each for each in known if _matches(each, wanted))


def closest(pattern: str) -> str | None:
    """The keyword closest to a mistyped one, if any is close."""
    keywords = [each.keyword for each in catalogue()]
    near = difflib.get_close_matches(pattern.casefold(), keywords, n=1, cutoff=0.8)
    return near[0] if near else None


def _matches(description: MessageDescription, pattern: str) -> bool:
    names = (description.keyword, description.class_name, description.kind)
    fields = (field.name for field in description.fields)
    return any(fnmatch.fnmatchcase(name, pattern) for name in _folded((*names, *fields)))


def _folded(names: Iterable[str]) -> list[str]:
    return [name.casefold() for name in names]


def as_object(description: MessageDescription) -> dict[str, object]:
    """A description as a JSON object."""
    return {**attrs.asdict(description), "direction": description.direction.value}
