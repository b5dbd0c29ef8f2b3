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
from typing import Final

from dhs_runtime.app import Dhs
from dhs_runtime.errors import ConfigError, DhsError
from dhs_runtime.loggers import get_logger
from dhs_runtime.process import Launch
from dhs_runtime.secrets import mask_reason

_OURS: Final = (str(Path(__file__).parents[1]), str(Path(importlib.__file__).parent))


logger = get_logger(__name__)


class CodeError(DhsError):
    """The author's code raised before the DHS was made; the text shows its lines.

    Another start may help: the controller may have been off.
    """


def make_dhs(target: str, launch: Launch) -> Dhs:
    """The DHS at `FILE.py:NAME` or `package.module:NAME`, or made by the function there.

    Raises:
        ConfigError: There is no such file or name, it is neither a DHS nor makes one, or a Dhs
            object cannot know that this is a rehearsal, or its arguments.
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
                f"{target} is a Dhs object, which cannot know that this is a rehearsal; --pretend "
                f"needs a function there: def make_dhs(launch: Launch) -> Dhs"
            )
        if launch.args:
            raise ConfigError(
                f"{target} is a Dhs object, which cannot see {' '.join(launch.args)!r}; arguments "
                f"need a function there: def make_dhs(launch: Launch) -> Dhs"
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
        raise ConfigError(f"{target} returned {type(made).__name__}, but a Dhs is wanted")
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
    _import_from(path.parent)  # as `python FILE.py` does
    sys.modules.setdefault(path.stem, module)
    with _telling_where(path.name):
        spec.loader.exec_module(module)
    return module


def _import_from(folder: Path) -> None:
    """Let modules be imported from a folder; warn of those that hide a module of Python."""
    try:
        sys.path.insert(0, str(folder.resolve()))
    except FileNotFoundError:
        raise ConfigError("the current folder has been removed; go to one that exists") from None
    hidden = {file.stem for file in folder.glob("*.py")} & sys.stdlib_module_names
    for name in sorted(hidden - sys.modules.keys()):
        file = folder / f"{name}.py"
        logger.warning("%s hides the module %s of Python; give it another name", file, name)


@contextlib.contextmanager
def _telling_where(name: str, what: str = "cannot be loaded") -> Iterator[None]:
    """Turn an exception of an author's code into an error that shows only the author's lines.

    Raises:
        CodeError: The code raised, or ended the process while it was loaded. ConfigError passes
            unchanged, and so does SystemExit from a function that makes a DHS, as by argparse.
    """
    try:
        yield
    except ConfigError:
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, SystemExit) and what == "failed":
            raise
        trace = error.__traceback__
        while trace is not None and _is_ours(trace.tb_frame.f_code.co_filename):
            trace = trace.tb_next
        if isinstance(error, DhsError):  # its text says everything except where
            at = f"line {trace.tb_lineno}: " if trace else ""
            raise CodeError(f"{name} {what}: {at}{error}") from None
        text = "".join(traceback.format_exception(type(error), error, trace)).rstrip()
        if "no known parent package" in text:
            text += "\nName the module with its package: dhs run package.module:NAME"
        raise CodeError(mask_reason(f"{name} {what}:\n{text}", most=sys.maxsize)) from None


def _is_ours(file: str) -> bool:
    """Whether a line of this file in a traceback is of no use to an author."""
    return file.startswith((*_OURS, "<frozen importlib"))


def _import(name: str) -> ModuleType:
    _import_from(Path())
    with _telling_where(name):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if not f"{name}.".startswith(f"{error.name}."):  # a module that it imports is missing
                raise
            raise ConfigError(f"cannot import {name}: {error}") from None
