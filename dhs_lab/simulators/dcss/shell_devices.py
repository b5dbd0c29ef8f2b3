"""Commands of the shell that drive devices, as a GUI does."""

import contextlib
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

import dcs_codec
from dcs_codec import NO_DEVICE
from dhs_lab.simulators.dcss.entries import (
    EncoderEntry,
    IonChamberEntry,
    OperationEntry,
    ShutterEntry,
    StringEntry,
)
from dhs_lab.simulators.dcss.gui_texts import configuring
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_lab.simulators.dcss.server import SimulatedDcss
from dhs_lab.simulators.dcss.shell_answers import as_gui
from dhs_lab.simulators.dcss.shell_parts import (
    Command,
    CommandAnswer,
    CommandWords,
    Context,
    listed,
)
from dhs_runtime.lowlevel import arguments_of, counted, number_text

_TRUE: Final = ("1", "on", "true", "yes")
_FALSE: Final = ("0", "off", "false", "no")
_BRACED: Final = re.compile(r"\{([^{}]*)\}")


def names_of(*kinds: type) -> Callable[[SimulatedDcss], Iterable[str]]:
    """Names of all devices of these kinds."""

    def names(dcss: SimulatedDcss) -> Iterable[str]:
        return [device.name for device in dcss.devices().values() if isinstance(device, kinds)]

    return names


COMMANDS: Final[list[Command]] = []
_command = partial(listed, COMMANDS)


# -- motors ----------------------------------------------------------------------------------


@_command(
    "move MOTOR POSITION", "move a motor, or send it to a word such as home", names_of(MotorEntry)
)
def _move(context: Context, words: CommandWords) -> CommandAnswer:
    name, word = words.word("MOTOR"), words.word("POSITION")
    words.end()
    destination: float | str = word
    with contextlib.suppress(ValueError):  # `home`
        destination = float(word)
    asked = dcs_codec.gui.GtosStartMotorMove(motor_name=name, destination=destination)
    return as_gui(context, asked, f"{name} is sent to {word}")


@_command("abort [MOTOR] [soft|hard]", "stop one motor, or everything", names_of(MotorEntry))
def _abort(context: Context, words: CommandWords) -> CommandAnswer:
    motor = "" if not words or words.flag("all") else words.word("MOTOR")
    if motor in ("soft", "hard"):
        motor, how = "", motor
    else:
        how = words.one_of("HOW", "soft", "hard") if words else "soft"
    words.end()
    if motor:
        asked = dcs_codec.gui.GtosAbortMotorMove(motor_name=motor, abort_arg=how)
        return as_gui(context, asked, f"{motor} is to stop: {how}")
    online = counted(len(context.dcss.online()), "DHS")
    started = f"everything is to stop: {how}, {online} told"
    return as_gui(context, dcs_codec.gui.GtosAbortAll(abort_arg=how), started)


@_command(
    "set-position MOTOR POSITION",
    "set the value of a motor's current position",
    names_of(MotorEntry),
)
def _set_position(context: Context, words: CommandWords) -> CommandAnswer:
    name, position = words.word("MOTOR"), words.number("POSITION")
    words.end()
    asked = dcs_codec.gui.GtosSetMotorPosition(motor_name=name, position=position)
    return as_gui(context, asked, f"{name} gets the position {number_text(position)}")


@_command(
    "oscillate MOTOR SHUTTER|- RANGE SECONDS",
    "turn a motor by a range with a shutter open",
    names_of(MotorEntry, ShutterEntry),
)
def _oscillate(context: Context, words: CommandWords) -> CommandAnswer:
    motor, shutter = words.word("MOTOR"), words.word("SHUTTER")
    degrees, time_s = words.number("RANGE"), words.seconds()
    words.end()
    asked = dcs_codec.gui.GtosStartOscillation(
        motor_name=motor,
        shutter_name=_or_none(shutter),
        oscillation_range=degrees,
        oscillation_time=time_s,
    )
    return as_gui(context, asked, f"{motor} is turned by {number_text(degrees)}")


@_command(
    "vector [stop|speed] MOTOR MOTOR2|- [POSITION POSITION2] [SPEED]",
    "move two motors along a line; stop it; change its speed",
    names_of(MotorEntry),
)
def _vector(context: Context, words: CommandWords) -> CommandAnswer:
    if words.flag("stop"):
        motor_1, motor_2 = words.word("MOTOR"), words.word("MOTOR2") if words else NO_DEVICE
        words.end()
        stop = dcs_codec.gui.GtosStopVectorMove(
            motor_name_1=motor_1, motor_name_2=_or_none(motor_2)
        )
        return as_gui(context, stop, f"the vector move of {motor_1} is to stop")
    changes_speed = words.flag("speed")
    motor_1, motor_2 = words.word("MOTOR"), _or_none(words.word("MOTOR2"))
    ends = () if changes_speed else (words.number("POSITION"), words.number("POSITION2"))
    speed = words.number("SPEED")
    words.end()
    if not ends:
        change = dcs_codec.gui.GtosChangeVectorSpeed(
            motor_name_1=motor_1, motor_name_2=motor_2, speed=speed
        )
        return as_gui(context, change, f"the vector move of {motor_1} is to go on at {speed:g}")
    start = dcs_codec.gui.GtosStartVectorMove(
        motor_name_1=motor_1,
        motor_name_2=motor_2,
        destination_1=ends[0],
        destination_2=ends[1],
        speed=speed,
    )
    return as_gui(context, start, f"the vector move of {motor_1} is on its way")


@_command(
    "configure MOTOR FIELD=VALUE...",
    "change a motor's configuration, such as speed=200 motor_lock_on=on",
    names_of(MotorEntry),
)
def _configure(context: Context, words: CommandWords) -> CommandAnswer:
    name, settings = words.word("MOTOR"), words.rest()
    motor = context.dcss.motor(name)
    kinds = dict(motor.scanned)
    values: dict[str, Any] = {}
    for setting in settings:
        field, separator, text = setting.partition("=")
        if not separator or field not in kinds:
            raise words.wrong(f"{setting!r} is not a setting; there are {', '.join(kinds)}")
        values[field] = _setting(field, kinds[field], text, words)
    if not values:
        raise words.wrong("a setting is missing")
    told = " ".join(f"{field}={value}" for field, value in values.items())
    return as_gui(context, configuring(motor, values), f"{name} is configured: {told}")


def _setting(field: str, kind: str, text: str, words: CommandWords) -> float:
    if field.endswith("_on"):
        if text not in _TRUE + _FALSE:
            raise words.wrong(f"{field} is on or off, got {text!r}")
        return text in _TRUE
    try:
        return float(text) if kind == "%lf" else int(text)
    except ValueError:
        raise words.wrong(f"{field} is a number, got {text!r}") from None


def _or_none(name: str) -> str:
    return NO_DEVICE if name == "-" else name


# -- the other devices -----------------------------------------------------------------------


@_command(
    "shutter SHUTTER open|closed", "open or close a shutter or filter", names_of(ShutterEntry)
)
def _shutter(context: Context, words: CommandWords) -> CommandAnswer:
    name, state = words.word("SHUTTER"), words.word("STATE")
    words.end()
    asked = dcs_codec.gui.GtosSetShutterState(shutter_name=name, shutter_state=state)
    return as_gui(context, asked, f"{name} is to be {state}")


@_command("read SECONDS ION_CHAMBER...", "let ion chambers count", names_of(IonChamberEntry))
def _read(context: Context, words: CommandWords) -> CommandAnswer:
    time_s, names = words.seconds(), words.rest()
    if not names:
        raise words.wrong("ION_CHAMBER is missing")
    asked = dcs_codec.gui.GtosReadIonChambers(
        ion_chamber_time=time_s, is_repeated=False, ion_chamber_names=tuple(names)
    )
    return as_gui(context, asked, f"{' '.join(names)} count for {time_s:g} s")


@_command("encoder ENCODER [POSITION]", "read an encoder, or set it", names_of(EncoderEntry))
def _encoder(context: Context, words: CommandWords) -> CommandAnswer:
    name = words.word("ENCODER")
    if not words:
        return as_gui(context, dcs_codec.gui.GtosGetEncoder(encoder_name=name), f"{name} is asked")
    asked = dcs_codec.gui.GtosSetEncoder(encoder_name=name, position=words.number("POSITION"))
    words.end()
    return as_gui(context, asked, f"{name} is set")


@_command(
    "string STRING CONTENTS...",
    "ask for new contents of a string",
    names_of(StringEntry),
    aliases=("set",),
)
def _string(context: Context, words: CommandWords) -> CommandAnswer:
    name, contents = words.word("STRING"), " ".join([words.word("CONTENTS"), *words.rest()])
    asked = dcs_codec.gui.GtosSetString(string_name=name, string_contents=contents)
    return as_gui(context, asked, f"{name} is to be {contents!r}")


# -- operations ------------------------------------------------------------------------------


@_command(
    "start OPERATION [WORD...]",
    "start an operation; shows its updates and its completion",
    names_of(OperationEntry),
)
def _start(context: Context, words: CommandWords) -> CommandAnswer:
    name, given = words.word("OPERATION"), words.rest()
    typed = " ".join(given)
    if (quoted := _BRACED.sub(r'"\1"', typed)) != typed:
        context.say(f"braces are sent as they are; for one word with blanks: start {name} {quoted}")
    asked = dcs_codec.gui.GtosStartOperation(
        operation_name=name,
        operation_handle=context.dcss.next_handle(),
        operation_args=arguments_of(given, None),
    )
    return as_gui(context, asked, f"{name} is started")


@_command("stop OPERATION [WORD...]", "ask an operation to stop", names_of(OperationEntry))
def _stop(context: Context, words: CommandWords) -> CommandAnswer:
    name, given = words.word("OPERATION"), words.rest()
    asked = dcs_codec.gui.GtosStopOperation(
        operation_name=name, operation_args=arguments_of(given, None)
    )
    return as_gui(context, asked, f"{name} is to stop")
