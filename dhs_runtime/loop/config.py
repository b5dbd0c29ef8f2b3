"""Configuration of the loop DHS; keys as in loop-dhs' files, which can be read as they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
from attrs.validators import ge, gt, le

from dhs_runtime.addresses import MAX_PORT
from dhs_runtime.config import is_port
from dhs_runtime.process.config_file import ConfigFileError, Mistake, load_yaml, structure
from dhs_runtime.process.settings import LogConfig, ProcessConfig, RunConfig

OLD_SECTION: Final = "loopdhs"
"""Section of loop-dhs' files whose keys stand at the top here; read from either place."""


@attrs.frozen(kw_only=True)
class AutoMLConfig:
    """The inference server.

    Attributes:
        host: Its machine.
        port: Its REST port.
        model: Name of the model.
        threshold: Lowest score (0..1) of a detection that counts.
        in_flight: Pictures sent to it at once.
        timeout_s: For one picture.
    """

    host: str = "localhost"
    port: int = attrs.field(default=5000, validator=is_port)
    model: str = "default"
    threshold: float = attrs.field(default=0.1, validator=[ge(0), le(1)])
    in_flight: int = attrs.field(default=4, validator=gt(0))
    timeout_s: float = attrs.field(default=35.0, validator=gt(0))


@attrs.frozen(kw_only=True)
class AxisConfig:
    """The video server.

    Attributes:
        host: Its machine.
        port: Its HTTP port.
        camera: Number of the camera on it.
        user: User name, "" where it asks for none.
        password: Password of that user.
        timeout_s: For one picture.
    """

    host: str = "localhost"
    port: int = attrs.field(default=80, validator=is_port)
    camera: int = 1
    user: str = ""
    password: str = attrs.field(default="", repr=False)
    timeout_s: float = attrs.field(default=5.0, validator=gt(0))


@attrs.frozen(kw_only=True)
class JpegReceiverConfig:
    """Where the camera posts its pictures.

    Attributes:
        host: Address to listen on; a camera elsewhere needs 0.0.0.0 or this machine's address.
        port: Port to listen on; 0 picks a free one.
    """

    host: str = "127.0.0.1"
    port: int = attrs.field(default=9000, validator=[ge(0), le(MAX_PORT)])


@attrs.frozen(kw_only=True)
class LoopConfig(ProcessConfig):
    """Everything the loop DHS needs to know, beside what every DHS has in its file.

    Attributes:
        name: Hardware host's name in DCSS's database.
        automl: The inference server.
        axis: The video server.
        jpeg_receiver: Where its pictures arrive.
        osci_delta: Degrees of the oscillation during which pictures are collected.
        osci_time: Seconds it takes.
        video_fps: Pictures per second the camera posts.
        collect_timeout_s: Longest time of collectLoopImages; whatever is missing then is missing.
        save_image_files: Whether the pictures of each collectLoopImages are kept.
        save_image_dir: Where, in a folder for each.
        log_dir: Folder of the log file where `log` names none, "" for none.
    """

    name: str = "loopDHS"
    automl: AutoMLConfig = attrs.field(factory=AutoMLConfig)
    axis: AxisConfig = attrs.field(factory=AxisConfig)
    jpeg_receiver: JpegReceiverConfig = attrs.field(factory=JpegReceiverConfig)
    osci_delta: float = 180.0
    osci_time: float = attrs.field(default=3.0, validator=gt(0))
    video_fps: float = attrs.field(default=30.0, validator=gt(0))
    collect_timeout_s: float = attrs.field(default=60.0, validator=gt(0))
    save_image_files: bool = False
    save_image_dir: Path = Path("RESULTS")
    log_dir: str = ""

    @property
    def expected_images(self) -> int:
        """Pictures that one oscillation brings."""
        return max(1, round(self.osci_time * self.video_fps))

    @property
    def effective_log(self) -> LogConfig:
        """The log, with the file that `log_dir` stands for."""
        if self.log.file is not None or not self.log_dir:
            return self.log
        return attrs.evolve(self.log, file=Path(self.log_dir) / f"{self.name}.log")


def is_loop_config(values: Mapping[str, object]) -> bool:
    """Whether a file's values look like the loop DHS's, and not like another DHS's."""
    own = {field.name for field in attrs.fields(LoopConfig)}
    others = {field.name for field in attrs.fields(RunConfig)}
    return bool(values.keys() & ((own - others) | {OLD_SECTION}))


def load_loop_config(path: Path) -> LoopConfig:
    """The configuration in a YAML file, in this project's form or loop-dhs'.

    Raises:
        ConfigFileError: One line per mistake, with the file and the path of the value.
    """
    values = dict(load_yaml(path))
    section = values.pop(OLD_SECTION, {})
    if not isinstance(section, dict):
        mistake = Mistake(OLD_SECTION, "a mapping of names to values is wanted")
        raise ConfigFileError(str(path), (mistake,))
    twice = sorted(values.keys() & section.keys())
    if twice:
        reason = f"stands at the top and in {OLD_SECTION} too"
        raise ConfigFileError(str(path), tuple(Mistake(key, reason) for key in twice))
    return structure(values | section, LoopConfig, str(path))
