"""Random commands of DCSS, with right, wrong, missing and surplus words."""

import enum
from typing import Final

import attrs
from hypothesis import strategies as st

from dcs_codec import Framing

OPERATION: Final = "op"
MOTORS: Final = ("ma", "mb")
SHUTTER: Final = "sh"
STRING: Final = "st"
ENCODER: Final = "en"
CHAMBERS: Final = ("ia", "ib", "ic")
"""The last is counted by another function than the first two."""

MAX_V1: Final = 199  # bytes of text in a v1 frame
_LONGEST_NAME: Final = 39
_LONGEST_HANDLE: Final = 38


class Kind(enum.Enum):
    """The commands that need an answer."""

    OPERATION = "stoh_start_operation"
    MOVE = "stoh_start_motor_move"
    OSCILLATION = "stoh_start_oscillation"
    VECTOR = "stoh_start_vector_move"
    SET_POSITION = "stoh_set_motor_position"
    SHUTTER = "stoh_set_shutter_state"
    GET_ENCODER = "stoh_get_encoder"
    SET_ENCODER = "stoh_set_encoder"
    STRING = "stoh_set_string"
    COUNT = "stoh_read_ion_chambers"
    REGISTER_MOTOR = "stoh_register_real_motor"
    REGISTER_PSEUDO_MOTOR = "stoh_register_pseudo_motor"
    REGISTER_SHUTTER = "stoh_register_shutter"
    REGISTER_STRING = "stoh_register_string"
    REGISTER_ENCODER = "stoh_register_encoder"

    @property
    def is_registration(self) -> bool:
        """Whether it registers a device."""
        return self.value.startswith("stoh_register")


OWN: Final = {
    Kind.OPERATION: (OPERATION,),
    Kind.MOVE: MOTORS,
    Kind.OSCILLATION: MOTORS,
    Kind.VECTOR: MOTORS,
    Kind.SET_POSITION: MOTORS,
    Kind.SHUTTER: (SHUTTER,),
    Kind.GET_ENCODER: (ENCODER,),
    Kind.SET_ENCODER: (ENCODER,),
    Kind.STRING: (STRING,),
    Kind.COUNT: CHAMBERS,
    Kind.REGISTER_MOTOR: MOTORS,
    Kind.REGISTER_PSEUDO_MOTOR: MOTORS,
    Kind.REGISTER_SHUTTER: (SHUTTER,),
    Kind.REGISTER_STRING: (STRING,),
    Kind.REGISTER_ENCODER: (ENCODER,),
}
"""The devices of each kind that the DHS declares."""

OTHERS: Final = {
    Kind.OPERATION: "xo",
    **dict.fromkeys((Kind.MOVE, Kind.OSCILLATION, Kind.VECTOR, Kind.SET_POSITION), "xm"),
    Kind.SHUTTER: "xs",
    **dict.fromkeys((Kind.GET_ENCODER, Kind.SET_ENCODER, Kind.REGISTER_ENCODER), "xe"),
    Kind.STRING: "xt",
    Kind.COUNT: "xi",
    Kind.REGISTER_MOTOR: "xm",
    Kind.REGISTER_PSEUDO_MOTOR: "xm",
    Kind.REGISTER_SHUTTER: "xs",
    Kind.REGISTER_STRING: "xt",
}
"""A device of each kind that DCSS registers but the DHS does not declare."""

NUMBERS: Final = st.sampled_from(["0", "1.5", "-3", "9.25", "1e3"])
NO_NUMBERS: Final = st.sampled_from(
    ["nan", "inf", "-inf", "1e300", "1e400", "1e11", "abc", "{", "}", '"', "é", "--1", "1.5{"]
)
ARGUMENTS: Final = st.sampled_from(
    ["", "1 2", "{a b} c", "{", "}", '"x', "a\\", "é ü", "x" * 85, "PRIVATE0123456789ABCDEF"]
)
CONTENTS: Final = st.one_of(
    st.sampled_from(["", " ", "text", "{", "a } b", "two words", " a", "a ", "é", "x" * 1900]),
    st.integers(90, 143).map(lambda length: "y" * length),
)


@attrs.frozen
class Command:
    """One command that needs an answer.

    Attributes:
        kind: Its kind.
        names: The devices it names; of an operation its name.
        text: Its text on the wire.
        sound: Whether it is valid; None if the DHS decides.
        handle: Of an operation.
        repeated: Whether it is a count that continues until it is aborted.
    """

    kind: Kind
    names: tuple[str, ...]
    text: str
    sound: bool | None = True
    handle: str = ""
    repeated: bool = False

    def again(self, turn: int) -> "Command":
        """The same command again; an operation gets a new handle."""
        if not turn or self.kind is not Kind.OPERATION:
            return self
        handle = f"{turn + 1}{self.handle[1:]}"
        return attrs.evolve(self, handle=handle, text=self.text.replace(self.handle, handle, 1))


def long_name(name: str, is_long: bool) -> str:
    """The name of a device, short or of dcss's greatest length."""
    return name.ljust(_LONGEST_NAME, "_") if is_long and name != "NULL" else name


@attrs.frozen
class Words:
    """The words of a command that are not names."""

    number: str = "1.5"
    second: str = "2.5"
    arguments: str = "go"
    contents: str = "next"
    repeat: str = "0"


def plain(kind: Kind, names: tuple[str, ...], handle: str) -> Command:
    """A valid command, to devices that can do it."""
    return Command(kind, names, " ".join(_sound_words(kind, names, handle, Words())), True, handle)


def handle_of(number: int, is_long: bool) -> str:
    """The handle of an operation."""
    return f"1.{number:0{_LONGEST_HANDLE - 2}}" if is_long else f"1.{number}"


def _sound_words(kind: Kind, names: tuple[str, ...], handle: str, words: Words) -> list[str]:
    tails = {
        Kind.OPERATION: [handle, words.arguments],
        Kind.MOVE: [words.number],
        Kind.OSCILLATION: ["NULL", words.number, "0.1"],
        Kind.VECTOR: [words.number, words.second, "1"],
        Kind.SET_POSITION: [words.number],
        Kind.SHUTTER: ["open"],
        Kind.SET_ENCODER: [words.number],
        Kind.STRING: [words.contents],
        Kind.REGISTER_SHUTTER: ["closed", "hw"],
    }
    if kind is Kind.COUNT:
        return [kind.value, "0.1", words.repeat, *names]
    return [kind.value, *names, *tails.get(kind, ["hw"] if kind.is_registration else [])]


_TOLD_AT: Final = {
    Kind.MOVE: (2,),
    Kind.OSCILLATION: (3,),
    Kind.VECTOR: (3, 4),
    Kind.SET_POSITION: (2,),
    Kind.SET_ENCODER: (2,),
    Kind.SHUTTER: (2,),
}
"""Words that the answer repeats: a wrong one cannot give a success."""
_KEPT: Final = {Kind.OPERATION: 3, Kind.VECTOR: 3}
"""Words that identify the answer; two if none is given here."""


_WORDS: Final = st.builds(
    Words, NUMBERS, NUMBERS, ARGUMENTS, CONTENTS, st.sampled_from(["0", "0", "0", "1"])
)


@st.composite
def commands(draw: st.DrawFn, number: int = 0, is_long: bool = False) -> Command:
    """A command of any kind, to a declared, an undeclared or another device."""
    kind = draw(st.sampled_from(list(Kind)))
    names = draw(_targets(kind))
    if number > 0 and kind is not Kind.OPERATION and draw(st.booleans()):
        names = (OWN[kind][0], *names[1:])  # overlap with the command before
    names = tuple(long_name(name, is_long) for name in names)
    values = draw(_WORDS)
    handle = handle_of(number, is_long)
    words = _sound_words(kind, names, handle, values)
    sound: bool | None = True
    change = draw(st.sampled_from(["none"] * 4 + ["wrong", "missing", "surplus"]))
    if change == "surplus" and kind is not Kind.COUNT:
        words.append(draw(st.sampled_from(["more", "1 2", "{", "x" * 20])))
        sound = None
    elif change == "wrong" and kind in _TOLD_AT:
        words[draw(st.sampled_from(_TOLD_AT[kind]))] = draw(NO_NUMBERS)
        sound = False
    elif change == "wrong" and kind is Kind.COUNT and values.repeat == "0":
        words[draw(st.integers(1, 2))] = draw(NO_NUMBERS)
        sound = None
    elif change == "missing" and not kind.is_registration and kind is not Kind.COUNT:
        whole = len(words)
        del words[draw(st.integers(_KEPT.get(kind, 2), whole)) :]
        if len(words) < whole:
            sound = None if kind in (Kind.OPERATION, Kind.STRING) else False
    text = " ".join(words)
    return Command(kind, names, text, sound, handle, kind is Kind.COUNT and values.repeat == "1")


def _targets(kind: Kind) -> st.SearchStrategy[tuple[str, ...]]:
    one = st.sampled_from([*OWN[kind]] * 3 + [OTHERS[kind]])
    if kind is Kind.COUNT:
        return st.lists(
            st.sampled_from([*CHAMBERS[:2] * 3, "ic", "xi"]), min_size=1, max_size=4
        ).map(tuple)
    if kind is Kind.VECTOR:
        return st.tuples(one, st.sampled_from([*MOTORS * 2, "NULL", "xm", SHUTTER]))
    if kind.is_registration or kind is Kind.OPERATION:
        return st.tuples(one)
    foreign = STRING if kind is not Kind.STRING else SHUTTER
    return st.tuples(st.sampled_from([*OWN[kind]] * 4 + [OTHERS[kind], foreign]))


def fits(text: str, framing: Framing) -> bool:
    """Whether DCSS could send this at all."""
    return framing is Framing.V2 or len(text.encode()) <= MAX_V1


ABORTS: Final = ("stoh_abort_all soft", "stoh_abort_all hard", "stoh_abort_all", "stoh_abort_all x")

_NOISE: Final = (
    *ABORTS[:2],
    "stoh_abort_motor_move {ma} soft",
    "stoh_abort_motor_move {xm} hard",
    "stoh_stop_vector_move {ma} {mb}",
    "stoh_change_vector_speed {ma} {mb} 2",
    "stoh_stop_operation {op} 1.0",
    "stoh_correct_motor_position {ma} 360",
    "stoh_correct_motor_position {ma} nan",
    "stoh_configure_real_motor {ma} hw z1 1.5 99999 -99999 1000 500 250 10 1 1 0 0 0 0",
    "stoh_configure_real_motor {mb} hw z1 nan 99999 -99999 1000 500 250 10 1 1 0 0 0 0",
    "stoh_configure_string {st} hw some {{text",
    "stoh_configure_shutter {sh} hw open",
    "stoh_configure_encoder {en} hw 7 7",
    "stoh_configure_encoder {en} hw nan nan",
    "stoh_configure_ion_chamber {ia} hw counter 1 timer standard",
    "stoh_set_motor_dependency {ma} {mb}",
    "stoh_no_such_command {ma} {{",
    "stoh_start_motor_move",
    "stoh_start_operation {op}",
)


def noise(is_long: bool) -> st.SearchStrategy[str]:
    """A message that needs no answer, or names nothing that could be answered."""
    known = (OPERATION, *MOTORS, SHUTTER, STRING, ENCODER, *CHAMBERS, "xm")
    names = {name: long_name(name, is_long) for name in known}
    return st.sampled_from(_NOISE).map(lambda text: text.format(**names))
