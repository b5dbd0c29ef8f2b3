"""What the two packages export: sorted, complete, importable, typed."""

import ast
import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

import dcs_codec
import dcs_codec.errors
import dhs_runtime
import dhs_runtime.errors

PACKAGES: Final = (dcs_codec, dhs_runtime)
# Raised only by the simulators; import it from dhs_runtime.errors.
NOT_EXPORTED: Final = {"StopTimeoutError"}
both_packages = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)


@both_packages
def test_nothing_is_exported_twice(package: ModuleType) -> None:
    exported = list(package.__all__)
    assert len(exported) == len(set(exported))


@both_packages
def test_everything_exported_is_there(package: ModuleType) -> None:
    for name in package.__all__:
        assert getattr(package, name, None) is not None, name


@both_packages
def test_everything_imported_for_export_is_exported(package: ModuleType) -> None:
    """A star stands for the names of its module, which are written there."""
    path = Path(inspect.getfile(package))
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):  # also what only type checkers import
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(package.__name__):
            for alias in node.names:
                star = importlib.import_module(str(node.module)) if alias.name == "*" else None
                imported |= {alias.name} if star is None else set(star.__all__)
    assert imported == set(package.__all__) - {"__version__"}


@both_packages
def test_every_error_is_exported(package: ModuleType) -> None:
    errors = importlib.import_module(f"{package.__name__}.errors")
    defined = {
        name
        for name, thing in vars(errors).items()
        if inspect.isclass(thing) and thing.__module__ == errors.__name__
    }
    assert defined
    assert defined - set(package.__all__) <= NOT_EXPORTED


def test_every_message_is_exported() -> None:
    names = {message_class.__name__ for message_class in dcs_codec.DHS_MESSAGES}
    assert names <= set(vars(dcs_codec)["__all__"])


@both_packages
def test_a_star_gives_just_what_is_exported(package: ModuleType) -> None:
    names: dict[str, object] = {}
    exec(f"from {package.__name__} import *", names)
    assert set(names) - {"__builtins__"} == set(package.__all__)


@both_packages
def test_types_are_marked(package: ModuleType) -> None:
    marker = Path(inspect.getfile(package)).with_name("py.typed")
    assert marker.read_text() == ""


def test_the_version_is_a_release() -> None:
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", dcs_codec.__version__)
