"""`dhs run` and `dhs loop`: a DHS as a process."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

import attrs
import click

from dcs_codec import Framing
from dhs_runtime.app import Dhs
from dhs_runtime.cli.options import logging_options
from dhs_runtime.config import DcssConfig
from dhs_runtime.errors import ConfigError
from dhs_runtime.process.logs import set_up_logging

SAMPLE_CONFIG: Final = """\
# Configuration of the loop DHS. Every key may be left out; these are the defaults.
name: loopDHS              # hardware host in DCSS's database
dcss:
  host: localhost
  port: 14242
  framing: auto            # v1, v2 or auto
automl:                    # inference server
  host: localhost
  port: 5000
  model: default
  threshold: 0.1           # lowest score of a loop that counts
  in_flight: 4             # pictures sent to it at once
axis:                      # video server
  host: localhost
  port: 80
  camera: 1
  user: ""
  password: ""
jpeg_receiver:             # where the video server posts its pictures
  host: 127.0.0.1          # 0.0.0.0 when it is another machine
  port: 9000
osci_delta: 180.0          # degrees, seconds and pictures per second of one oscillation
osci_time: 3.0
video_fps: 30.0
collect_timeout_s: 60.0
save_image_files: false
save_image_dir: RESULTS
log_dir: ""
"""


@click.command()
@click.argument("target", metavar="FILE.py:NAME")
@click.option(
    "--dcss",
    "address",
    metavar="HOST:PORT",
    default="localhost:14242",
    show_default=True,
    help="DCSS's hardware port.",
)
@click.option("--name", help="Name to give DCSS instead of the DHS's own.")
@click.option(
    "--framing",
    type=click.Choice([framing.value for framing in Framing]),
    default=Framing.AUTO.value,
    show_default=True,
    help="Protocol version of this DHS in DCSS's database.",
)
@logging_options
def run(
    *,
    target: str,
    address: str,
    name: str | None,
    framing: str,
    verbosity: int,
    log_file: Path | None,
    wire: bool,
) -> None:
    r"""Run a DHS until Ctrl-C or SIGTERM.

    FILE.py:NAME is a Python file and the name of the Dhs object in it; package.module:NAME works
    too. The DHS connects when DCSS is there, and again whenever it comes back.

    \b
    Example:
        dhs run echo_dhs.py:dhs --dcss localhost:14242 --wire
    """
    set_up_logging(verbosity, log_file, wire=wire)
    dhs = find_dhs(target)
    if name:
        dhs.name = name
    dhs.run(attrs.evolve(DcssConfig.at(address), framing=Framing(framing)))


@click.command()
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    help="YAML file; loop-dhs' own files can be read too.",
)
@click.option("--sample-config", is_flag=True, help="Print a configuration with all keys, and end.")
@click.option("--dcss", "address", metavar="HOST:PORT", help="Overrides the file's dcss.")
@logging_options
def loop(
    *,
    path: Path | None,
    sample_config: bool,
    address: str | None,
    verbosity: int,
    log_file: Path | None,
    wire: bool,
) -> None:
    r"""Run the loop DHS: finds sample loops in camera pictures with an inference server.

    \b
    Example:
        dhs loop --sample-config > loop.yaml
        dhs loop --config loop.yaml
    """
    from dhs_runtime.loop import LoopConfig, LoopDhs, load_loop_config  # noqa: PLC0415 - slow

    if sample_config:
        click.echo(SAMPLE_CONFIG, nl=False)
        return
    config = LoopConfig() if path is None else load_loop_config(path)
    if address is not None:
        config = attrs.evolve(config, dcss=DcssConfig.at(address))
    if log_file is None and config.log_dir:
        log_file = Path(config.log_dir) / f"{config.name}.log"
    set_up_logging(verbosity, log_file, wire=wire)
    LoopDhs(config).dhs.run(config.dcss)


def find_dhs(target: str) -> Dhs:
    """The Dhs object that `FILE.py:NAME` or `package.module:NAME` names.

    Raises:
        ConfigError: There is no such file, name, or it is no Dhs.
    """
    source, _, name = target.rpartition(":")
    if not source or not name:
        raise ConfigError(f"{target!r} is not FILE.py:NAME")
    module = _load_file(Path(source)) if source.endswith(".py") else _import(source)
    dhs = getattr(module, name, None)
    if not isinstance(dhs, Dhs):
        found = [key for key, value in vars(module).items() if isinstance(value, Dhs)]
        hint = f"; there is {', '.join(found)}" if found else "; there is none in it"
        raise ConfigError(f"{source} has no Dhs called {name!r}{hint}")
    return dhs


def _load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise ConfigError(f"there is no Python file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.parent.resolve()))  # as `python FILE.py` does
    spec.loader.exec_module(module)
    return module


def _import(name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigError(f"cannot import {name}: {error}") from None
