"""Numbers as C's `%lf` and `%d` scanners and Tcl read them: no exponent, no nan, no inf."""

import math
from decimal import Decimal

from dcs_codec.errors import EncodeError


def format_number(value: float) -> str:
    """A number as text that reads back as the same number: `9000000.0`, never `9e+06`.

    Raises:
        EncodeError: The number is nan or infinite (a dcss would loop for ever on it), or an
            integer that C would read as infinite.
    """
    if isinstance(value, bool):
        return "1" if value else "0"
    try:
        finite = math.isfinite(value)
    except OverflowError:
        size = int(value).bit_length()
        raise EncodeError("", "", f"integer of {size} bits is no number for the wire") from None
    if not finite:
        raise EncodeError("", "", f"{value} is no number for the wire")
    if isinstance(value, int):
        return str(value)
    text = repr(float(value))
    return format(Decimal(text), "f") if "e" in text else text
