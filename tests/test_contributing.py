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


MESSAGES'''

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


def test_a_message_is_a_class_and_three_lines(tmp_path: Path) -> None:
    here = tmp_path / "dcs_codec"
    shutil.copytree(Path(dcs_codec.__file__).parent, here)
    room, front = here / "messages" / "shutter.py", here / "__init__.py"
    change(room, "\nMESSAGES", CLASS)
    change(room, "    StohSetShutterState,\n", "    StohSetShutterState,\n    StohDimShutter,\n")
    change(front, "    StohSetShutterState,\n", "    StohDimShutter,\n    StohSetShutterState,\n")
    change(
        front, '    "StohConfigureShutter",', '    "StohConfigureShutter",\n    "StohDimShutter",'
    )
    done = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == front


def change(path: Path, old: str, new: str) -> None:
    """Put `new` in the one place of `old`."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name}: {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")
