"""Seeds made from the registry: a text of every class, plain and in frames."""

import functools
import itertools
import random
from pathlib import Path
from typing import Final

from hypothesis import strategies as st

from dcs_codec import Frame, Framing, Message, encode_frame
from dcs_codec.plan import Plan
from fuzz.invariants import HEAD_SIZE, Steering
from fuzz.shapes import PLANS

ODD_WORDS: Final = (
    (b" ", b"\t", b"\n", b"\r", b"\v", b"\f"),
    (b"\xc2\xa0", b"\xc2\x85", b"\x1c", b"\xe2\x80\xa8", b"\xe3\x80\x80"),  # blanks to Python only
    (b"\0", b"\x7f", b"\xff", b"\xed\xa0\x80", b"\xc3", b"\xa9", "é".encode()),
    (b"\xed\xb3\x83\xed\xb2\xa9", b"\xed\xb3\x83", b"\xf0\x9f\x94\xac"),  # escaped é, half of it
    (b"{", b"}", b"{}", b'"', b"\\", b"\\x7b", b"\\0", b"#", b"$", b"[", b"]", b";", b"|", b","),
    (b"0", b"1", b"-0.0", b"+1", b".5", b"1.", b"1.10", b"1e9", b"1e-5", b"5e-324", b"1e999"),
    (b"0x10", b"1_0", b"nan", b"inf", b"-infinity", b"2147483648", b"99999999999999999999999999"),
    (b"a" * 39, b"a" * 40, b"a" * 79, b"a" * 80, b"a" * 160, b"1" * 40),
    (b"normal", b"aborted", b"open", b"closed", b"soft", b"hard", b"home", b"NULL", b"~"),
    tuple(b"%12d %12d " % sizes for sizes in ((0, 0), (1, 0), (2, 1), (63, 1), (65, 0), (300, 0))),
    (b"300 5".ljust(26, b"\0"), b"00000000000300 00000000005", b" " * 26),
)
"""Odd values by kind: blanks, brackets, numbers, lengths, sizes."""


def values_of(plan: Plan[Message], *, short: bool = False) -> list[str]:
    """A word for each field, its name where any word will do, else 1; in the short form "" too."""
    values = []
    for name, kind in plan.words.items():
        try:
            kind.read(name)
        except ValueError:
            value = "1"
        else:
            value = name
        values.append("" if short and kind.optional else value)
    return values


def text_of(plan: Plan[Message], *, short: bool = False) -> bytes:
    """A text of the class."""
    words = [plan.keyword, *filter(None, values_of(plan, short=short))]
    if plan.tail is not None and not short:
        words += ["i0", "1"]  # readings of an ion chamber, names, or any rest
    return " ".join(words).encode()


@functools.cache
def seeds() -> list[bytes]:
    """A few inputs for every class: its text, values to build it from, and frames."""
    found = []
    for plan in PLANS:
        text = text_of(plan)
        head = Steering(plan=plan, bytewise=True).head()
        found += [head + text, head + text.partition(b" ")[2]]
        head = Steering(plan=plan, streamed=False).head()
        found += [head + "|".join([*values_of(plan), "i0,1"]).encode()]
        found += [head + "|".join(f"{value}~" for value in [*values_of(plan), "i0"]).encode()]
        if plan.optional:
            found += [head + text_of(plan, short=True)]
            found += [head + "|".join(values_of(plan, short=True)).encode()]
        for framing in (Framing.V1, Framing.V2):
            steering = Steering(plan=plan, framing=framing, greeted=True, places=(7, 30, 210))
            stream = encode_frame(Frame(text), framing)
            if framing is Framing.V2:
                stream += encode_frame(Frame(text, b"binary"), framing)
            found.append(steering.head() + stream)
    return found


@functools.cache
def words() -> list[bytes]:
    """Pieces worth trying: keywords and odd words."""
    return [*(plan.keyword.encode() for plan in PLANS), *itertools.chain(*ODD_WORDS)]


def write_seeds(folder: Path) -> None:
    """A file for each seed."""
    for number, seed in enumerate(seeds()):
        (folder / f"seed-{number:03}").write_bytes(seed)


def write_dictionary(path: Path) -> None:
    """The words in libFuzzer's form."""
    lines = ("".join(f"\\x{byte:02x}" for byte in word) for word in words())
    path.write_text("".join(f'"{line}"\n' for line in lines))


def mutated(data: bytes, number: int) -> bytes:
    """An input near this one, or with values of another class; the number selects it."""
    draw = random.Random(number)  # noqa: S311 - nothing is kept secret by it
    head, stream = data[:HEAD_SIZE], data[HEAD_SIZE:]
    way = draw.choice(["class", "fields", "fields", "insert", "word"])
    if way == "class":
        head = draw.choice(seeds())[:HEAD_SIZE]
    elif way == "fields":
        plan = draw.choice(PLANS)
        head = Steering(plan=plan, streamed=False).head()
        stream = b"|".join(_drawn_field(draw) for _ in plan.fields)
    elif way == "insert":
        at = draw.randint(0, len(stream))
        stream = stream[:at] + _drawn_odd(draw) + stream[at:]
    else:
        mark = draw.choice([b"|", b" ", b","])
        pieces = stream.split(mark)
        pieces[draw.randrange(len(pieces))] = _drawn_field(draw)
        stream = mark.join(pieces)
    return head + stream


def _drawn_field(draw: random.Random) -> bytes:
    return draw.choice([b"1", b"1", b"", _drawn_odd(draw)])


def _drawn_odd(draw: random.Random) -> bytes:
    kinds = draw.choices(ODD_WORDS, k=draw.choice([1, 1, 2, 3]))
    return b"".join(draw.choice(kind) for kind in kinds)


def inputs() -> st.SearchStrategy[bytes]:
    """Inputs drawn by hypothesis: any bytes, and seeds and words in any order."""
    some = seeds()
    heads = st.one_of(
        st.binary(min_size=HEAD_SIZE, max_size=HEAD_SIZE),
        st.sampled_from([seed[:HEAD_SIZE] for seed in some]),
    )
    piece = st.one_of(
        st.sampled_from([seed[HEAD_SIZE:] for seed in some]),
        st.sampled_from(words()),
        st.binary(max_size=30),
    )
    streams = st.lists(piece, max_size=10).map(b"".join)
    near = st.builds(mutated, st.sampled_from(some), st.integers(0, 2**32))
    return st.one_of(st.binary(max_size=300), st.builds(bytes.__add__, heads, streams), near)
