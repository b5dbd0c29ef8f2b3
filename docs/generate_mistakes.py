"""Writes `mistakes.md`: mistakes in configurations, and the output of `dhs check` for each.

make docs-tables
"""

import os
import tempfile
from pathlib import Path
from typing import Final
from unittest import mock

from click.testing import CliRunner

from dhs_runtime.cli import group

PAGE: Final = Path(__file__).with_name("reference") / "mistakes.md"

FILE: Final = "dhs.yaml"
HOME: Final = "/home/dhs"

HEAD: Final = f"""\
<!-- Written by docs/generate_mistakes.py: change the sources, then run `make docs-tables`. -->

# Mistakes in configurations

The output of `dhs check {FILE}` for each of these files, after the word `wrong`. `dhs run` and
`dhs loop` print the same and end with exit code 2. A line has the file, the line number, the path
of the key, the mistake, and what was probably meant. All mistakes of a file are listed at once, up
to a hundred. The values of secrets (keys such as `password` or `api_token`) are never shown; nor
are those of `settings` by `dhs check`, which does not know the class of a DHS's settings.
"""

BOMB: Final = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join(['*' + name] * 10)}]\n"
    for name, after in zip("abcdefgh", "bcdefghi", strict=True)
)

MISTAKES: Final[tuple[tuple[str, str | bytes], ...]] = (
    ("a value for a section", "log: info\n"),
    ("a switch for a section", "trace: true\n"),
    ("a port for a section", "jpeg_receiver: 9000\n"),
    ("an address for a section", "dcss: dcss-host:14242\n"),
    ("a list for a section", "dcss:\n  - host: dcss-host\n"),
    ("a text for a list", "production: bl*\n"),
    ("a doubled key", 'production: ["bl*"]\nproduction: []\n'),
    ("a doubled key of a section", "dcss: {host: a, host: b}\n"),
    ("a misspelled key", "dcss: {prot: 14242}\n"),
    ("a key in another spelling", "statusPort: 9100\n"),
    ("a key in the wrong section", "host: dcss-host\n"),
    ("a misspelled key of `dhs loop`", "jpeg_reciever: {port: 9000}\n"),
    ("an unknown key", "colour: red\n"),
    ("no blank after the colon", "dcss:\n  host:dcss-host\n"),
    ("`=` for a colon", "dcss:\n  host = dcss-host\n"),
    ("a password without its blank", "axis:\n  password:hunter2\n"),
    ("a key with its section", "dcss.host: dcss-host\n"),
    ("a blank of another kind", "dcss:\n\u00a0\u00a0host: dcss-host\n"),
    ("a doubled merge", "dcss:\n  <<: {port: 1}\n  <<: {port: 2}\n"),
    ("Python's word for nothing", "log_dir: None\n"),
    ("nothing in quotes", "dcss: {host: 'none'}\n"),
    ("an empty host", 'dcss: {host: ""}\n'),
    ("a host of two words", "dcss: {host: a b}\n"),
    ("a port in the host", "dcss: {host: 'dcss-host:14242'}\n"),
    ("a URL for a host", "axis: {host: 'http://camera'}\n"),
    ("a path for a host", "dcss: {host: ~/x.log}\n"),
    ("an invalid IPv4 address", "dcss: {host: 192.168.1.300}\n"),
    ("an invalid IPv6 address", "dcss: {host: '::1:14242'}\n"),
    ("a port out of range", "dcss: {port: 142420}\n"),
    ("a port in quotes", 'dcss: {port: "14242"}\n'),
    ("a leading zero", "dcss: {port: 014242}\n"),
    ("base 60", "dcss: {port: 4:02:22}\n"),
    ("5,000 digits", f"dcss: {{port: {'1' * 5000}}}\n"),
    ("an infinite time", "dcss: {connect_timeout_s: .inf}\n"),
    ("a time with its unit", "dcss: {connect_timeout_s: 5 s}\n"),
    ("a size with its unit", "log: {max_bytes: 10MB}\n"),
    ("a time in another unit", "dcss: {connect_timeout_s: 500 ms}\n"),
    ("a comma in a number", "dcss: {send_timeout_s: 2,5}\n".replace("2,5", "'2,5'")),
    ("an impossible time", "osci_time: 0\n"),
    ("no value", "dcss: {port: }\n"),
    ("an unknown word", "log: {level: warn}\n"),
    ("a framing without its letter", "dcss: {framing: 2}\n"),
    ("a word for true", "trace: {enabled: ja}\n"),
    ("`no` for a name", "name: no\n"),
    ("a name of two words", "name: my DHS\n"),
    ("a name that is too long", f"name: {'x' * 60}\n"),
    ("a folder as log file", "log: {file: /}\n"),
    ("`~` in a path", "log: {file: ~/x.log}\n"),
    ("a file for a folder of logs", "log: {file: /etc/passwd/x.log}\n"),
    ("an empty mask", 'log: {mask: [""]}\n'),
    ("a mask that is not an expression", 'log: {mask: ["("]}\n'),
    ("an empty pattern", 'production: [""]\n'),
    ("an impossible date", "settings: {since: 2024-13-45}\n"),
    ("a secret of the wrong kind", "axis: {password: 12345}\n"),
    ("a mask that can take for ever", 'log: {mask: ["(a+)+$"]}\n'),
    ("a mask that Python warns about", 'log: {mask: ["[[a]"]}\n'),
    ("an address of another machine", "jpeg_receiver: {host: 192.0.2.1}\n"),
    ("two servers on one port", "jpeg_receiver: {port: 9100}\nstatus_port: 9100\n"),
    ("a tab", "dcss:\n\thost: a\n"),
    ("a wrong indentation", "dcss:\n   host: a\n  port: 1\n"),
    ("two colons", "name: a: b\n"),
    ("a quote that is not closed", "name: 'stageDHS\n"),
    ("a bracket that is not closed", "production: [bl1, bl2\n"),
    ("two documents", "name: a\n---\nname: b\n"),
    ("an alias without its anchor", "name: *stage\n"),
    ("an alias bomb", BOMB),
    ("a tag of Python", "name: !!python/object:os.system x\n"),
    ("deep nesting", f"settings: {'[' * 500}\n"),
    ("a list at the top", "- name: a\n"),
    ("another kind of file", "[dcss]\nhost = a\n"),
    ("an empty file", ""),
    ("not UTF-8", b"name: st\xe4geDHS\n"),
    ("a binary file", b"\x7fELF\x02\x01\x01\x00"),
)
"""What the mistake is, and the file."""


LINES: Final = 3
"""Lines of a file that are shown; of a longer one, two."""
LETTERS: Final = 240


def render() -> str:
    """The page as the sources want it now."""
    rows = [
        f"| {what} | {_cell(_lines(content))} | {_cell(printed(content))} |"
        for what, content in MISTAKES
    ]
    return "\n".join([HEAD, "| mistake | file | printed |", "| --- | --- | --- |", *rows]) + "\n"


def printed(content: str | bytes) -> list[str]:
    """The lines that `dhs check` prints for a file, without the word in front."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"HOME": HOME}):
        path = Path(folder) / FILE
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = CliRunner().invoke(group, ["check", str(path)])
        said = result.output.replace(f"{folder}/", "")
    return [line.removeprefix("wrong").strip() for line in said.splitlines()]


def _lines(content: str | bytes) -> list[str]:
    """A file for a cell of a table."""
    if isinstance(content, bytes):
        return [repr(content)[2:-1].removesuffix("\\n")]
    lines = content.replace("\t", "→").splitlines()
    return lines if len(lines) <= LINES else [*lines[: LINES - 1], "..."]


def _cell(lines: list[str]) -> str:
    short = (line if len(line) <= LETTERS else f"{line[:60]}..." for line in lines)
    return "<br>".join(f"`` {line} ``".replace("|", "\\|") for line in short)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
