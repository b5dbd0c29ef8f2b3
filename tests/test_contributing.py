"""What is added as CONTRIBUTING says, in a copy of the sources, works from then on."""

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


LAMP_MESSAGES: Final = '''
"""Messages of lamps."""

from typing import ClassVar

import attrs

from dcs_codec.fields import Name, Status
from dcs_codec.message import Message

__all__ = ["HtosReportLamp", "StohConfigureLamp", "StohRegisterLamp", "StohSetLamp"]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohRegisterLamp(Message):
    keyword: ClassVar[str] = "stoh_register_lamp"
    lamp_name: Name


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohConfigureLamp(Message):
    keyword: ClassVar[str] = "stoh_configure_lamp"
    lamp_name: Name
    hardware_host: Name
    lamp_state: Status


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohSetLamp(Message):
    keyword: ClassVar[str] = "stoh_set_lamp"
    lamp_name: Name
    lamp_state: Status


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosReportLamp(Message):
    keyword: ClassVar[str] = "htos_report_lamp"
    lamp_name: Name
    lamp_state: Status
    status: Status
'''

LAMP_DEVICE: Final = '''
"""`Lamp`: a lamp, on or off."""

from dcs_codec import HtosReportLamp, StohConfigureLamp, StohRegisterLamp, StohSetLamp
from dhs_runtime.answers import NORMAL
from dhs_runtime.devices.base import Deed
from dhs_runtime.devices.hooks import Hook
from dhs_runtime.devices.read_hook import ReadableDevice


class Lamp(ReadableDevice[str]):
    kind = "lamp"
    registrations = (StohRegisterLamp,)
    commands = (StohConfigureLamp, StohSetLamp)
    reports = (HtosReportLamp,)
    _default = "off"

    def __init__(self, name):
        super().__init__(name)
        self.on_set = Hook(self, "setting")

    def _remember(self, message):
        if message.status == NORMAL:
            self._value = message.lamp_state

    def _deed(self, message):
        if isinstance(message, StohRegisterLamp):
            return Deed(lambda: self.on_read.now_or(self._value), self._registered)
        if isinstance(message, StohSetLamp):
            return Deed(lambda: self._set(message.lamp_state))

    def _set(self, state):
        self.on_set.call(state)
        return state

    def _telling(self, value, status=NORMAL):
        return HtosReportLamp(lamp_name=self.name, lamp_state=value, status=status)
'''

LAMP_ENTRY: Final = '''
"""`LampEntry`: a lamp in the database of a simulated DCSS."""

from typing import ClassVar

import attrs

from dcs_codec import HtosReportLamp, StohConfigureLamp, StohRegisterLamp, StohSetLamp
from dhs_lab.simulators.dcss.entry import Entry, permits_field


@attrs.define
class LampEntry(Entry):
    kind: ClassVar[str] = "lamp"
    listed: ClassVar[str] = "lamps"
    short_for: ClassVar[str] = "state"
    dump_type: ClassVar[int] = 40
    name_field: ClassVar[str] = "lamp_name"
    answers: ClassVar[dict] = {StohSetLamp: HtosReportLamp}

    name: str
    state: str = "off"
    staff_permits: str = permits_field()
    user_permits: str = permits_field()

    value = property(lambda self: self.state)

    def registration(self):
        return StohRegisterLamp(lamp_name=self.name)

    def configuration(self, hardware_host):
        return StohConfigureLamp(
            lamp_name=self.name, hardware_host=hardware_host, lamp_state=self.state
        )

    @classmethod
    def of_section(cls, section):
        host, state = section.words(0, 2, "host and state")
        return host, cls(section.name, state)

    def take(self, message):
        self.state = message.lamp_state
        return message

    def lost(self, status):
        return HtosReportLamp(lamp_name=self.name, lamp_state=self.state, status=status)
'''

LAMP_MODULES: Final = {
    "dcs_codec/messages/lamp.py": LAMP_MESSAGES,
    "dhs_runtime/devices/lamp.py": LAMP_DEVICE,
    "dhs_lab/simulators/dcss/lamp.py": LAMP_ENTRY,
}
LAMP_LINES: Final = {  # each goes before a line that is there
    "dcs_codec/messages/__init__.py": {
        "    motor,\n": "    lamp,\n",
        "    *classes_in(operation),\n": "    *classes_in(lamp),\n",
    },
    "dcs_codec/__init__.py": {
        "from dcs_codec.messages.motor ": "from dcs_codec.messages.lamp import *\n",
    },
    "dhs_runtime/devices/__init__.py": {
        "from dhs_runtime.devices.motion ": "from dhs_runtime.devices.lamp import Lamp\n",
        "Encoder)\n": "Lamp, ",
        '    "Motor",\n': '    "Lamp",\n',
    },
    "dhs_runtime/__init__.py": {
        "        Motor,\n": "        Lamp,\n",
        '    "LinkState",\n': '    "Lamp",\n',
    },
    "dhs_runtime/declaring.py": {
        "    Motor,\n": "    Lamp,\n",
        "    def devices(": "    def lamp(self, name):\n        return self._declare(Lamp(name))\n",
    },
    "dhs_lab/simulators/dcss/database.py": {
        "from dhs_lab.simulators.dcss.motors ": (
            "from dhs_lab.simulators.dcss.lamp import LampEntry\n"
        ),
        '    "ObjectEntry",\n': '    "LampEntry",\n',
        "    OperationEntry,\n    StringEntry,\n    ObjectEntry,\n)\n": "    LampEntry,\n",
        "        objects: Iterable": "        lamps: Iterable[str | LampEntry] = (),\n",
    },
}

LIGHT: Final = """
from pathlib import Path
import click.testing
from dcs_codec import StohSetLamp
from dhs_lab.cli.simulate_dcss import dcss as simulate_dcss
from dhs_lab.simulators.dcss import HardwareHost, LampEntry, SimulatedDcss
from dhs_lab.simulators.dcss.database_file import load_database
from dhs_runtime import DcssConfig, Dhs, Lamp
import dhs_runtime

dhs = Dhs("lampDHS")
lamp = dhs.lamp("lamp")
assert isinstance(lamp, Lamp)
switched = []
lamp.on_set(switched.append)

host = HardwareHost.of("lampDHS", lamps=[LampEntry("lamp")])
with SimulatedDcss([host]) as dcss:
    dhs.start(DcssConfig(port=dcss.port))
    dcss.wait_online("lampDHS", 20)
    report = dcss.ask(StohSetLamp(lamp_name="lamp", lamp_state="on")).wait(20)
    assert dhs.stop(join_s=20) == ()
assert (report.lamp_state, report.status) == ("on", "normal"), report
assert (switched, host.devices[0].value) == (["on"], "on")

Path("lamps.yaml").write_text("hosts: {lampDHS: {lamps: {lamp: bright}}}")
assert load_database("lamps.yaml").hosts[0].devices == (LampEntry("lamp", "bright"),)
told = click.testing.CliRunner().invoke(
    simulate_dcss, ["--dhs", "lampDHS", "--lamp", "lamp", "--port", "0", "-e", "state"]
)
assert "  lamp lamp off" in told.output, told
print(dhs_runtime.__file__)
"""


def test_a_kind_of_device_is_three_modules_and_a_few_lines(tmp_path: Path) -> None:
    root = Path(dcs_codec.__file__).parents[1]
    for package in ("dcs_codec", "dhs_runtime", "dhs_lab"):
        shutil.copytree(root / package, tmp_path / package)
    for path, text in LAMP_MODULES.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    for path, lines in LAMP_LINES.items():
        for old, line in lines.items():
            change(tmp_path / path, old, line + old)
    assert use(tmp_path, LIGHT) == tmp_path / "dhs_runtime" / "__init__.py"


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
