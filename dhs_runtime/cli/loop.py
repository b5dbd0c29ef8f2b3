"""`dhs loop`: the loop DHS as a process."""

import contextlib
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from dhs_runtime.cli.options import LogFlags, ProcessFlags, logging_options, process_options
from dhs_runtime.errors import ConfigError
from dhs_runtime.loggers import get_logger
from dhs_runtime.process.config_file import load_yaml
from dhs_runtime.process.service import run_service

if TYPE_CHECKING:
    from dhs_runtime.loop import LoopConfig, LoopDhs

logger = get_logger(__name__)

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
  https: false
  verify: true             # whether to check its certificate
  ca: null                 # file with the CA certificates to check it with
  model: default
  threshold: 0.25          # lowest score of a loop that counts
  loop_labels: [mitegen, nylon]  # classes that count as a loop
  scan_n_results: null     # how many of the best detections are used; null for all
  mount_from: any          # side the mount comes from: left, right, above, below; any finds it
  in_flight: 4             # pictures under way at once
axis:                      # video server
  host: localhost
  port: 80
  https: false
  verify: true             # false for a self-signed certificate
  ca: null                 # file with the CA certificates to check it with
  camera: 1
  user: ""
  password: ""
  auth: digest             # basic for video servers that know nothing else
jpeg_receiver:             # where the video server posts its pictures
  host: 127.0.0.1          # 0.0.0.0 if it is another machine
  port: 9000
osci_delta: 180.0          # degrees, seconds and pictures per second of one oscillation
osci_time: 3.0
video_fps: 30.0
collect_timeout_s: 60.0
save_image_files: false    # keep each collection: pictures, a table, pictures with boxes, plots
save_image_dir: RESULTS    # gets one folder for each collection
log_dir: ""                # folder for a log file named after the DHS
log:
  level: info              # warning, info, debug or everything
  format: text             # text, json, or journal (journald's priorities on stderr)
  file: null               # overrides log_dir
  max_bytes: 10000000      # size at which it rotates
  backups: 5               # number of old files that are kept
  mask: []                 # regular expressions of other secrets
trace:                     # every message sent and received, session ids masked
  enabled: false
  file: null               # a file of its own instead of the log
  max_bytes: 10000000
  backups: 5
production: []             # patterns of DCSS's hosts and hardware hosts that need --production
status_port: null          # on 127.0.0.1: /healthz, /status, /metrics
status_hosts: []           # other host names that requests may use
"""


@click.command()
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    help="YAML file; files of loop-dhs work, too.",
)
@click.option("--sample-config", is_flag=True, help="Print a file with all keys, and exit.")
@click.option("--dcss", "address", metavar="HOST:PORT", help="Overrides the file's dcss.")
@process_options
@logging_options
def loop(
    *,
    path: Path | None,
    sample_config: bool,
    address: str | None,
    flags: ProcessFlags,
    logs: LogFlags,
) -> None:
    """Run the loop DHS: finds sample loops in camera pictures with an inference server.

    With --pretend, a simulated camera and inference server on loopback replace the configured ones,
    and collectLoopImages gets its pictures from them.

    Exit codes: see `dhs run`.

    \b
    Examples:
        dhs loop --sample-config > loop.yaml
        dhs check loop.yaml --connect
        dhs loop --config loop.yaml
        dhs loop --config loop.yaml --pretend --dcss test-dcss:14242
    """  # noqa: D301 - click wants the sign itself
    from dhs_runtime.loop.config import (  # noqa: PLC0415 - slow
        LoopConfig,
        file_notes,
        loop_config,
    )

    if sample_config:
        click.echo(SAMPLE_CONFIG, nl=False)
        return
    values = None if path is None else load_yaml(path)
    config = LoopConfig() if path is None or values is None else loop_config(values, path)
    config = flags.apply(config, address)
    logs.set_up(config.effective_log, config.trace, secrets=[config.axis.password])
    guard = flags.guard(config, "the configuration" if path is None else str(path))
    guard.check_host(config.dcss.host)
    guard.check_name(config.name)
    if not flags.pretend:
        for note in (*config.notes(), *(() if values is None else file_notes(values))):
            logger.warning("%s", note)
    with _loop_dhs(config, pretend=flags.pretend) as made:
        run_service(made.dhs, config, pretend=flags.pretend)


def _loop_dhs(
    config: "LoopConfig", *, pretend: bool
) -> "contextlib.AbstractContextManager[LoopDhs]":
    if not pretend:
        from dhs_runtime.loop import LoopDhs  # noqa: PLC0415 - slow

        return contextlib.nullcontext(LoopDhs(config))
    try:
        lab = importlib.import_module("dhs_lab.pretend")  # by name: the lab imports the runtime
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error}; install the extra: pip install 'dcs-codec[sim]'") from None
    made: contextlib.AbstractContextManager[LoopDhs] = lab.pretend_loop(config)
    return made
