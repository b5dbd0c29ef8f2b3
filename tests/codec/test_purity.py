"""The codec does no I/O: checked from outside, in separate interpreters."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import dcs_codec

ROOT: Final = Path(dcs_codec.__file__).parents[1]
FORBIDDEN: Final = {
    "_socket",
    "asyncio",
    "cattrs",
    "http",
    "logging",
    "multiprocessing",
    "queue",
    "random",
    "requests",
    "selectors",
    "socket",
    "ssl",
    "subprocess",
    "threading",
    "yaml",
}


def run(code: str, *options: str) -> str:
    """The output of `code` in a new, isolated interpreter that finds this checkout first."""
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    # Coverage would start in the interpreter and load what we look for.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-I", "-B", *options, "-c", path + code],
        capture_output=True,
        text=True,
        env=env,
        check=True,
        timeout=150,
    )
    assert done.stderr == ""
    return done.stdout


def modules_after(statement: str) -> set[str]:
    printed = run(f"{statement}\nimport json; print(json.dumps(sorted(sys.modules)))")
    return set(json.loads(printed))


def test_importing_the_codec_loads_nothing_that_does_io() -> None:
    of_attrs = modules_after("import attrs")
    loaded = modules_after("import dcs_codec") - of_attrs
    assert "dcs_codec.protocol" in loaded
    assert loaded & FORBIDDEN == set()
    assert modules_after("import socket") & FORBIDDEN >= {"_socket", "socket", "selectors"}


AUDITED = """
from dcs_codec import *
texts = [
    "stoh_start_operation getLoopTip 1.10 {a b} c", "htos_operation_completed a 1.1 normal {x y}",
    "htos_set_string_completed s normal ", "stoh_abort_all soft", "gtos_x \\xff",
    "stoh_abort_all\\t", "stoh_register_operation a", " ", "htos_note \\xa0",
    "stoh_configure_real_motor m h w 1.5 25 -20 400 2000 100 -40 1 1 0 1 0 0",
    "htos_update_motor_position m 1e-7 normal", "htos_report_ion_chambers 0.1 a 1 b 2",
    "htos_motor_move_completed m 1.0 error motor has stalled",
]
codec = default_codec()
seen, watching = set(), True
def watch(event, args):
    if watching:
        seen.add(event)
def turn(number):
    for text in texts:
        frame = Frame(text.encode())
        message = codec.decode(frame)
        try:
            decoder = FrameDecoder(Framing.V2)
            decoder.receive_data(encode_frame(codec.encode(message), Framing.V2))
            assert codec.decode(decoder.next_frame()) == message
        except EncodeError:
            assert isinstance(message, MalformedMessage)
        split_list(join_list(["a b", text, format_number(1e-7 * number)]))
turn(0)  # compiles what it needs
sys.addaudithook(watch)
for number in range(1000):
    turn(number)
quiet = sorted(seen)
compile("1", "", "eval")
watching = False
import json
print(json.dumps([quiet, sorted(seen)]))
"""


def test_ten_thousand_messages_touch_nothing() -> None:
    quiet, then = json.loads(run(AUDITED))
    harmful = ("compile", "ctypes", "exec", "import", "open", "os.", "socket", "subprocess")
    assert [event for event in quiet if event.startswith(harmful)] == []
    assert set(then) - set(quiet) == {"compile"}, "the hook hears what there is to hear"
