"""Docstrings of the public API: complete, including the exceptions."""

import ast
import functools
import importlib
import inspect
import itertools
import pkgutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

import dcs_codec
import dhs_runtime

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = (dcs_codec, dhs_runtime)
UNEXPECTED: Final = {"AssertionError", "NotImplementedError", "SystemExit", "StopIteration"}
"""Not part of a promise."""


def modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def public(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Classes, functions and methods that are defined here and begin with no underscore."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(thing):
            yield name, thing
            for method, value in vars(thing).items():
                inner = inspect.unwrap(getattr(value, "fget", value) or value)
                is_ours = getattr(inner, "__module__", None) == module.__name__
                if is_ours and inspect.isfunction(inner) and not method.startswith("_"):
                    yield f"{name}.{method}", inner
        elif inspect.isfunction(thing):
            yield name, thing


@functools.cache
def everything() -> list[tuple[ModuleType, str, object]]:
    """All that is public, with its modules; not made at import, which is every worker's."""
    return [(module, name, thing) for module in modules() for name, thing in public(module)]


def test_there_is_much_to_look_at() -> None:
    assert len(everything()) > 800


def test_every_module_says_what_it_is() -> None:
    assert [module.__name__ for module in modules() if not module.__doc__] == []


def test_everything_public_has_a_docstring() -> None:
    silent = [
        f"{module.__name__}.{name}"
        for module, name, thing in everything()
        if not inspect.getdoc(thing)
    ]
    assert silent == []


def test_what_is_raised_is_told() -> None:
    """By the function, or for all methods by the class."""
    hidden = [
        f"{module.__name__}.{name}: {error}"
        for module, name, thing in everything()
        for error in raised_by(thing) - UNEXPECTED
        if error.lower() not in (told := told_of(module, name)) and "raise" not in told
    ]
    assert hidden == []


def told_of(module: ModuleType, name: str) -> str:
    """The docstrings of a function and of the class it is in."""
    first, _, method = name.partition(".")
    of_class = inspect.getdoc(getattr(module, first)) or ""
    thing = inspect.getattr_static(getattr(module, first), method) if method else None
    return f"{of_class} {inspect.getdoc(getattr(thing, 'fget', thing)) or ''}".lower()


def raised_by(function: object) -> set[str]:
    """Names of the exceptions that a function raises in its own body."""
    code = getattr(function, "__code__", None)
    if code is None or not Path(code.co_filename).exists():  # made by attrs, say
        return set()
    return set(itertools.chain(*map(raised_in, functions(code.co_filename)[code.co_firstlineno])))


def raised_in(node: ast.AST) -> Iterator[str]:
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.Raise) and isinstance(inner.exc, ast.Call):
            yield ast.unparse(inner.exc.func).rpartition(".")[2]
        if not isinstance(inner, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield from raised_in(inner)


def starts_at(node: ast.FunctionDef) -> int:
    """The line its code object begins at: that of its first decorator."""
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


@functools.cache
def functions(path: str) -> Mapping[int, list[ast.FunctionDef]]:
    """The functions of a file, by the line where each starts."""
    found = defaultdict(list)
    for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            found[starts_at(node)].append(node)
    return found


def members_without_words(tree: ast.Module) -> list[str]:
    """Members of public enums that no docstring follows."""
    bare = []
    for definition in ast.walk(tree):
        if not isinstance(definition, ast.ClassDef) or definition.name.startswith("_"):
            continue
        if not any("Enum" in ast.unparse(base) for base in definition.bases):
            continue
        for node, after in itertools.zip_longest(definition.body, definition.body[1:]):
            is_member = isinstance(node, ast.Assign)
            is_told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if is_member and not is_told:
                bare.append(f"{definition.name}: {ast.unparse(node)}")
    return bare


@pytest.mark.parametrize("package", ["dcs_codec", "dhs_runtime", "dhs_lab"])
def test_every_member_of_an_enum_says_what_it_means(package: str) -> None:
    for path in sorted((ROOT / package).rglob("*.py")):
        assert not members_without_words(ast.parse(path.read_text(encoding="utf-8"))), path
