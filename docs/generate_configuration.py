"""Writes `configuration.md`: every key of the configuration files, from their classes.

make docs-tables
"""

import itertools
import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from dcs_codec import Framing
from dhs_runtime.cli.loop import SAMPLE_CONFIG
from dhs_runtime.clock import Backoff
from dhs_runtime.config import DcssConfig
from dhs_runtime.loop.config import AutoMLConfig, AxisConfig, JpegReceiverConfig, LoopConfig
from dhs_runtime.process import key_kinds
from dhs_runtime.process.guard import VARIABLE
from dhs_runtime.process.key_kinds import Field
from dhs_runtime.process.settings import LogConfig, ProcessConfig, RunConfig, TraceConfig

PAGE: Final = Path(__file__).with_name("reference") / "configuration.md"

HEAD: Final = """\
<!-- Written by docs/generate_configuration.py: change the sources, then run `make docs-tables`. -->

# Configuration

The keys of the YAML files of `dhs run --config` and `dhs loop --config`, and of their classes in
Python. Every key is optional. An unknown key, or a value of another kind, is refused with its line,
its path and the reason; all mistakes are listed at once. `dhs check FILE` makes the same check, and
[mistakes](mistakes.md) shows many examples. If `dhs check` calls a file right, the DHS starts.

Values have the types that YAML gives them: `"14242"` is text, not a number, and `1` is not `true`;
but `3` may be used in place of `3.0`. The traps of YAML 1.1 are refused: `014242` (octal),
`4:02:22` (base 60), a doubled key. A file may have at most 1 MiB.

`dhs check --schema` prints a JSON Schema. With it, editors complete keys and underline mistakes:
for VS Code's YAML extension, put `# yaml-language-server: $schema=dhs.schema.json` into the first
line.

A host is a name, an IPv4 or an IPv6 address (`::1`, or `[::1]`), without a port or `http://`. In
HOST:PORT, an IPv6 address needs brackets: `--dcss [::1]:14242`. A listener at `0.0.0.0` accepts
connections from every IPv4 network, at `::` also from IPv6.

The command line overrides the file.
"""

SECTIONS: Final[Mapping[str, tuple[type, str]]] = {
    "Every DHS": (
        ProcessConfig,
        "Keys at the top, of both files.",
    ),
    "`dhs run`": (
        RunConfig,
        (
            "Keys at the top of the file of `dhs run --config`, in addition to those of every DHS. "
            "The section `settings` belongs to the author of the DHS, who makes a class of it with "
            "`launch.settings(MyConfig)`."
        ),
    ),
    "`dhs loop`": (
        LoopConfig,
        (
            "Keys at the top of the file of `dhs loop --config`, in addition to those of every "
            "DHS. In files of loop-dhs they are in a section `loopdhs`, which is read as well."
        ),
    ),
    "`dcss`": (
        DcssConfig,
        (
            'In Python: `dhs.run(DcssConfig(host=...))`; `DcssConfig.at("HOST:PORT")` is the short '
            "form."
        ),
    ),
    "`dcss.retry`, `dcss.retry_refused`": (
        Backoff,
        "The defaults of `retry` are here; `retry_refused` has the defaults {refused}.",
    ),
    "`log`": (LogConfig, ""),
    "`trace`": (TraceConfig, ""),
    "`automl`": (AutoMLConfig, "Of `dhs loop`."),
    "`axis`": (AxisConfig, "Of `dhs loop`."),
    "`jpeg_receiver`": (JpegReceiverConfig, "Of `dhs loop`."),
}

UNITS: Final = {
    "max_bytes": "bytes",
    "osci_delta": "degrees",
    "osci_time": "s",
    "video_fps": "1/s",
}
"""Units that the name does not tell; `_s` is seconds."""

ENVIRONMENT: Final = f"""\
## Environment

| variable | meaning |
| --- | --- |
| `{VARIABLE}` | Patterns as in `production`, separated by blanks, for all DHSs of a machine. |
| `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID` | Set by systemd. |
"""

RUN_SAMPLE: Final = """\
name: stageDHS
dcss:
  host: dcss.example.org
  retry: {first_s: 0.05, factor: 1.5, longest_s: 1.0}
log:
  level: info
  file: /var/log/dhs/stage.log
trace:
  enabled: true
  file: /var/log/dhs/stage-wire.log
production: ["dcss*.example.org"]
status_port: 9100
settings:
  port: /dev/ttyS0
  speed: 2.5
"""


def render() -> str:
    """The page as the sources want it now."""
    sections = [HEAD]
    for title, (config_class, text) in SECTIONS.items():
        sections += config_section(title, config_class, text.format(refused=refused()))
    sections += [
        ENVIRONMENT,
        f"## A file of `dhs run`\n\n```yaml\n{RUN_SAMPLE}```",
        (
            "## A file of `dhs loop`\n\nAs `dhs loop --sample-config` prints it: all keys, with "
            f"their defaults except timeouts and delays of `dcss`.\n\n```yaml\n{SAMPLE_CONFIG}```"
        ),
    ]
    return "\n\n".join(section.strip() for section in sections if section) + "\n"


def config_section(title: str, config_class: type, text: str) -> Iterator[str]:
    """Heading, use and keys of one class; the keys of its base are in the section of the base."""
    yield f"## {title}"
    yield f"`{config_class.__module__}.{config_class.__name__}`. {text}"
    base = config_class.__base__
    known = {field.name for field in attrs.fields(base)} if base and attrs.has(base) else set()
    meanings = key_kinds.meanings_of(config_class)
    rows = [
        (
            f"`{field.name}`",
            kind_of(field, typing.get_type_hints(config_class)[field.name]),
            default_of(field),
            unit_of(field.name),
            meanings[field.name],
        )
        for field in attrs.fields(config_class)
        if field.name not in known
    ]
    yield table(("key", "value", "default", "unit", "meaning"), rows)


def kind_of(field: Field, hint: Any) -> str:
    """What a key takes."""
    if attrs.has(hint):
        return f"section of {hint.__name__}"
    each = key_kinds.limits_of(field.validator).get("each", {})
    rule = f", each a {each['rule'].wanted}" if "rule" in each else ""
    words = key_kinds.takes(hint, field.validator) + rule
    if not words.startswith("one of "):
        return words
    options = words.removeprefix("one of ").split(", ")
    return "one of " + ", ".join(f"`{option}`" for option in options)


def default_of(field: Field) -> str:
    """The default of a key, as YAML writes it; "" for a section, which has defaults of its own."""
    default: Any = field.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
        return "empty" if default.factory is dict else ""
    return yaml_of(default)


def yaml_of(value: object) -> str:
    """A value as YAML writes it."""
    if value is None or isinstance(value, bool):
        return f"`{'null' if value is None else str(value).lower()}`"
    if isinstance(value, Framing):
        return f"`{value.value}`"
    if value in ("", ()):
        return '`""`' if value == "" else "`[]`"
    return f"`{value}`"


def unit_of(name: str) -> str:
    """The unit of a key, "" if it has none."""
    return "s" if name.endswith("_s") else UNITS.get(name, "")


def refused() -> str:
    """The defaults of `retry_refused`."""
    values = attrs.asdict(DcssConfig().retry_refused)
    return ", ".join(f"`{name}: {value}`" for name, value in values.items())


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of Markdown, without the columns in which no row says anything."""
    cells = [tuple(map(safe, row)) for row in rows]
    said = [any(column) for column in zip(*cells, strict=True)]
    lines = (itertools.compress(line, said) for line in (head, ("---",) * len(head), *cells))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def safe(text: str) -> str:
    """A text in which nothing but back-quotes and links means anything to Markdown."""
    code_or_mark = re.compile(r"`[^`]*`|[*|<>]")
    return code_or_mark.sub(lambda match: match[0] if match[0][0] == "`" else "\\" + match[0], text)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
