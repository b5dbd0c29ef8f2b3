"""Checks lists with real Tcl; tests that use it skip if there is no `tclsh`."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

# Texts cross as hex of their UTF-8 bytes, one list to a line, so nothing needs quoting.
_SPLIT = """
while {[gets stdin line] >= 0} {
    set text [encoding convertfrom utf-8 [binary format H* $line]]
    if {[catch {llength $text}]} { puts error; continue }
    set words {}
    foreach word $text {
        binary scan [encoding convertto utf-8 $word] H* hex
        append words - $hex
    }
    puts $words
}
"""


def tcl_split(texts: Sequence[str], folder: Path) -> list[list[str] | None]:
    """The words of each text as a Tcl list, None if Tcl says it is not a list.

    Args:
        texts: What to split; no lone surrogates.
        folder: A folder for the script.
    """
    tclsh = shutil.which("tclsh")
    if tclsh is None:
        pytest.skip("no tclsh on this machine to compare lists with")
    script = folder / "split.tcl"
    script.write_text(_SPLIT)
    lines = "".join(text.encode().hex() + "\n" for text in texts)
    done = subprocess.run(
        [tclsh, script], input=lines, capture_output=True, text=True, check=True, timeout=150
    )
    return [_words(line) for line in done.stdout.splitlines()]


def _words(line: str) -> list[str] | None:
    if line == "error":
        return None
    return [bytes.fromhex(word).decode() for word in line.split("-")[1:]]
