from pathlib import Path

import attrs
import pytest

from dcs_codec import Framing
from dhs_runtime import ConfigError
from dhs_runtime.process import config_file
from dhs_runtime.process.config_file import load_yaml, structure


@attrs.frozen(kw_only=True)
class Inner:
    number: float = 1.0
    flag: bool = False


@attrs.frozen(kw_only=True)
class Outer:
    name: str
    count: int = 0
    framing: Framing = Framing.AUTO
    folder: Path = Path()
    inner: Inner = attrs.field(factory=Inner)


def test_values_of_every_kind() -> None:
    values = {
        "name": "x",
        "count": 3,
        "framing": "v1",
        "folder": "a/b",
        "inner": {"number": 2, "flag": True},
    }
    assert structure(values, Outer, "file") == Outer(
        name="x",
        count=3,
        framing=Framing.V1,
        folder=Path("a/b"),
        inner=Inner(number=2.0, flag=True),
    )


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, "file: name: required field missing"),
        ({"name": 1}, "file: name: text wanted, got 1"),
        ({"name": "x", "count": "3"}, "file: count: whole number wanted, got '3'"),
        ({"name": "x", "count": True}, "file: count: whole number wanted, got True"),
        ({"name": "x", "framing": "v3"}, "file: framing: one of v1, v2, auto wanted, got 'v3'"),
        ({"name": "x", "folder": 1}, "file: folder: text wanted, got 1"),
        ({"name": "x", "inner": {"flag": 1}}, "file: inner.flag: true or false wanted, got 1"),
        ({"name": "x", "inner": {"number": "a"}}, "file: inner.number: number wanted, got 'a'"),
        (
            {"name": "x", "inner": {"numbr": 1}},
            "file: inner: unknown key numbr (known: number, flag)",
        ),
    ],
)
def test_a_mistake_is_named_with_its_path(values: dict[str, object], line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        structure(values, Outer, "file")
    assert str(caught.value) == line


def test_a_section_that_is_no_mapping_is_named() -> None:
    with pytest.raises(ConfigError, match="file: inner: "):
        structure({"name": "x", "inner": 5}, Outer, "file")


def test_every_mistake_has_its_line() -> None:
    with pytest.raises(ConfigError) as caught:
        structure({"name": 1, "count": 1.5, "more": 1}, Outer, "file")
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a: [1", "not YAML"),
        (b"- 1\n- 2\n", "a mapping of names to values is wanted"),
        (b"1: 2\n", "a mapping of names to values is wanted"),
        (b"", "a mapping of names to values is wanted"),
        (b"a: \xff\xfe", "not YAML"),
        (b"!!python/object/apply:os.system ['true']", "not YAML"),
        (b"[" * 3_000, "not YAML"),
    ],
)
def test_a_file_that_is_no_configuration(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=reason):
        load_yaml(path)


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_yaml(tmp_path / "absent.yaml")
    monkeypatch.setattr(config_file, "MAX_FILE_BYTES", 10)
    path = tmp_path / "large.yaml"
    path.write_text("name: " + "x" * 10)
    with pytest.raises(ConfigError, match="larger than 10 bytes"):
        load_yaml(path)
