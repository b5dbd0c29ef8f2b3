r"""Messages as plain dicts, JSON and JSON Lines; a separate import, because it needs cattrs.

    >>> from dcs_codec import decode_text
    >>> from dcs_codec.interchange import from_json, to_json
    >>> to_json(decode_text("stoh_abort_all soft"))
    '{"keyword": "stoh_abort_all", "abort_arg": "soft"}'
    >>> from_json('{"keyword": "stoh_set_encoder", "encoder_name": "e", "position": "1"}')
    Traceback (most recent call last):
    dcs_codec.errors.InterchangeError: stoh_set_encoder: position: is a number, got str

Form: one object per message, its fields in wire order after the `keyword`, which names the class.
`unknown` and `malformed` are the tags of `UnknownMessage` and `MalformedMessage`: no keyword of a
registry is such a word, all begin with `stoc_`, `stoh_` or `htos_`. Tuples are lists. Members of a
union are told apart by shape: readings of ion chambers are a list, a failure is an object.
Surplus words of a decoded message follow its fields as `surplus`; `binary` comes last, in base64. A
field that is empty ("", None) by default is left out while it is: its word is not on the wire
either, so the keys are the words there are. It may be given.

What holds:

- `from_json(to_json(m)) == m`, and is of the same class, for every message decoded from bytes,
  whether encode takes it or not, and for every one made of values of its fields' types. Bytes that
  are not UTF-8 stay lone surrogates, `\udcff`. `to_dict` and `to_json` refuse values that would not
  be read back; decode never makes them: numbers that are not finite, integers of thousands of
  digits, two characters that are a surrogate pair (JSON reads one). A `NotFinite` that decode made
  is its word, `"nan"`.
- `to_json` gives one line of ASCII, so lines of it are JSON Lines.
- Any mapping and any text give a message or an `InterchangeError`: extra, doubled or missing keys
  are refused, and so are values of another type. true is not a number and 1.0 not an integer; an
  integer is accepted as a number, because JSON has only one kind, and stays an integer.
"""

import functools
import json
from collections.abc import Mapping
from typing import Final

import cattrs
from cattrs.errors import ForbiddenExtraKeysError

from dcs_codec.converter import ODD_TAGS, Read, Write, new_converter, surplus_words, tag_of
from dcs_codec.errors import InterchangeError
from dcs_codec.message import Message, keep_surplus
from dcs_codec.messages import default_registry
from dcs_codec.registry import Registry

_TAG: Final = "keyword"
_SURPLUS: Final = "surplus"
_SHOWN: Final = 60  # characters of a refused key


class Interchange:
    """Converts messages; any number of threads may share one."""

    def __init__(self, registry: Registry | None = None) -> None:
        """An interchange over `registry`, by default over every message of this package.

        Raises:
            InterchangeError: A class has a field whose type has no form here.
        """
        known = default_registry() if registry is None else registry
        classes = (*ODD_TAGS, *known)
        converter = new_converter()
        self._writers: dict[type[Message], Write]
        self._writers = {cls: converter.get_unstructure_hook(cls) for cls in classes}
        self._readers: dict[str, Read]
        self._readers = {tag_of(cls): converter.get_structure_hook(cls) for cls in classes}
        self._may_have_surplus = {plan.keyword for plan in known.plans() if plan.tail is None}

    def to_dict(self, message: Message) -> dict[str, object]:
        """The object of a message.

        Raises:
            InterchangeError: A field does not hold what its annotation says, or the registry does
                not have the message's class.
        """
        writer = self._writers.get(type(message))
        if writer is None:
            reason = f"{type(message).__name__} is not in the registry"
            raise InterchangeError(message.keyword, "", reason)
        return {_TAG: tag_of(type(message)), **writer(message)}

    def from_dict(self, mapping: Mapping[str, object]) -> Message:
        """The message of an object.

        Raises:
            InterchangeError: The mapping is not the object of a message.
        """
        if not isinstance(mapping, Mapping):
            raise InterchangeError("", "", f"is an object, got {type(mapping).__name__}")
        keyword = mapping.get(_TAG)
        if not isinstance(keyword, str):
            raise InterchangeError("", _TAG, "is missing, or no text")
        if keyword not in self._readers:
            raise InterchangeError("", _TAG, f"is not in the registry: {keyword[:_SHOWN]!r}")
        fields = {name: value for name, value in mapping.items() if name != _TAG}
        surplus = fields.pop(_SURPLUS, "") if keyword in self._may_have_surplus else ""
        try:
            message: Message = self._readers[keyword](fields, None)
        except (cattrs.BaseValidationError, ValueError) as error:
            mistakes = cattrs.transform_error(error, path="", format_exception=_explain)
            reason, _, path = mistakes[0].rpartition(" @ ")
            raise InterchangeError(keyword, path.removeprefix("."), reason) from None
        try:
            return keep_surplus(message, surplus_words(surplus))
        except ValueError as error:
            raise InterchangeError(keyword, _SURPLUS, str(error)) from None

    def to_json(self, message: Message) -> str:
        """The object of a message as one line of ASCII; raises as `to_dict`."""
        written = self.to_dict(message)
        try:
            return json.dumps(written, allow_nan=False)
        except (TypeError, ValueError) as error:  # thousands of digits, or a type of a site's own
            raise InterchangeError(str(written[_TAG]), "", str(error)) from None

    def from_json(self, text: str) -> Message:
        """The message of an object in JSON (a line of JSON Lines).

        Raises:
            InterchangeError: The text is not JSON, is nested too deep, or is not the object of a
                message.
        """
        try:
            value = json.loads(text, object_pairs_hook=_without_twins)
        except (ValueError, RecursionError) as error:
            raise InterchangeError("", "", f"cannot be read: {error}") from None
        return self.from_dict(value)


@functools.cache
def _default_interchange() -> Interchange:
    return Interchange()


def to_dict(message: Message) -> dict[str, object]:
    """The object of a message over the default registry; see `Interchange.to_dict`."""
    return _default_interchange().to_dict(message)


def from_dict(mapping: Mapping[str, object]) -> Message:
    """The message of an object over the default registry; see `Interchange.from_dict`."""
    return _default_interchange().from_dict(mapping)


def to_json(message: Message) -> str:
    """The line of a message over the default registry; see `Interchange.to_json`."""
    return _default_interchange().to_json(message)


def from_json(text: str) -> Message:
    """The message of a line over the default registry; see `Interchange.from_json`."""
    return _default_interchange().from_json(text)


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a key twice")
    return found


def _explain(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return "is missing"
    if isinstance(error, ForbiddenExtraKeysError):
        return f"has a key too many: {min(map(repr, error.extra_fields))[:_SHOWN]}"
    return str(error)
