"""Commands of GUIs for motors: moves, aborts, positions, configurations, scans."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from dcs_codec import EncodeError
from dhs_lab.simulators.dcss.circle import fold
from dhs_lab.simulators.dcss.gui_port.desk_parts import Begun, Parts
from dhs_lab.simulators.dcss.gui_port.gui_client import GuiClient
from dhs_lab.simulators.dcss.hazards import folds_too_long
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_lab.simulators.dcss.scanning import scan
from dhs_lab.simulators.dcss.texts import c_number, word_of
from dhs_runtime.lowlevel import NotConnectedError

_LONGEST: Final = 1e100  # a number that dcss's buffers hold with six decimals


def _start_move(parts: Parts, client: GuiClient, text: str) -> Begun:
    name = word_of(text, 1)
    motor = _motor(parts, name)
    position = 0.0 if motor is None else motor.position
    completed = f"stog_motor_move_completed {name} {position:f}"
    if motor is None:
        parts.audience.tell(f"stog_log severe server {name} is not a motor. HACKER??")
    if reason := parts.permits.refusal(client, name, MotorEntry):
        client.tell(f"{completed} {reason}")
    elif parts.engine.idle.refuses(name):
        client.log(f"system not idle {{{parts.engine.idle.busy()}}}")
        client.tell(f"{completed} system_not_idle")
    elif motor is not None:
        return _begin_move(parts, client, motor, word_of(text, 2))
    return None


def _begin_move(parts: Parts, client: GuiClient, motor: MotorEntry, given: str) -> Begun:
    """Start an allowed move; refuse one that would harm a real dcss, with a log line."""
    number = c_number(given)
    if not given:
        client.log(f"{motor.name} has no destination: a real dcss uses that of an earlier command")
    elif folds_too_long(motor, number) or (abs(number) > _LONGEST and number not in _INFINITIES):
        client.log(f"{motor.name} to {given[:40]}: a real dcss would hang, or mangle this number")
    else:
        return parts.engine.move(motor.name, given)
    return None


_INFINITIES: Final = (float("inf"), float("-inf"))


def _abort_move(parts: Parts, client: GuiClient, text: str) -> Begun:
    is_refused = parts.permits.refusal(client, word_of(text, 1), MotorEntry)
    return None if is_refused else _forward(parts, text)


def _abort_all(parts: Parts, _: GuiClient, text: str) -> Begun:
    for host in parts.sessions.online():
        parts.sessions.try_to_forward(host, "stoh_" + text.removeprefix("gtos_"))
    parts.engine.aborted()
    parts.masters.unlock()
    return {}


def _set_position(parts: Parts, client: GuiClient, text: str) -> Begun:
    name = word_of(text, 1)
    if parts.permits.refusal(client, name, MotorEntry, check="staff"):
        return None
    _, motor = parts.database.get(name, MotorEntry)
    number = c_number(word_of(text, 2))
    if folds_too_long(motor, number) or abs(number) > _LONGEST:
        client.log(f"{name} at {number:g}: this number would hang or kill a real dcss")
        return None
    folded, _ = fold(motor.circle_mode, number)
    moved = f"gtos_set_motor_position {name} {folded:f}"
    return parts.forward(name, moved, lambda _: client.tell(f"stog_no_hardware_host {name}"))


def _configure(parts: Parts, client: GuiClient, text: str) -> Begun:
    """Missing values at the end keep their old ones."""
    name = word_of(text, 1)
    if parts.permits.refusal(client, name, MotorEntry, check="staff"):
        return None
    _, motor = parts.database.get(name, MotorEntry)
    values = scan(text.split()[2:], motor.scanned)
    if folds_too_long(motor, values.get("position", 0.0)):
        client.log(f"{name}: this position would hang a real dcss")
        return None
    try:
        parts.control.configure(name, **values)  # type: ignore[arg-type]  # by the scanned fields
    except NotConnectedError:
        client.tell(f"stog_no_hardware_host {name}")
    except EncodeError as error:
        client.log(f"{name} is not configured: {error}")
    else:
        client.tell(f"stog_log warning server {name} configured")
        return {}
    return None


# -- scans -----------------------------------------------------------------------------------


def _oscillate(parts: Parts, client: GuiClient, text: str) -> Begun:
    """Dcss does not check whether it is a motor."""
    return None if parts.permits.refusal(client, word_of(text, 1)) else _forward(parts, text)


def _vector(starts: bool, parts: Parts, client: GuiClient, text: str) -> Begun:
    name = word_of(text, 1)
    if starts and parts.engine.idle.refuses(name):
        client.log(f"system not idle {{{parts.engine.idle.busy()}}}")
    elif reason := parts.permits.refusal(client, name, MotorEntry):
        client.log(f"lock {name} failed: {reason}")
    else:
        return _forward(parts, text)
    return None


def _forward(parts: Parts, text: str) -> Begun:
    name = word_of(text, 1)

    def offline(_: str) -> None:
        parts.audience.tell(f"stog_no_hardware_host {name}")
        parts.audience.tell(f"stog_log error server Hardware host for device {name} not connected.")

    return parts.forward(name, text, offline)


def _motor(parts: Parts, name: str) -> MotorEntry | None:
    found = parts.database.find(name)
    return found[1] if found is not None and isinstance(found[1], MotorEntry) else None


MOTOR_COMMANDS: Final[Mapping[str, Callable[[Parts, GuiClient, str], Begun]]] = {
    "gtos_start_motor_move": _start_move,
    "gtos_abort_motor_move": _abort_move,
    "gtos_abort_all": _abort_all,
    "gtos_set_motor_position": _set_position,
    "gtos_configure_device": _configure,
    "gtos_start_oscillation": _oscillate,
    "gtos_start_vector_move": partial(_vector, True),
    "gtos_stop_vector_move": partial(_vector, False),
    "gtos_change_vector_speed": partial(_vector, False),
}
