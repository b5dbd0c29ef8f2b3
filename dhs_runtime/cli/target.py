"""`FILE.py:NAME`: finds the DHS for `dhs run`."""

import contextlib
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from dhs_runtime.app import Dhs
from dhs_runtime.errors import ConfigError, DhsError
from dhs_runtime.process import Launch


class CodeError(DhsError):
    """The author's code raised before the DHS was made; the text shows its lines.

    Another start may help: the controller may have been off.
    """


def make_dhs(target: str, launch: Launch) -> Dhs:
    """The DHS at `FILE.py:NAME` or `package.module:NAME`, or made by the function there.

    Raises:
        ConfigError: There is no such file or name, it is not a DHS and makes none, or this is a
            rehearsal and the DHS cannot know.
        CodeError: The code of the DHS raised; the text shows its lines.
    """
    source, _, name = target.rpartition(":")
    if not source or not name:
        raise ConfigError(f"{target!r} is not FILE.py:NAME")
    module = _load_file(Path(source)) if source.endswith(".py") else _import(source)
    found = getattr(module, name, None)
    if isinstance(found, Dhs):
        if launch.pretend:
            raise ConfigError(
                f"{target} is made before it could ask whether this is a rehearsal; --pretend "
                f"wants a function there: def make_dhs(launch: Launch) -> Dhs"
            )
        if launch.args:
            raise ConfigError(
                f"{target} is made before it could see {' '.join(launch.args)!r}; arguments want a "
                f"function there: def make_dhs(launch: Launch) -> Dhs"
            )
        return found
    if not callable(found):
        known = [key for key, value in vars(module).items() if isinstance(value, Dhs)]
        known += [key for key, value in vars(module).items() if _may_make_dhs(value, module)]
        hint = f"; there is {', '.join(known)}" if known else "; there is none in it"
        raise ConfigError(f"{source} has no Dhs called {name!r}{hint}")
    try:
        inspect.signature(found).bind(launch)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{target} must take one argument, a Launch: {error}") from None
    with _telling_where(target, "failed"):
        made = found(launch)
    if not isinstance(made, Dhs):
        raise ConfigError(f"{target} made {type(made).__name__}, a Dhs is wanted")
    return made


def _may_make_dhs(value: object, module: ModuleType) -> bool:
    """Whether it is a function of that file with a parameter of type Launch."""
    return (
        inspect.isfunction(value)
        and value.__module__ == module.__name__
        and Launch.__name__ in str(value.__annotations__)
    )


def _load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise ConfigError(f"there is no Python file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.parent.resolve()))  # as `python FILE.py` does
    with _telling_where(path.name):
        spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _telling_where(name: str, what: str = "cannot be loaded") -> Iterator[None]:
    """Turn an exception of an author's code into an error that shows only the author's lines.

    Raises:
        CodeError: It raised; our own errors, such as ConfigError, pass unchanged.
    """
    try:
        yield
    except DhsError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the author's code raises
        trace = error.__traceback__
        ours = str(Path(__file__).parents[1])
        while trace is not None and (
            trace.tb_frame.f_code.co_filename.startswith((ours, "<frozen importlib"))
        ):
            trace = trace.tb_next
        text = "".join(traceback.format_exception(type(error), error, trace)).rstrip()
        raise CodeError(f"{name} {what}:\n{text}") from None


def _import(name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    with _telling_where(name):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if not f"{name}.".startswith(f"{error.name}."):  # one that it imports is missing
                raise
            raise ConfigError(f"cannot import {name}: {error}") from None
