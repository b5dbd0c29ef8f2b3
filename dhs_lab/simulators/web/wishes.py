"""`Commands`: what the page asks for, as calls of the simulated DCSS."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from dhs_lab.simulators.dcss import SimulatedDcss
from dhs_lab.simulators.web.views import JsonObject

_HOWS: Final = ("soft", "hard")


class BadWishError(ValueError):
    """A command misses a value, or has one of another type."""


class Wish:
    """The values of one command, each looked at before it is used; all raise BadWishError."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def text(self, key: str, default: str | None = None) -> str:
        """A text; needed where there is no default."""
        value = self._values.get(key, default)
        if not isinstance(value, str):
            raise BadWishError(f"{key}: a text is needed")
        return value

    def name(self) -> str:
        """The name of a device or host."""
        return self.text("name")

    def number(self, key: str) -> float:
        """A finite number."""
        value = self._values.get(key)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise BadWishError(f"{key}: a number is needed")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise BadWishError(f"{key}: a finite number is needed")
        return number

    def number_or_word(self, key: str) -> float | str:
        """A finite number, or one word."""
        value = self._values.get(key)
        if not isinstance(value, str):
            return self.number(key)
        if len(value.split()) != 1:
            raise BadWishError(f"{key}: a number or one word is needed")
        return value.strip()

    def how(self) -> str:
        """How to abort."""
        value = self.text("how", "soft")
        if value not in _HOWS:
            raise BadWishError(f"how: one of {', '.join(_HOWS)} is needed")
        return value

    def flag(self, key: str) -> bool:
        """Whether; false where it is not said."""
        value = self._values.get(key, False)
        if not isinstance(value, bool):
            raise BadWishError(f"{key}: true or false is needed")
        return value


class Commands:
    """Sends what a person wants; nothing waits for an answer, the page sees it come."""

    def __init__(self, dcss: SimulatedDcss) -> None:
        self._dcss = dcss
        self._verbs: dict[str, Callable[[Wish], JsonObject | None]] = {
            "move": self._move,
            "abort_move": self._abort_move,
            "set_position": self._set_position,
            "set_shutter": self._set_shutter,
            "set_string": self._set_string,
            "read_ion_chamber": self._read_ion_chamber,
            "get_encoder": self._get_encoder,
            "set_encoder": self._set_encoder,
            "start_operation": self._start_operation,
            "stop_operation": self._stop_operation,
            "abort_all": self._abort_all,
            "disconnect": self._disconnect,
        }

    def __contains__(self, verb: str) -> bool:
        return verb in self._verbs

    def obey(self, verb: str, values: object) -> JsonObject:
        """Do what is wanted; what there is to tell of it.

        Raises:
            BadWishError: A value is missing or of another type, or there is no object of them.
            DhsError: There is no such device, or its DHS is not connected.
            EncodeError: A value does not fit the wire.
        """
        if not isinstance(values, dict):
            raise BadWishError("a JSON object is needed")
        return self._verbs[verb](Wish(values)) or {}

    def _move(self, wish: Wish) -> None:
        self._dcss.move(wish.name(), wish.number_or_word("destination"))

    def _abort_move(self, wish: Wish) -> None:
        self._dcss.abort_move(wish.name(), wish.how())

    def _set_position(self, wish: Wish) -> None:
        self._dcss.set_position(wish.name(), wish.number("position"))

    def _set_shutter(self, wish: Wish) -> None:
        self._dcss.set_shutter(wish.name(), wish.text("state"))

    def _set_string(self, wish: Wish) -> None:
        self._dcss.set_string(wish.name(), wish.text("contents"))

    def _read_ion_chamber(self, wish: Wish) -> None:
        self._dcss.read_ion_chambers(wish.number("time_s"), [wish.name()])

    def _get_encoder(self, wish: Wish) -> None:
        self._dcss.get_encoder(wish.name())

    def _set_encoder(self, wish: Wish) -> None:
        self._dcss.set_encoder(wish.name(), wish.number("position"))

    def _start_operation(self, wish: Wish) -> JsonObject:
        run = self._dcss.start_operation(wish.name(), text=wish.text("args", ""))
        return {"handle": run.handle}

    def _stop_operation(self, wish: Wish) -> None:
        self._dcss.stop_operation(wish.name())

    def _abort_all(self, wish: Wish) -> None:
        self._dcss.abort_all(wish.how())

    def _disconnect(self, wish: Wish) -> None:
        self._dcss.disconnect(wish.name(), by_reset=wish.flag("by_reset"))
