"""`Commands`: the commands of the page, each as a command of a GUI."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from dcs_codec import NO_DEVICE, Message, decode_text, format_number, gui
from dhs_lab.simulators.dcss import RealMotorEntry, SimulatedDcss
from dhs_lab.simulators.dcss.gui_texts import configuring
from dhs_lab.simulators.web.views import JsonObject, message_view

_HOWS: Final = ("soft", "hard")
_DO: Final = "_do_"  # begins the methods that are commands
_WAYS: Final = ("to DHS", "to DCSS")
_CONFIGURABLE: Final = {
    name: type(getattr(RealMotorEntry("any"), name)) for name, _ in RealMotorEntry.scanned
}
"""The settings of a motor that a GUI may configure, with their types."""


class BadWishError(ValueError):
    """A value of a command is missing, or has the wrong type."""


class Wish:
    """The values of one command, each checked when it is read; all methods raise BadWishError."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def text(self, key: str, default: str | None = None) -> str:
        """A text; required if there is no default."""
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

    def whole(self, key: str) -> int:
        """A whole number."""
        number = self.number(key)
        if not number.is_integer():
            raise BadWishError(f"{key}: a whole number is needed")
        return int(number)

    def how(self) -> str:
        """How to abort."""
        return self.word("how", _HOWS, "soft")

    def word(self, key: str, known: tuple[str, ...], default: str | None = None) -> str:
        """One of a few texts."""
        value = self.text(key, default)
        if value not in known:
            raise BadWishError(f"{key}: one of {', '.join(known)} is needed")
        return value

    def has(self, key: str) -> bool:
        """Whether the value is given."""
        return self._values.get(key) is not None

    def flag(self, key: str) -> bool:
        """A boolean; false if it is not given."""
        value = self._values.get(key, False)
        if not isinstance(value, bool):
            raise BadWishError(f"{key}: true or false is needed")
        return value


class Commands:
    """Sends commands without waiting: the page shows the answers when they come."""

    def __init__(self, dcss: SimulatedDcss) -> None:
        self._dcss = dcss
        self._verbs: dict[str, Callable[[Wish], JsonObject | None]] = {
            name.removeprefix(_DO): getattr(self, name)
            for name in dir(self)
            if name.startswith(_DO)
        }

    def __contains__(self, verb: str) -> bool:
        return verb in self._verbs

    def obey(self, verb: str, values: object) -> JsonObject:
        """Run a command; returns its result, {} if it has none.

        Raises:
            BadWishError: A value is missing or has the wrong type, or `values` is not an object.
            ConfigError: A text is not a fault.
            DhsError: A GUI may not do this, or its DHS is not connected.
            EncodeError: A value does not fit the wire.
        """
        if not isinstance(values, dict):
            raise BadWishError("a JSON object is needed")
        return self._verbs[verb](Wish(values)) or {}

    def _ask(self, message: Message) -> None:
        self._dcss.from_gui(message)

    def _do_move(self, wish: Wish) -> None:
        self._ask(
            gui.GtosStartMotorMove(
                motor_name=wish.name(), destination=wish.number_or_word("destination")
            )
        )

    def _do_objection(self, wish: Wish) -> JsonObject:
        destination = wish.number_or_word("destination")
        word = destination if isinstance(destination, str) else format_number(destination)
        return {"reason": self._dcss.objection(wish.name(), word)}

    def _do_abort_move(self, wish: Wish) -> None:
        self._ask(gui.GtosAbortMotorMove(motor_name=wish.name(), abort_arg=wish.how()))

    def _do_set_position(self, wish: Wish) -> None:
        position = wish.number("position")
        self._ask(gui.GtosSetMotorPosition(motor_name=wish.name(), position=position))

    def _do_set_shutter(self, wish: Wish) -> None:
        state = wish.text("state")
        self._ask(gui.GtosSetShutterState(shutter_name=wish.name(), shutter_state=state))

    def _do_set_string(self, wish: Wish) -> None:
        contents = wish.text("contents")
        self._ask(gui.GtosSetString(string_name=wish.name(), string_contents=contents))

    def _do_read_ion_chamber(self, wish: Wish) -> None:
        self._ask(
            gui.GtosReadIonChambers(
                ion_chamber_time=wish.number("time_s"),
                is_repeated=False,
                ion_chamber_names=(wish.name(),),
            )
        )

    def _do_get_encoder(self, wish: Wish) -> None:
        self._ask(gui.GtosGetEncoder(encoder_name=wish.name()))

    def _do_set_encoder(self, wish: Wish) -> None:
        position = wish.number("position")
        self._ask(gui.GtosSetEncoder(encoder_name=wish.name(), position=position))

    def _do_start_operation(self, wish: Wish) -> JsonObject:
        handle = self._dcss.next_handle()
        self._ask(
            gui.GtosStartOperation(
                operation_name=wish.name(),
                operation_handle=handle,
                operation_args=wish.text("args", ""),
            )
        )
        return {"handle": handle}

    def _do_stop_operation(self, wish: Wish) -> None:
        self._ask(gui.GtosStopOperation(operation_name=wish.name()))

    def _do_abort_all(self, wish: Wish) -> None:
        self._ask(gui.GtosAbortAll(abort_arg=wish.how()))

    def _do_disconnect(self, wish: Wish) -> None:
        self._dcss.disconnect(wish.name(), by_reset=wish.flag("by_reset"))

    # -- motors in more than one way -----------------------------------------------------------

    def _do_configure(self, wish: Wish) -> None:
        read: Mapping[type, Callable[[str], float]] = {
            float: wish.number,
            int: wish.whole,
            bool: wish.flag,
        }
        given = {key: read[kind](key) for key, kind in _CONFIGURABLE.items() if wish.has(key)}
        self._ask(configuring(self._dcss.motor(wish.name()), given))

    def _do_oscillate(self, wish: Wish) -> None:
        self._ask(
            gui.GtosStartOscillation(
                motor_name=wish.name(),
                shutter_name=wish.text("shutter", "") or NO_DEVICE,
                oscillation_range=wish.number("degrees"),
                oscillation_time=wish.number("time_s"),
            )
        )

    def _do_vector_move(self, wish: Wish) -> None:
        second = "second_destination"
        self._ask(
            gui.GtosStartVectorMove(
                motor_name_1=wish.name(),
                motor_name_2=wish.text("second", "") or NO_DEVICE,
                destination_1=wish.number("destination"),
                destination_2=wish.number(second) if wish.has(second) else 0.0,
                speed=wish.number("speed"),
            )
        )

    def _do_stop_vector_move(self, wish: Wish) -> None:
        second = wish.text("second", "") or NO_DEVICE
        self._ask(gui.GtosStopVectorMove(motor_name_1=wish.name(), motor_name_2=second))

    # -- the test bench ------------------------------------------------------------------------

    def _do_add_fault(self, wish: Wish) -> JsonObject:
        number = self._dcss.faults.add(wish.text("fault"))
        self._dcss.changes.mark()
        return {"number": number}

    def _do_clear_faults(self, wish: Wish) -> None:
        self._dcss.faults.clear(wish.whole("number") if wish.has("number") else None)
        self._dcss.changes.mark()

    def _do_send(self, wish: Wish) -> None:
        host, text = wish.name(), wish.text("text")
        if wish.word("way", _WAYS, "to DHS") == "to DHS":
            self._dcss.send_text(host, text)
        else:
            self._dcss.take_text(host, text)

    def _do_explain(self, wish: Wish) -> JsonObject:
        return message_view(decode_text(wish.text("text")))
