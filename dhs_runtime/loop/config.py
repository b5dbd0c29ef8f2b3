"""Configuration of the loop DHS. The keys are those of loop-dhs, whose files can be read."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs
from attrs.validators import deep_iterable, ge, gt, in_, le, optional

from dhs_runtime.addresses import (
    HTTP_PORT,
    HTTPS_PORT,
    MAX_PORT,
    HostPort,
    bare_host,
    is_ip,
    is_loopback,
)
from dhs_runtime.clock import is_seconds
from dhs_runtime.config import is_host, is_port
from dhs_runtime.errors import ConfigError
from dhs_runtime.loop.info import LOOPS
from dhs_runtime.loop.old_keys import OLD_KEYS, unused_words, with_new_names
from dhs_runtime.loop.painter import INSTALL, can_draw
from dhs_runtime.process.config_file import ConfigFileError, Mistake, load_yaml, structure
from dhs_runtime.process.rules import (
    file_trouble,
    is_folder,
    is_name,
    is_path,
    is_word,
    listen_trouble,
)
from dhs_runtime.process.settings import LogConfig, ProcessConfig, RunConfig, file_mistakes
from dhs_runtime.services.mount_sides import MountFrom
from dhs_runtime.services.tls import tls_context

if TYPE_CHECKING:
    from dhs_runtime.process.yaml_values import YamlSection

MAX_IN_FLIGHT: Final = 100
MAX_FPS: Final = 1000.0
OLD_SECTION: Final = "loopdhs"
"""The section of loop-dhs' files that has these keys. Keys are read from it and from the top."""


@attrs.frozen(kw_only=True)
class AutoMLConfig:
    """The inference server.

    Attributes:
        host: Its host.
        port: Its REST port.
        https: Whether it uses https.
        verify: Whether its certificate must be trusted.
        ca: File with the CA certificates to check it with; null for those of the system.
        model: Name of the model.
        threshold: Lowest score (0..1) of a detection that counts.
        loop_labels: Classes that count as a loop; others are not loops.
        scan_n_results: How many of the best detections are used; null for all.
        mount_from: Side of the picture that the mount comes from: `any` (found in the picture if
            the server gives the tip, else left), `left`, `right`, `above` or `below`.
        in_flight: Most pictures under way at once.
        timeout_s: Longest time for one picture.
    """

    host: str = attrs.field(default="localhost", converter=bare_host, validator=is_host)
    port: int = attrs.field(default=5000, validator=is_port)
    https: bool = False
    verify: bool = True
    ca: Path | None = attrs.field(default=None, validator=optional(is_path))
    model: str = attrs.field(default="default", validator=is_word)
    threshold: float = attrs.field(default=0.25, validator=[ge(0), le(1)])
    loop_labels: tuple[str, ...] = attrs.field(default=LOOPS, validator=deep_iterable(is_word))
    scan_n_results: int | None = attrs.field(default=None, validator=optional(ge(1)))
    mount_from: MountFrom = "any"
    in_flight: int = attrs.field(default=4, validator=[ge(1), le(MAX_IN_FLIGHT)])
    timeout_s: float = attrs.field(default=35.0, validator=is_seconds)


@attrs.frozen(kw_only=True)
class AxisConfig:
    """The video server.

    Attributes:
        host: Its host.
        port: Its HTTP port.
        https: Whether it uses https.
        verify: Whether its certificate must be trusted; false for a self-signed one.
        ca: File with the CA certificates to check it with; null for those of the system.
        camera: Number of the camera on it.
        user: User name, "" if it needs no login.
        password: Password of that user.
        auth: How to log in: `digest`, or `basic` for video servers that know nothing else.
        timeout_s: Longest time for one picture.
    """

    host: str = attrs.field(default="localhost", converter=bare_host, validator=is_host)
    port: int = attrs.field(default=80, validator=is_port)
    https: bool = False
    verify: bool = True
    ca: Path | None = attrs.field(default=None, validator=optional(is_path))
    camera: int = attrs.field(default=1, validator=ge(1))
    user: str = ""
    password: str = attrs.field(default="", repr=False)
    auth: Literal["digest", "basic"] = attrs.field(
        default="digest", validator=in_(("digest", "basic"))
    )
    timeout_s: float = attrs.field(default=5.0, validator=is_seconds)


@attrs.frozen(kw_only=True)
class JpegReceiverConfig:
    """Where the camera posts its pictures.

    Attributes:
        host: Address to listen on; a camera elsewhere needs 0.0.0.0 or this machine's address.
        port: Port to listen on; 0 picks a free one.
    """

    host: str = attrs.field(default="127.0.0.1", converter=bare_host, validator=is_host)
    port: int = attrs.field(default=9000, validator=[ge(0), le(MAX_PORT)])


@attrs.frozen(kw_only=True)
class LoopConfig(ProcessConfig):
    """The keys of the loop DHS, in addition to those of every DHS.

    Attributes:
        name: Hardware host's name in DCSS's database.
        automl: The inference server.
        axis: The video server.
        jpeg_receiver: Where its pictures arrive.
        osci_delta: Degrees of the oscillation during which pictures are collected.
        osci_time: Duration of the oscillation in seconds.
        video_fps: Pictures per second the camera posts.
        collect_timeout_s: Longest time of collectLoopImages; then it ends, even if pictures are
            missing.
        save_image_files: Whether the pictures of each collectLoopImages are kept, with a table,
            pictures with boxes, and plots.
        save_image_dir: Folder for that; it gets one folder for each collection.
        log_dir: Folder of the log file if `log` names no file; "" for no file.
    """

    name: str = attrs.field(default="loopDHS", validator=is_name)
    automl: AutoMLConfig = attrs.field(factory=AutoMLConfig)
    axis: AxisConfig = attrs.field(factory=AxisConfig)
    jpeg_receiver: JpegReceiverConfig = attrs.field(factory=JpegReceiverConfig)
    osci_delta: float = 180.0
    osci_time: float = attrs.field(default=3.0, validator=is_seconds)
    video_fps: float = attrs.field(default=30.0, validator=[gt(0), le(MAX_FPS)])
    collect_timeout_s: float = attrs.field(default=60.0, validator=is_seconds)
    save_image_files: bool = False
    save_image_dir: Path = attrs.field(default=Path("RESULTS"), validator=is_path)
    log_dir: str = attrs.field(default="", validator=is_folder)

    @property
    def expected_images(self) -> int:
        """Number of pictures in one oscillation."""
        return max(1, round(self.osci_time * self.video_fps))

    @property
    def degrees_per_picture(self) -> float:
        """Turn of the sample from one picture to the next, assuming equal intervals."""
        return self.osci_delta / self.expected_images

    def notes(self) -> tuple[str, ...]:
        """One line for each setting that is probably a mistake."""
        notes = []
        where = self.jpeg_receiver
        if is_loopback(where.host) and not is_loopback(self.axis.host):
            notes.append(
                f"the camera at {self.axis.host} cannot post its pictures: the receiver listens at "
                f"{HostPort(where.host, where.port)}, which only this machine can reach; to let "
                "others reach it, add `jpeg_receiver: host: 0.0.0.0` to the file"
            )
        if self.collect_timeout_s < self.osci_time:
            notes.append(
                f"collectLoopImages ends after {self.collect_timeout_s:g} s, before its "
                f"oscillation of {self.osci_time:g} s: set collect_timeout_s to more"
            )
        if self.save_image_files and not can_draw():
            notes.append(
                "save_image_files keeps pictures and tables; pictures with boxes, and plots, need "
                f"Pillow and matplotlib: {INSTALL}"
            )
        return tuple(notes)

    @property
    def effective_log(self) -> LogConfig:
        """The log settings, with the file from `log_dir`."""
        if self.log.file is not None or not self.log_dir:
            return self.log
        return attrs.evolve(self.log, file=Path(self.log_dir) / f"{self.name}.log")


def is_loop_config(values: Mapping[str, object]) -> bool:
    """Whether the keys of a file, even if misspelled, are those of the loop DHS."""
    from dhs_runtime.process.hints import nearest  # noqa: PLC0415 - slow; only for a file

    own = {field.name for field in attrs.fields(LoopConfig)} | {OLD_SECTION, *OLD_KEYS}
    others = {field.name for field in attrs.fields(RunConfig)}
    return any(nearest(str(key), own | others) in own - others for key in values)


def loop_schema() -> dict[str, Any]:
    """The JSON Schema of the file of `dhs loop --config`, with loop-dhs' section."""
    from dhs_runtime.process.schema import file_schema  # noqa: PLC0415 - only to print it

    schema: dict[str, Any] = file_schema(LoopConfig)
    keys = schema["properties"]
    section = {"type": ["object", "null"], "properties": keys, "additionalProperties": False}
    return {**schema, "properties": {**keys, OLD_SECTION: section}}


def load_loop_config(path: Path) -> LoopConfig:
    """The configuration in a YAML file of this project or of loop-dhs.

    Raises:
        ConfigFileError: One line per mistake, with the file and the path of the value.
    """
    return loop_config(load_yaml(path), path)


def loop_config(values: "YamlSection", path: Path) -> LoopConfig:
    """The configuration in the mapping of a file; raises ConfigFileError as `load_loop_config`."""
    old = {} if values.get(OLD_SECTION) is None else values[OLD_SECTION]
    if not isinstance(old, dict):
        reason = "section wanted, with the keys of the loop DHS"
        raise ConfigFileError(str(path), [_at(values, OLD_SECTION, reason)])
    reason = f"this key is doubled; it is in {OLD_SECTION} too"
    twice = [_at(values, str(key), reason) for key in values.keys() & old.keys()]
    if twice:
        raise ConfigFileError(str(path), twice)
    old_names: dict[str, str] = {}
    try:
        merged, old_names = with_new_names(values.joined_with(OLD_SECTION), str(path))
        return structure(merged, LoopConfig, str(path), further=_mistakes)
    except ConfigFileError as error:
        renamed = [_as_written(one, old_names) for one in error.mistakes]
        raise ConfigFileError(str(path), [_moved(one, old) for one in renamed]) from None


def file_notes(values: "YamlSection") -> tuple[str, ...]:
    """The parts of a file that are not used, one line each."""
    return tuple(unused_words(values.joined_with(OLD_SECTION)))


def _as_written(mistake: Mistake, old_names: Mapping[str, str]) -> Mistake:
    """The mistake with the key as the file has it; suggests the old key that was misspelled."""
    from dhs_runtime.process.hints import nearest  # noqa: PLC0415 - slow; only for a mistake

    if mistake.reason.startswith("unknown key (known"):
        close = nearest(mistake.path, (OLD_SECTION, *OLD_KEYS))
        return (
            attrs.evolve(mistake, reason=f"unknown key; did you mean {close}?")
            if close
            else mistake
        )
    return attrs.evolve(mistake, path=old_names.get(mistake.path, mistake.path))


def _at(values: "YamlSection", key: str, reason: str) -> Mistake:
    return Mistake(key, reason, values.places[key].line)


def _moved(mistake: Mistake, old: Mapping[str, object]) -> Mistake:
    """The mistake with the path that the key has in the file."""
    is_there = re.split(r"[.\[]", mistake.path)[0] in old
    return attrs.evolve(mistake, path=f"{OLD_SECTION}.{mistake.path}") if is_there else mistake


def _file_mistakes(config: LoopConfig) -> Iterator[tuple[str, str]]:
    yield from file_mistakes(config)
    log = config.effective_log.file
    trouble = file_trouble(log) if log is not None and log != config.log.file else ""
    if trouble:
        yield "log_dir", f"folder wanted, got {config.log_dir!r}; log file {log}: {trouble}"
    pictures = file_trouble(config.save_image_dir / "1") if config.save_image_files else ""
    if pictures:
        yield "save_image_dir", f"folder wanted, got {str(config.save_image_dir)!r}; {pictures}"


def _mistakes(config: LoopConfig) -> Iterator[tuple[str, str]]:
    """Mistakes that involve several values, by path and reason."""
    yield from _file_mistakes(config)
    receiver = config.jpeg_receiver
    if is_ip(receiver.host):
        unheard = listen_trouble(receiver.host, receiver.port)
        if unheard:
            yield "jpeg_receiver", f"address to listen on wanted; {unheard}"
    for name, service in (("automl", config.automl), ("axis", config.axis)):
        if service.https and service.port == HTTP_PORT:
            yield f"{name}.port", f"the port of https wanted, usually {HTTPS_PORT}; got 80"
        if service.ca is None:
            continue
        try:
            tls_context(service.ca, verify=service.verify)
        except ConfigError as error:
            yield f"{name}.ca", f"file with certificates wanted; {error}"
    if not config.automl.loop_labels:
        yield "automl.loop_labels", "at least one class wanted; without one no loop is found"
    ports = config.jpeg_receiver.port, config.status_port
    if config.status_port and ports[0] == ports[1]:
        yield "status_port", f"a port of its own wanted, got {ports[0]}, which jpeg_receiver uses"
