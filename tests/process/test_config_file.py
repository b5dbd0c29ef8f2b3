import contextlib
import dataclasses
import datetime
import enum
import math
import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcs_codec import Framing
from dhs_runtime import ConfigError
from dhs_runtime.loop import load_loop_config
from dhs_runtime.process import Launch, yaml_file
from dhs_runtime.process.config_file import ConfigFileError, Mistake, load_yaml, structure
from dhs_runtime.process.mistakes import MAX_MISTAKES
from dhs_runtime.process.settings import load_run_config


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
        (
            {},
            "file: name: this key is missing, and has no default",
        ),
        (
            {"name": 1},
            "file: name: text wanted, got 1; put it in quotes if it is right",
        ),
        (
            {"name": "x", "count": "3"},
            "file: count: whole number wanted, got '3'; did you mean 3, without quotes?",
        ),
        (
            {"name": "x", "count": True},
            "file: count: whole number wanted, got true",
        ),
        (
            {"name": "x", "framing": "v3"},
            "file: framing: one of v1, v2, auto wanted, got 'v3'",
        ),
        (
            {"name": "x", "folder": 1},
            "file: folder: path wanted, got 1; put it in quotes if it is right",
        ),
        (
            {"name": "x", "inner": {"flag": 1}},
            "file: inner.flag: true or false wanted, got 1; did you mean true?",
        ),
        (
            {"name": "x", "inner": {"number": "a"}},
            "file: inner.number: number wanted, got 'a'",
        ),
        (
            {"name": "x", "inner": {"numbr": 1}},
            "file: inner.numbr: unknown key; did you mean number?",
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


# -- files -----------------------------------------------------------------------------------


def mistakes_in(folder: Path, content: bytes | str) -> tuple[Mistake, ...]:
    """What is wrong with a file, read as the configuration of `dhs run`."""
    path = folder / "config.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigFileError) as caught:
        load_run_config(path)
    for line, mistake in zip(str(caught.value).splitlines(), caught.value.mistakes, strict=True):
        assert line == mistake.at(str(path))
    return caught.value.mistakes


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", 1, "the file is empty"),
        (b"# nothing\n---\n", 1, "the file is empty"),
        (b"\n- 1\n- 2\n", 2, "keys with values (KEY: VALUE) are wanted at the top, this is a list"),
        (b"hello\n", 1, "this is a text or a number"),
        (b"name: a\n1: 2\n", 2, "a key at the top is a text; put it in quotes"),
        (b"name: a\nyes: 2\n", 2, "a key at the top is a text; put it in quotes"),
        (b"? [a]\n: 1\n", 1, "a key is a word, not a list or a mapping"),
        (b"name: x\n# caf\xe9\n", 2, "byte 0xe9 is not UTF-8"),
        (b"name: x\n# caf\xc3", 2, "is not UTF-8"),
        (b"name: x\n\x00\x01", 2, "a binary file"),
        (b"name: x\n\x07", 2, "the character U+0007"),
        (b"\xff\xfen\x00a", 1, "is not UTF-16"),
        (b"\xff\xfen\x00", 1, "this is a text or a number"),
        (b"name: x\n\tlog: y\n", 2, "a tab"),
        (b"production: [1\nname: x\n", 1, "'[' is not closed"),
        (b"name: 'x\n\nlog: {}\n", 1, "a quote that is not closed"),
        (b"dcss:\n   host: a\n  port: 1\n", 3, "the indentation differs"),
        (b"name: a\n---\nname: b\n", 2, "a second document"),
        (b"name: *x\n", 1, "an alias"),
        (b"name: * x\n", 1, "a name is missing after"),
        (b"name: 'a' b\n", 1, "follows a closed quote"),
        (b"dcss: {a,, b}\n", 1, "one character too many"),
        (b'name: "\\q"\n', 1, "single quotes"),
        (b"%YAML 3.0\n---\nname: x\n", 1, "a version other than 1.1"),
        (b"[" * 3_000, 1, "nested deeper than 40 levels"),
        (b"a: " + b"{b: " * 3_000, 1, "nested deeper than 40 levels"),
        (b"name: !!python/object/apply:os.system ['true']", 1, "the tag !!python/object"),
        (b"name: !mine x\n", 1, "a '!' in front"),
        (b"name: x\n\nlog\n  level: info\n", 3, "a key without ':'"),
        (b"dcss:\n  host: a\n   port: 1\n", 3, "indent this line like the one before"),
        (b'name: "\\U00110000"\n', 1, "is too large"),
        (b"name: x\n# \x1b\n", 2, "the character U+001B"),
        ("name: x".encode("utf-16-le"), 1, "save the file as UTF-8"),
        ("name: x".encode("utf-32"), 1, "save the file as UTF-8"),
        (b"dcss:\n  <<: {port: 1}\n  <<: {port: 2}\n", 3, "this key is doubled"),
        (b"name: {{ name }}\n", 1, "put a text with brackets in quotes"),
        ("\u00a0name: x\n".encode(), 1, "it contains the character U+00A0; use plain blanks"),
        ("dcss:\n  ho\u200bst: x\n".encode(), 2, "it contains the character U+200B"),
        (b"settings: !!set {a}\n", 1, "the tag !!set is not allowed"),
        (b"settings: &a\n  b: *a\n", 1, "an alias that contains itself"),
        (b"settings: &a\n  <<: *a\n", 1, "an alias that contains itself"),
        (b"settings:\n  <<: 5\n", 2, "'<<' takes an alias of a mapping"),
        (b"name: a\nname: b\n", 2, "this key is doubled; it is in line 1 already"),
        (b"settings: {a: {b: 1, b: 2}}\n", 1, "this key is doubled"),
    ],
)
def test_a_file_that_is_no_configuration(
    tmp_path: Path, content: bytes, line: int, reason: str
) -> None:
    mistake = mistakes_in(tmp_path, content)[0]
    assert (mistake.line, reason in mistake.reason) == (line, True), mistake
    assert not set(mistake.reason.split()) & {"Traceback", "None", "token", "dict", "NoneType"}


def test_there_may_be_so_many_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_file, "MAX_VALUES", 10)
    path = tmp_path / "config.yaml"
    path.write_text("list: [1, 2, 3, 4, 5, 6, 7]")  # with the key and both brackets ten
    assert load_yaml(path) == {"list": [1, 2, 3, 4, 5, 6, 7]}
    assert mistakes_in(tmp_path, "list: [1, 2, 3, 4, 5, 6, 7, 8]") == (
        Mistake("", f"not YAML: {yaml_file.TOO_MANY}", 1),
    )


def test_an_alias_bomb_ends_after_so_many_values(tmp_path: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for name, after in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{after}: &{after} [{', '.join(['*' + name] * 10)}]")
    (mistake,) = mistakes_in(tmp_path, "\n".join(lines))
    assert mistake.reason == "more than 100000 values, with those that aliases repeat"


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_yaml(tmp_path / "absent.yaml")
    with pytest.raises(ConfigError, match="Is a directory"):
        load_yaml(tmp_path)
    with pytest.raises(ConfigError, match="no file can have this name"):
        load_yaml(Path("a\0b"))
    monkeypatch.setattr(yaml_file, "MAX_FILE_BYTES", 10)
    path = tmp_path / "large.yaml"
    path.write_text("name: " + "x" * 10)
    with pytest.raises(ConfigError, match="larger than 10 bytes"):
        load_yaml(path)


def test_what_yaml_means_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "\ufeffa: &a {x: 1, y: 0x10}\nb: {<<: *a, y: 2}\nc: [yes, ~, 1e3, 1_000, -0, .5, '014']\n"
        "d: 2024-02-29\ne: !!str 12\nf: {1: one}\n",
        encoding="utf-8",
    )
    assert load_yaml(path) == {
        "a": {"x": 1, "y": 16},
        "b": {"y": 2, "x": 1},
        "c": [True, None, 1000.0, 1000, 0, 0.5, "014"],
        "d": datetime.date(2024, 2, 29),
        "e": "12",
        "f": {1: "one"},
    }


def test_utf_16_is_read_by_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes("name: x\n".encode("utf-16"))
    assert load_yaml(path) == {"name": "x"}


@pytest.mark.parametrize(
    "text",
    ["014242", "4:02:22", "2024-13-45", "1" * 5000, "!!int x", "!!bool x", "1:2:3.5", "!!float x"],
)
def test_what_nobody_means_is_refused_wherever_it_is(tmp_path: Path, text: str) -> None:
    for key in ("name", "status_port"):
        (mistake,) = mistakes_in(tmp_path, f"{key}: {text}\n")
        assert mistake.path == key
        assert "wanted, got" in mistake.reason
    for value in (text, f"[{text}]", f"{{a: {text}}}"):
        (mistake,) = mistakes_in(tmp_path, f"dcss: {{}}\nsettings:\n  x: {value}\n")
        assert mistake.path.startswith("settings.x")
        assert mistake.line == 3
        assert text[:20] not in mistake.reason  # it may be a password


@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_in_lines(data: bytes, folder: Path) -> None:
    path = folder / "config.yaml"
    path.write_bytes(data)
    with contextlib.suppress(ConfigFileError):
        load_run_config(path)


PIECES = (
    *("name", "dcss", "host", "log", ":", ": ", "\n", "\n  ", "- ", "[", "]", "{", "}", ","),
    *("&a ", "*a", "'", '"', "!!", "!", "%", "|", ">", "?", "#", "<<", "014", "1:2", ".inf"),
    *("\t", "é", "---", "yes"),
)


@settings(max_examples=300)
@given(text=st.lists(st.sampled_from(PIECES), max_size=15).map("".join))
def test_any_pieces_of_yaml_are_read_or_refused_in_lines(text: str, folder: Path) -> None:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        load_run_config(path)
    except ConfigFileError as error:
        mistakes = error.mistakes
    else:
        mistakes = ()
    assert all(mistake.line and mistake.reason for mistake in mistakes)
    assert all(mistake.reason.isprintable() for mistake in mistakes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("configurations")


# -- what was meant --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("log: info", "{level: info}"),
        ("log: x.log", "{file: x.log}"),
        ("log: 5", "{max_bytes: 5}"),
        ("trace: true", "{enabled: true}"),
        ("dcss: dcss-host", "{host: dcss-host}"),
        ("dcss: dcss-host:14242", "{host: dcss-host, port: 14242}"),
        ("dcss: '[::1]:14242'", "{host: ::1, port: 14242}"),
        ("dcss: http://dcss-host:14242", "{host: dcss-host, port: 14242}"),
        ("dcss: 14242", "{port: 14242}"),
        ("dcss: v2", "{host: v2}"),
        ("dcss: {retry: 5}", "{first_s: 5}"),
        ("dcss:\n  host=x", "host: x"),
        ("dcss:\n  host:x", "host: x"),
        ("dcss: {framing: V2}", "v2"),
        ("dcss: {framing: 1}", "v1"),
        ("log: {level: INFO}", "info"),
        ("log: {lvel: info}", "level"),
        ("log: {max-bytes: 1}", "max_bytes"),
        ("dcss: {connectTimeoutS: 1}", "connect_timeout_s"),
        ("port: 1", "dcss.port"),
        ("trace: {enabled: 'yes'}", "true"),
        ("trace: {enabled: 0}", "false"),
        ("trace: {enabled: off x}", ""),
        ("dcss: {port: '14242'}", "14242, without quotes"),
        ("dcss: {port: 14242 # x\n  }", ""),
        ("dcss: {connect_timeout_s: 5s}", "5"),
        ("dcss: {connect_timeout_s: '1,5'}", "1.5"),
        ("dcss: {port: 08}", "8"),
        ("dcss: {port: '014242'}", "14242"),
        ("dcss: {retry: {jitter: 20%}}", "0.2"),
        ("log: {file: $HOME/x.log}", "/home/dhs/x.log"),
        ("log: {file: ~/x.log}", "/home/dhs/x.log"),
        ("production: bl*", "[bl*]"),
        ("production: no", ""),
        ("dcss.host: x", "host in the section dcss"),
        ("status_port: localhost:9100", "9100"),
        ("log: {max_bytes: 10MB}", "10000000"),
        ("log: {max_bytes: 4 KiB}", "4096"),
        ("log: {max_bytes: 10 lines}", ""),
        ("dcss: {connect_timeout_s: 500 ms}", "0.5"),
        ("dcss: {connect_timeout_s: 2 min}", "120"),
        ("log: {file: ~nobody-known/x.log}", ""),
    ],
)
def test_what_was_meant_is_guessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, meant: str
) -> None:
    monkeypatch.setenv("HOME", "/home/dhs")
    path = tmp_path / "config.yaml"
    path.write_text(text)
    try:
        load_run_config(path)
    except ConfigFileError as error:
        said = str(error)
    else:
        said = ""
    assert said.partition("did you mean ")[2] == (f"{meant}?" if meant else "")


@pytest.mark.parametrize(
    "text",
    [
        "axis:\n  password:{}",
        "axis:\n  password = {}",
        "axis: password={}",
        "axis: {{password:{}}}",
        "axis: {{password: [{}]}}",
        "axis: {{password: !{} x}}",
        "axis: {{host: 'root:{}@camera'}}",
        "axis: {{host: 'http://root:{}@camera'}}",
        "axis: http://root:{}@camera",
        "automl: https://root:{}@server:8501",
        "dcss: root:{}@dcss-host:14242",
        "log: {{level: 'token={}'}}",
        "log: {{mask: ['password={}(']}}",
    ],
)
def test_a_password_in_a_wrong_place_is_not_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text.format("hunter2x"))
    with pytest.raises(ConfigFileError) as caught:
        load_loop_config(path)
    assert "hunter2x" not in str(caught.value)


def test_of_very_many_mistakes_the_first_are_told(tmp_path: Path) -> None:
    for text in ("k{0}: 1\n", "name: {0}\n"):
        found = mistakes_in(tmp_path, "".join(text.format(at) for at in range(1_000)))
        assert len(found) == MAX_MISTAKES + 1
        assert found[-1].reason == "more mistakes"


def test_a_named_pipe_without_a_writer_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    with pytest.raises(ConfigFileError, match="the file is empty"):
        load_run_config(path)


# -- an author's own classes -----------------------------------------------------------------


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@attrs.frozen(kw_only=True)
class Axis:
    name: str
    steps: int = attrs.field(default=1, validator=attrs.validators.gt(0))
    secret: str = attrs.field(default="", repr=False)

    def __attrs_post_init__(self) -> None:
        if self.name == "broken":
            raise KeyError(self.name)


@attrs.frozen(kw_only=True)
class Everything:
    axes: list[Axis] = attrs.field(factory=list)
    by_name: dict[str, Axis] = attrs.field(factory=dict)
    counts: dict[str, int] = attrs.field(factory=dict)
    limits: tuple[float, float] = (0.0, 1.0)
    colour: Colour = Colour.RED
    mode: Literal["fast", "slow"] = "fast"
    maybe: int | None = None
    words: frozenset[str] = frozenset()
    names: Sequence[str] = ()
    notes: Mapping[str, str] = attrs.field(factory=dict)
    last: deque[int] = attrs.field(factory=deque)
    anything: Any = None
    even: int = attrs.field(default=0)

    @even.validator
    def _check_even(self, _: object, value: int) -> None:
        if value % 2:
            raise ValueError(f"{value} is odd")


def test_values_of_an_authors_kinds() -> None:
    values = {
        "axes": [{"name": "x"}, {"name": "y", "steps": 2}],
        "by_name": {"z": {"name": "z"}},
        "counts": {"a": 1},
        "limits": [1, 2.5],
        "colour": "blue",
        "mode": "slow",
        "maybe": None,
        "words": ["a", "b"],
        "names": ["c"],
        "notes": {"d": "e"},
        "last": [1, 2],
        "anything": {"at": [1, "all"]},
    }
    assert structure(values, Everything, "file") == Everything(
        axes=[Axis(name="x"), Axis(name="y", steps=2)],
        by_name={"z": Axis(name="z")},
        counts={"a": 1},
        limits=(1.0, 2.5),
        colour=Colour.BLUE,
        mode="slow",
        words=frozenset({"a", "b"}),
        names=("c",),
        notes={"d": "e"},
        last=deque([1, 2]),
        anything={"at": [1, "all"]},
    )


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"axes": {"name": "x"}}, "axes: list of section wanted, got a mapping"),
        ({"axes": [{}]}, "axes[0].name: this key is missing, and has no default"),
        ({"axes": [{"name": "x", "stps": 1}]}, "axes[0].stps: unknown key; did you mean steps?"),
        ({"axes": [{"name": "x", "steps": 0}]}, "axes[0].steps: whole number more than 0 wanted"),
        ({"axes": [{"name": "x", "secret": 5}]}, "axes[0].secret: text wanted (not shown"),
        ({"axes": [{"name": "broken"}]}, "axes[0]: not accepted (KeyError: 'broken')"),
        (
            {"by_name": {"z": {"name": "z", "stps": 1}}},
            "by_name.z.stps: unknown key; did you mean steps?",
        ),
        ({"counts": {"a": "b"}}, "counts.a: whole number wanted, got 'b'"),
        ({"counts": {1: 1}}, "counts.1: a key here is a text"),
        ({"counts": 5}, "counts: mapping wanted, got 5"),
        ({"limits": [1]}, "limits: list of 2 wanted, this has 1"),
        ({"limits": [1, "x"]}, "limits[1]: number wanted, got 'x'"),
        ({"limits": [1, math.inf]}, "limits[1]: finite number wanted, got inf"),
        ({"limits": [1, 10**400]}, "limits[1]: finite number wanted"),
        ({"colour": "bleu"}, "colour: one of red, blue wanted, got 'bleu'; did you mean blue?"),
        ({"mode": True}, "mode: one of fast, slow wanted, got true"),
        ({"maybe": "x"}, "maybe: whole number or null wanted, got 'x'"),
        ({"words": "a"}, "words: list of texts wanted, got 'a'; did you mean [a]?"),
        ({"names": "abc"}, "names: list of texts wanted, got 'abc'; did you mean [abc]?"),
        ({"notes": {"d": 1}}, "notes.d: text wanted, got 1"),
        ({"last": [1, "x"]}, "last[1]: whole number wanted, got 'x'"),
        ({"even": 3}, "3 is odd"),
    ],
)
def test_what_is_wrong_in_an_authors_classes(values: dict[str, object], line: str) -> None:
    with pytest.raises(ConfigFileError) as caught:
        structure(values, Everything, "file")
    assert len(caught.value.mistakes) == 1
    assert line in str(caught.value)


@dataclasses.dataclass
class Plain:
    port: str
    password: str = dataclasses.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class Rarer:
    either: int | str = 1
    day: datetime.date | None = None
    when: datetime.datetime | None = None
    by_number: Mapping[int, float] = attrs.field(factory=dict)
    plain: Plain | None = None
    strange: complex = 0j
    word: str = attrs.field(default="a", validator=attrs.validators.matches_re("[a-z]+"))
    odd: int = attrs.field(
        default=1, validator=attrs.validators.not_(attrs.validators.in_([2]), msg="2 is even")
    )


def test_rarer_kinds_are_read() -> None:
    day = datetime.date(2026, 11, 29)
    noon = datetime.datetime(2026, 11, 29, 12)
    values = {"either": "x", "day": day, "when": noon, "by_number": {1: 2}, "plain": {"port": "x"}}
    wanted = Rarer(either="x", day=day, when=noon, by_number={1: 2.0}, plain=Plain("x"))
    assert structure(values, Rarer, "file") == wanted
    assert structure({"either": 5}, Rarer, "file").either == 5
    assert structure({"port": "x"}, Plain, "file") == Plain("x")


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"either": 1.5}, "either: whole number or text wanted, got 1.5"),
        ({"day": "soon"}, "day: date or null wanted, got 'soon'"),
        ({"by_number": {"a": 1}}, "by_number.a: a key here is a whole number"),
        ({"by_number": {1: "x"}}, "by_number.1: number wanted, got 'x'"),
        ({"plain": {"prot": "x", "port": "y"}}, "plain.prot: unknown key; did you mean port?"),
        ({"plain": {}}, "plain.port: this key is missing, and has no default"),
        ({"plain": {"port": "y", "password": 12345}}, "plain.password: text wanted (not shown"),
        ({"plain": 5}, "plain: section wanted, got 5"),
        ({"strange": 1}, "strange: its class wants 'complex' here, which a file cannot give"),
        ({"word": "A"}, "word: must match regex '[a-z]+' ('A' doesn't)"),
        ({"odd": 2}, "odd: 2 is even"),
    ],
)
def test_what_is_wrong_in_rarer_kinds(values: dict[str, object], line: str) -> None:
    with pytest.raises(ConfigFileError) as caught:
        structure(values, Rarer, "file")
    assert str(caught.value).startswith(f"file: {line}")
    assert "12345" not in str(caught.value)


def test_all_that_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    text = "name: a b\n\ndcss:\n  port: 0\n  hst: x\nlog:\n  mask:\n    - ''\n    - x\n    - '('\n"
    found = [(mistake.line, mistake.path) for mistake in mistakes_in(tmp_path, text)]
    assert found == [
        (1, "name"),
        (4, "dcss.port"),
        (5, "dcss.hst"),
        (8, "log.mask[0]"),
        (10, "log.mask[2]"),
    ]


def test_an_authors_mistakes_have_lines_too(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("name: x\nsettings:\n  axes:\n    - name: x\n      steps: 0\n")
    config = load_run_config(path)
    with pytest.raises(ConfigFileError) as caught:
        Launch(values=config.settings, source="run.yaml").settings(Everything)
    assert str(caught.value) == (
        "run.yaml:5: settings.axes[0].steps: whole number more than 0 wanted, got 0"
    )


def test_a_dhs_without_a_file_imports_neither_yaml_nor_cattrs() -> None:
    program = "import sys, dhs_runtime.cli.run as _; print({'yaml', 'cattrs'} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
