"""`dhs systemd-unit`: prints a unit that runs a DHS as a service."""

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from dhs_runtime.cli.init import template
from dhs_runtime.errors import ConfigError

YAML = (".yaml", ".yml")
HOMES = ("/home/", "/root/", "/run/user/")
TEMPORARY = ("/tmp/", "/var/tmp/")  # noqa: S108 - it is only looked for


@click.command("systemd-unit")
@click.argument("file", metavar="FILE")
@click.option("-c", "--config", type=click.Path(path_type=Path), help="Configuration of `dhs run`.")
@click.option("--user", default="dhs", show_default=True, help="User of the service.")
@click.option("--status-port", type=click.IntRange(1, 65535), help="As for `dhs run`.")
@click.option("--production", is_flag=True, help="As for `dhs run`.")
def systemd_unit(
    *, file: str, config: Path | None, user: str, status_port: int | None, production: bool
) -> None:
    """Print a systemd unit for a DHS.

    FILE is FILE.py:NAME as for `dhs run` (NAME may be left out for make_dhs), or a configuration of
    `dhs loop`. The unit runs the same `dhs` as this command. Check that its user and folders are
    right for the beamline.

    \b
    Examples:
        dhs systemd-unit loop.yaml > /etc/systemd/system/dhs-loop.service
        dhs systemd-unit stage_dhs.py:make_dhs -c stage.yaml --status-port 9100
    """  # noqa: D301 - click wants the sign itself
    words = [str(_this_command())]
    source, _, name = file.rpartition(":") if ".py:" in file else (file, "", "make_dhs")
    path = Path(source)
    for each in (path, *([] if config is None else [config])):
        if not each.is_file():
            raise ConfigError(f"there is no file {each}")
    if path.suffix in YAML:
        if config is not None:
            raise ConfigError(f"{path} is a configuration itself; leave --config out")
        words += ["loop", "--config", str(path.resolve())]
    elif path.suffix == ".py":
        words += ["run", f"{path.resolve()}:{name}"]
        words += [] if config is None else ["--config", str(config.resolve())]
    else:
        raise ConfigError(f"{path} is neither FILE.py:NAME nor the configuration of dhs loop")
    words += ["--production"] if production else []
    words += [] if status_port is None else ["--status-port", str(status_port)]
    if not re.fullmatch(r"[A-Za-z_][\w-]*", user, re.ASCII):
        raise ConfigError(f"--user {user!r} is not the name of a user")
    filled = {
        "DESCRIPTION": f"DHS {path.stem}".replace("%", "%%"),
        "USER": user,
        "COMMAND": " ".join(map(_word, words)),
        **protection(words),
    }
    text = template("dhs.service")
    for mark, value in filled.items():
        text = text.replace(f"@{mark}@", value)
    click.echo(text, nl=False)


def protection(words: Iterable[str]) -> dict[str, str]:
    """Settings that hide folders from the DHS, but not those with files of its command."""
    paths = [word for word in words if word.startswith("/")]
    paths += [os.path.realpath(path) for path in paths]  # where symbolic links lead
    return {
        "PROTECT_HOME": "read-only" if any(path.startswith(HOMES) for path in paths) else "yes",
        "PRIVATE_TMP": "no" if any(path.startswith(TEMPORARY) for path in paths) else "yes",
    }


def _this_command() -> Path:
    """The path of this `dhs` as it was called: a link may select the version."""
    called = Path(sys.argv[0])
    return (called if called.name == "dhs" else Path(sys.executable).with_name("dhs")).absolute()


def _word(word: str) -> str:
    """Quote a word of ExecStart, where `%`, `$` and blanks have a meaning."""
    word = word.replace("%", "%%").replace("$", "$$")
    if re.search(r"[\s\"'\\;]", word):
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return word
