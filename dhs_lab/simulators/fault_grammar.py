"""The grammar of faults: `KIND [VALUE] [FIELD=VALUE...]`, on the wire of DCS and in HTTP."""

import enum
from collections.abc import Callable, Mapping
from typing import TypeVar

from dhs_runtime.lowlevel import ConfigError

FaultT = TypeVar("FaultT")


def parse_fault(
    text: str,
    make: Callable[..., FaultT],
    kinds: type[enum.StrEnum],
    fields: Mapping[str, Callable[[str], object]],
) -> FaultT:
    """Parse the text of a fault.

    Args:
        text: Such as `late 0.5 every=3`.
        make: Makes the fault of its kind, `value` and fields; raises ValueError if they do not fit.
        kinds: The kinds there are.
        fields: By field, the function that reads its value.

    Raises:
        ConfigError: The text is wrong; the error names the wrong word.
    """
    kind, *words = text.split() or [""]
    if kind not in list(kinds):
        raise ConfigError(f"no fault {kind!r}; there are {', '.join(kinds)}")
    given: dict[str, object] = {}
    for word in words:
        name, separator, value = word.partition("=")
        try:
            if separator:
                given[name] = fields[name](value)
            else:
                given["value"] = float(word)
        except (ValueError, KeyError):
            *most, last = (f"{field}=" for field in fields)
            known = f"a number, {', '.join(most)} or {last}"
            raise ConfigError(f"fault {text!r}: {word!r} is not {known}") from None
    try:
        return make(kinds(kind), **given)
    except ValueError as error:
        raise ConfigError(f"fault {text!r}: {error}") from None
