from pathlib import Path

import attrs
import pytest
from attrs.validators import gt

from dhs_runtime import ConfigError
from dhs_runtime.process import Launch, LogConfig, RunConfig, TraceConfig
from dhs_runtime.process.config_file import ConfigFileError, Mistake
from dhs_runtime.process.settings import load_run_config

FULL = """
name: stageDHS
dcss: {host: dcss.beamline, port: 14242}
log: {level: debug, file: logs/stage.log, max_bytes: 1000, backups: 2, mask: ["BL[0-9]+"]}
trace: {enabled: true, file: null}
production: ["bl*", stageDHS]
status_port: 9100
settings: {port: /dev/ttyS0, speed: 2}
"""


def load(tmp_path: Path, text: str) -> RunConfig:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    return load_run_config(path)


def test_a_file_with_everything(tmp_path: Path) -> None:
    config = load(tmp_path, FULL)
    assert config.name == "stageDHS"
    assert config.dcss.host == "dcss.beamline"
    assert config.log == LogConfig(
        level="debug", file=Path("logs/stage.log"), max_bytes=1000, backups=2, mask=("BL[0-9]+",)
    )
    assert config.trace == TraceConfig(enabled=True)
    assert config.production == ("bl*", "stageDHS")
    assert config.status_port == 9100
    assert config.settings == {"port": "/dev/ttyS0", "speed": 2}


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            "log: {level: loud}",
            Mistake("log.level", "one of warning, info, debug, everything wanted, got 'loud'"),
        ),
        ("log: {backups: 0}", Mistake("log.backups", "whole number of 1 to 1000 wanted, got 0")),
        (
            "log: {mask: ['(']}",
            Mistake("log.mask[0]", "regular expression wanted, got '('; missing )"),
        ),
        ("log: {mask: x}", Mistake("log.mask", "list of texts wanted, got 'x'")),
        ("production: bl*", Mistake("production", "list of texts wanted, got 'bl*'")),
        ("production: [1]", Mistake("production[0]", "text wanted, got 1")),
        (
            "status_port: 65536",
            Mistake("status_port", "whole number of 0 to 65535 or null wanted, got 65536"),
        ),
        ("status_port: '1'", Mistake("status_port", "wanted, got '1'; did you mean 1, without")),
        ("settings: [1]", Mistake("settings", "mapping wanted (not shown, as it is secret)")),
        ("dcss: {port: 0}", Mistake("dcss.port", "whole number of 1 to 65535 wanted, got 0")),
    ],
)
def test_a_mistake_is_named_with_its_path(tmp_path: Path, text: str, mistake: Mistake) -> None:
    with pytest.raises(ConfigFileError) as caught:
        load(tmp_path, text)
    (found,) = caught.value.mistakes
    assert found.path == mistake.path
    assert mistake.reason in found.reason
    assert str(caught.value) == f"{tmp_path / 'run.yaml'}:1: {found}"


@pytest.mark.parametrize("mask", [r"(a+)+$", r"(\\w+ ?)+:", r"user: (x|x)*y"])
def test_a_mask_that_can_take_for_ever_is_refused(tmp_path: Path, mask: str) -> None:
    """No log line with a long word would be written, and Python would do nothing else."""
    with pytest.raises(ConfigFileError) as caught:
        load(tmp_path, f'log: {{mask: ["{mask}"]}}')
    assert "it takes for ever on some texts" in str(caught.value)


@pytest.mark.parametrize(
    "mask",
    [
        r"key-\d+",
        r"\w+@\w+",
        r"(?i)pin:?\s*\d{4,8}",
        r"(\w+-){3}\w+",
        r"-----BEGIN[\s\S]*?-----END",
        "\0\ud800",
        "a" * 5_000 + "[0-9]+",
    ],
)
def test_a_mask_in_use_is_quick(mask: str) -> None:
    assert LogConfig(mask=(mask,)).mask == (mask,)


def test_where_no_process_can_be_started_a_mask_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    assert LogConfig(mask=("(b+)+$",)).mask


def test_every_mistake_of_a_file_is_named(tmp_path: Path) -> None:
    text = "dcss: {port: 0, host: 1}\nlog: {level: x, backups: 0}\nname: 1\nmore: 2\n"
    with pytest.raises(ConfigFileError) as caught:
        load(tmp_path, text)
    paths = sorted(mistake.path for mistake in caught.value.mistakes)
    assert paths == ["dcss.host", "dcss.port", "log.backups", "log.level", "more", "name"]


# -- the author's own settings ---------------------------------------------------------------


@attrs.frozen
class Stage:
    port: str
    speed: float = attrs.field(default=1.0, validator=gt(0))
    password: str = attrs.field(default="", repr=False)
    limit: float = attrs.field(default=10.0)

    @limit.validator
    def _check_limit(self, _: object, value: float) -> None:
        if value < self.speed:
            raise ValueError(f"limit {value} is below speed {self.speed}")


def test_an_author_gets_settings_of_a_class_of_his(tmp_path: Path) -> None:
    config = load(tmp_path, FULL)
    launch = Launch(values=config.settings, source="run.yaml")
    assert launch.settings(Stage) == Stage("/dev/ttyS0", 2.0)
    assert not launch.pretend


@attrs.frozen(kw_only=True)
class Login:
    user: str
    api_token: str = ""


@attrs.frozen(kw_only=True)
class Camera:
    login: Login = attrs.field(repr=False)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"api_token": 12345678, "user": "a"}, "api_token: text wanted (not shown"),
        ({"api_token": "12345678", "usr": "a"}, "usr: unknown key; did you mean user?"),
        ({"api_token": "12345678"}, "user: this key is missing, and has no default"),
    ],
)
def test_of_a_secret_only_the_value_is_not_shown(values: dict[str, object], said: str) -> None:
    for config_class, tree in ((Login, values), (Camera, {"login": values})):
        with pytest.raises(ConfigError) as caught:
            Launch(values=tree).settings(config_class)
        assert said in str(caught.value)
        assert "12345678" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (
            {"port": 1},
            "run.yaml: settings.port: text wanted, got 1; put it in quotes if it is right",
        ),
        (
            {"port": "x", "speed": -1},
            "run.yaml: settings.speed: number more than 0 wanted, got -1",
        ),
        (
            {},
            "run.yaml: settings.port: this key is missing, and has no default",
        ),
        (
            {"port": "x", "limit": 0.5},
            "run.yaml: settings: limit 0.5 is below speed 1.0",
        ),
        (
            {"port": "x", "password": 123456},
            (
                "run.yaml: settings.password: text wanted (not shown, as it is secret); "
                "put it in quotes"
            ),
        ),
    ],
)
def test_his_mistakes_are_named_too(values: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Launch(values=values, source="run.yaml").settings(Stage)
    assert str(caught.value) == text
