"""`dhs check --schema` and the checker refuse the same values, where both can check."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from dhs_runtime.cli import group
from dhs_runtime.cli.loop import SAMPLE_CONFIG
from dhs_runtime.loop.config import LoopConfig, loop_schema
from dhs_runtime.process import key_kinds
from dhs_runtime.process.config_file import ConfigFileError, structure
from dhs_runtime.process.schema import file_schema
from dhs_runtime.process.settings import RunConfig

jsonschema = pytest.importorskip("jsonschema", reason="comes with the extra `test`")

RUN = jsonschema.Draft202012Validator(file_schema(RunConfig))
LOOP = jsonschema.Draft202012Validator(loop_schema())

LAX = ("host", "file", "log_dir", "save_image_dir", "mask")
"""Keys whose texts only the checker can check: addresses, paths, regular expressions."""


def is_right(values: Mapping[str, object], config_class: type) -> bool:
    try:
        structure(values, config_class, "file")
    except ConfigFileError:
        return False
    return True


def printed(*options: str) -> Any:
    result = CliRunner().invoke(group, ["check", "--schema", *options])
    assert result.exit_code == 0
    return json.loads(result.output)


def test_the_schema_that_is_printed_is_one() -> None:
    assert printed("--kind", "run") == RUN.schema
    assert printed("--kind", "loop") == LOOP.schema
    either = printed()
    assert either["anyOf"] == [LOOP.schema, RUN.schema]
    for schema in (RUN.schema, LOOP.schema, either):
        jsonschema.Draft202012Validator.check_schema(schema)


def test_it_says_what_the_keys_mean() -> None:
    meaning = RUN.schema["properties"]["dcss"]["properties"]["port"]
    assert meaning == {
        "type": "integer",
        "minimum": 1,
        "maximum": 65535,
        "default": 14242,
        "description": "Its hardware port.",
    }


def test_the_sample_files_are_right_by_it() -> None:
    assert LOOP.is_valid(yaml.safe_load(SAMPLE_CONFIG))
    assert LOOP.is_valid({"loopdhs": yaml.safe_load(SAMPLE_CONFIG)})
    assert not LOOP.is_valid({"loopdhs": {"axs": {}}})


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 100_000),
    st.sampled_from([1.0, 0.5, 1.5, -0.1, 1e9]),
    st.sampled_from(
        ["", "a", "a b", "info", "v1", "~/x", "dcss:14242", "[::1]", "x" * 60, "[", "\n"]
    ),
)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.just("x"), scalars)


def sections(config_class: type) -> st.SearchStrategy[dict[str, Any]]:
    """Mappings with one to three keys of a class, most of them with values of any kind."""
    fields = key_kinds.fields_of(config_class)
    inner = {
        name: (sections(hint) | values if hasattr(hint, "__attrs_attrs__") else values)
        for name, (_, hint) in fields.items()
    }
    keys = st.sampled_from([*inner, "unknown"])
    pairs = keys.flatmap(lambda key: st.tuples(st.just(key), inner.get(key, values)))
    return st.lists(pairs, min_size=1, max_size=3).map(dict)


def lax_in(value: object) -> bool:
    """Whether there is a text that only the checker can check."""
    if isinstance(value, dict):
        return any(
            (key in LAX and isinstance(inner, str | list)) or lax_in(inner)
            for key, inner in value.items()
        )
    return False


@given(tree=sections(RunConfig))
def test_both_say_the_same_of_run_files(tree: dict[str, Any]) -> None:
    agree(tree, RUN, RunConfig)


@given(tree=sections(LoopConfig))
def test_both_say_the_same_of_loop_files(tree: dict[str, Any]) -> None:
    agree(tree, LOOP, LoopConfig)


def agree(tree: dict[str, Any], schema: Any, config: type) -> None:
    if is_right(tree, config):
        schema.validate(tree)
    elif not lax_in(tree):
        assert not schema.is_valid(tree)


@pytest.mark.parametrize("text", ["", "http://x", "a b", "user@h", "x/y"])
def test_hosts_are_looked_at_by_it_too(text: str) -> None:
    assert not RUN.is_valid({"dcss": {"host": text}})


@pytest.mark.parametrize("text", ["dcss", "::1", "[::1]", "192.168.1.2", "bl-1.example.org"])
def test_hosts_that_are_right(text: str, tmp_path: Path) -> None:
    assert RUN.is_valid({"dcss": {"host": text}})
    assert is_right({"dcss": {"host": text}}, RunConfig)
