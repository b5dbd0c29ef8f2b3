"""`dhs init`: a first DHS with its test and its configuration."""

import importlib.resources
import importlib.util
import keyword
import re
from pathlib import Path
from typing import Final

import click

from dhs_runtime.errors import ConfigError, machine_error

FILES: Final = {
    "{}.py": "first_dhs.py.in",
    "test_{}.py": "test_first_dhs.py.in",
    "{}.yaml": "first_dhs.yaml.in",
}
"""The files that are written, and the template of each."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--name", default="stageDHS", show_default=True, help="Hardware host in DCSS.")
def init(*, folder: Path, name: str) -> None:
    """Write a first DHS, its test and its configuration.

    The files are named after the DHS: stage_dhs.py for stageDHS. They go into FOLDER, which is made
    if it is missing, or into the current folder. No file is ever overwritten.

    \b
    Examples:
        dhs init my_stage
        dhs init --name filterDHS
    """  # noqa: D301 - click wants the sign itself
    if not re.fullmatch(r"[A-Za-z]\w{0,38}", name, re.ASCII):
        raise ConfigError(f"--name {name!r}: use letters, digits and _, a letter first")
    module = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    if keyword.iskeyword(module) or importlib.util.find_spec(module) is not None:
        raise ConfigError(f"--name {name!r}: Python already has {module!r}; try {name + 'DHS'!r}")
    texts = {folder / path.format(module): template(source) for path, source in FILES.items()}
    there = [str(path) for path in texts if path.exists()]
    if there:
        raise ConfigError(f"{', '.join(there)} exists already; no file is overwritten")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(text.replace("stageDHS", name).replace("MODULE", module))
            click.echo(f"wrote {path}")
    except OSError as error:
        raise machine_error(str(folder), error) from None
    click.echo(f"try it: cd {folder} && pytest && dhs run {module}.py:make_dhs -c {module}.yaml")


def template(name: str) -> str:
    """The content of a template."""
    found = importlib.resources.files("dhs_runtime.cli") / "templates" / name
    return found.read_text(encoding="utf-8")
