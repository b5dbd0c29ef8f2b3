"""Writes `cli.md`: every command of `dhs` with its options, as defined in click.

make docs-tables
"""

import inspect
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import attrs
import click

from dhs_runtime.cli import group
from dhs_runtime.cli.options import LogFlags

PAGE: Final = Path(__file__).with_name("reference") / "cli.md"

HEAD: Final = """\
<!-- Written by docs/generate_cli.py: change the commands, then run `make docs-tables`. -->

# Command line

Every command of `dhs`, as `--help` and `-h` show it. The command needs the extra `runtime`;

`dhs demo`, `dhs simulate axis`, `dhs simulate automl` and `dhs loop --pretend` need `sim`.

**Exit codes** of all commands, unless a command lists its own: 0 all is well; 1 something failed
while it ran, and another start may help; 2 the command line or a configuration is wrong, or an
extra is missing, and another start does not help; 130 Ctrl-C ended it. Commands that run until a
signal, such as `dhs run`, end with 0 after Ctrl-C. Errors are one line on stderr.
"""

LOGS: Final = """\
## Options of logs

These options belong to every command that runs or simulates something. They override the
configuration file of `dhs run --config` and `dhs loop --config`.
"""

_OF_LOGS: Final = frozenset(field.name for field in attrs.fields(LogFlags))
_DEFAULT: Final = re.compile(r"\s*\[default: (.*)\]$")


def render() -> str:
    """The page as the commands want it now."""
    found = list(commands())
    sections = [HEAD, overview(found)]
    for path, command in found:
        sections += command_section(path, command)
    of_logs = next(each for path, each in found if path == "dhs run")
    sections += [LOGS, options_table(of_logs, of_logs=True)]
    return "\n\n".join(section.strip() for section in sections if section) + "\n"


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command, by what is typed to call it, in the order of the help."""
    return walked("dhs", group)


def walked(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command and those below it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from walked(f"{path} {name}", below)


def overview(found: Iterable[tuple[str, click.Command]]) -> str:
    """A table of all commands, without groups."""
    rows = [
        (f"[`{path}`](#{path.replace(' ', '-')})", command.get_short_help_str(200))
        for path, command in found
        if not isinstance(command, click.Group)
    ]
    return table(("command", "what it does"), rows)


def command_section(path: str, command: click.Command) -> Iterator[str]:
    """Heading, use, help and options of one command."""
    context = click.Context(command, info_name=path)
    yield f"## `{path}`"
    yield f"```text\n{path} {' '.join(command.collect_usage_pieces(context))}\n```"
    yield from map(paragraph, inspect.cleandoc(command.help or "").split("\n\n"))
    yield options_table(command, of_logs=False)
    if any(parameter.name in _OF_LOGS for parameter in command.params):
        yield "And the [options of logs](#options-of-logs)."


def options_table(command: click.Command, *, of_logs: bool) -> str:
    """The options of a command, those of logs or the others; "" if there are none."""
    context = click.Context(command)
    rows = [
        option_row(parameter, context)
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        and "--help" not in parameter.opts
        and (parameter.name in _OF_LOGS) is of_logs
    ]
    return table(("option", "value", "default", "meaning"), rows) if rows else ""


def paragraph(text: str) -> str:
    """A paragraph of a help; its lines are kept if click keeps them."""
    if not text.startswith("\b"):
        return safe(" ".join(text.split()))
    head, *lines = text.removeprefix("\b\n").splitlines()
    blocks = [safe(head)]
    for is_head, group_of in itertools.groupby(lines, lambda line: not line.startswith(" ")):
        block = list(group_of)
        if is_head:
            blocks += map(safe, block)
        else:
            blocks.append("```text\n" + "\n".join(line.strip() for line in block) + "\n```")
    return "\n\n".join(blocks)


def option_row(option: click.Option, context: click.Context) -> tuple[str, ...]:
    """One option: its spellings, what it takes, what it is without it, what it means."""
    meaning = option.help or ""
    said = _DEFAULT.search(meaning)
    default = in_words(said[1]) if said else shown_default(option, context)
    spellings = ", ".join(f"`{name}`" for name in sorted(option.opts, key=_is_long))
    if option.required:
        default = "required"
    return spellings, value(option), default, _DEFAULT.sub("", meaning)


def shown_default(option: click.Option, context: click.Context) -> str:
    """The default, if the help shows one."""
    if option.is_flag or option.count or not option.show_default:
        return ""
    return f"`{option.get_default(context)}`"


def in_words(default: str) -> str:
    """A default that a help tells: a value as code, words as they are."""
    return default if " " in default else f"`{default}`"


def value(option: click.Option) -> str:
    """What an option takes, "" if it takes nothing."""
    if option.is_flag or option.count:
        return "any number of times" if option.count else ""
    kind = option.type
    if isinstance(kind, click.Choice):
        shown = ", ".join(f"`{choice}`" for choice in kind.choices)
    else:
        name = option.metavar or kind.name.upper().removesuffix(" RANGE")
        shown = f"`{name.strip(chr(39))}`"
    if isinstance(kind, click.IntRange | click.FloatRange):
        shown += f", {limits(kind)}"
    return f"{shown}, repeatable" if option.multiple else shown


def _is_long(name: str) -> bool:
    return name.startswith("--")


def limits(kind: click.IntRange | click.FloatRange) -> str:
    """The numbers that are taken."""
    if kind.max is None:
        return f"{'more than' if kind.min_open else 'at least'} {kind.min:g}"
    return f"{kind.min} to {kind.max}"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of Markdown, without the columns in which no row says anything."""
    cells = [tuple(map(safe, row)) for row in rows]
    said = [any(column) for column in zip(*cells, strict=True)]
    lines = (itertools.compress(line, said) for line in (head, ("---",) * len(head), *cells))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def safe(text: str) -> str:
    """A text in which nothing but back-quotes and links means anything to Markdown."""
    code_or_mark = re.compile(r"`[^`]*`|[*|<>]")
    return code_or_mark.sub(lambda match: escaped(match[0]), text)


def escaped(found: str) -> str:
    """Code as it is, except that bars are escaped: they would end the cell."""
    return found.replace("|", "\\|") if found[0] == "`" else "\\" + found


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
