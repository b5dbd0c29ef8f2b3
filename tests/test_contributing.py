"""A message is added as CONTRIBUTING says, in a copy of the codec, and works from then on."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import dcs_codec

CLASS: Final = '''


@attrs.frozen(kw_only=True, repr=False)
class StohDimShutter(Message):
    """Dim a shutter.

    Wire:   stoh_dim_shutter shutter_name shutter_state
    Source: an example
    """

    keyword: ClassVar[str] = "stoh_dim_shutter"
    shutter_name: Name
    shutter_state: Status
'''

USE: Final = """
import dcs_codec
from dcs_codec.catalogue import describe
message = dcs_codec.decode_text("stoh_dim_shutter s open")
assert message == dcs_codec.StohDimShutter(shutter_name="s", shutter_state="open"), message
assert dcs_codec.encode_text(message) == "stoh_dim_shutter s open"
assert type(message) in dcs_codec.DHS_MESSAGES
assert describe(type(message)).summary == "Dim a shutter."
assert "StohDimShutter" in dcs_codec.__all__
print(dcs_codec.__file__)
"""


def test_a_message_is_a_class_and_a_line(tmp_path: Path) -> None:
    here = tmp_path / "dcs_codec"
    shutil.copytree(Path(dcs_codec.__file__).parent, here)
    room = here / "messages" / "shutter.py"
    change(
        room,
        '    "StohConfigureShutter",\n',
        '    "StohConfigureShutter",\n    "StohDimShutter",\n',
    )
    room.write_text(room.read_text(encoding="utf-8") + CLASS, encoding="utf-8")
    assert use(tmp_path, USE) == here / "__init__.py"


KIND: Final = '''


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Percent(WordKind):
    """A share, `50%`."""

    samples = ("0%", "12.5%")

    def read(self, word: str) -> float:
        """The share, 1 for `100%`."""
        if not word.endswith("%"):
            raise ValueError(f"is no share: {word[:60]!r}")
        return parse_number(word[:-1]) / 100

    def write(self, value: object) -> str:
        """As percent."""
        return f"{_NUMBER_KIND.write(value * 100)}%"

    def described(self) -> tuple[str, str]:
        """A number and a sign."""
        return "percent", ""
'''

DIM: Final = """
import attrs
from typing import Annotated, ClassVar
from hypothesis import given
from dcs_codec import Codec, Message, default_registry, word_kinds
from dcs_codec.catalogue import describe
from dcs_codec.strategies import messages_of

@attrs.frozen(kw_only=True)
class StohDim(Message):
    keyword: ClassVar[str] = "stoh_dim"
    share: Annotated[float, word_kinds.Percent()]

codec = Codec(default_registry().extended(StohDim))
for _ in range(2):
    assert codec.decode_text("stoh_dim 12.5%") == StohDim(share=0.125)
    assert codec.encode_text(StohDim(share=0.125)) == "stoh_dim 12.5%"
assert codec.decode_text("stoh_dim half").reason == "is no share: 'half'"
assert describe(StohDim).fields[0].type == "percent"

@given(messages_of(StohDim))
def test_reads_back(message):
    assert codec.decode_text(codec.encode_text(message)) == message

test_reads_back()
print(word_kinds.__file__)
"""


def test_a_kind_of_field_is_one_class(tmp_path: Path) -> None:
    here = tmp_path / "dcs_codec"
    shutil.copytree(Path(dcs_codec.__file__).parent, here)
    room = here / "word_kinds.py"
    change(room, "\n\n\ndef _reading_number", f"{KIND}\n\ndef _reading_number")
    assert use(tmp_path, DIM) == room


def use(folder: Path, program: str) -> Path:
    """Run a program with the copy in this folder; the path that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def change(path: Path, old: str, new: str) -> None:
    """Replace the only `old` with `new`."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name}: {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")
