"""Names of devices for completion in a shell; each login keeps them in a file."""

import contextlib
import fnmatch
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import click
from click.shell_completion import CompletionItem

from dhs_runtime.addresses import HostPort
from dhs_runtime.client.gui_link import GUI_PORT
from dhs_runtime.client.seen import View
from dhs_runtime.errors import ConfigError

ADDRESS_VARIABLE: Final = "DHS_DCSS_GUI"
"""Environment variable with the address of the GUI port if `--dcss` is not given."""
DEFAULT_ADDRESS: Final = "localhost"
MOST_SERVERS: Final = 20
MOST_BYTES: Final = 10_000_000

_HOST_KIND: Final = "hardware host"


def cache_path() -> Path:
    """Where the names are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "dhs" / "names.json"


def keep_names(address: HostPort, views: Iterable[View]) -> None:
    """Keep the names of a beamline in the file; if that fails, names are not completed."""
    with contextlib.suppress(OSError, RuntimeError):
        path = cache_path()
        servers = _read(path)
        servers.pop(str(address), None)
        servers = dict(list(servers.items())[1 - MOST_SERVERS :])
        servers[str(address)] = {view.name: view.kind for view in views}
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=path.name, delete=False, encoding="utf-8"
        ) as file:
            written = Path(file.name)
            try:
                json.dump(servers, file)
                file.flush()
                written.replace(path)  # at once, because another command may read it
            finally:
                written.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, dict[str, str]]:
    with contextlib.suppress(OSError, ValueError):
        if path.stat().st_size <= MOST_BYTES:
            servers = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(servers, dict):
                return {
                    address: names for address, names in servers.items() if isinstance(names, dict)
                }
    return {}


def known_names(address: str) -> dict[str, str]:
    """The kinds of devices by name, from the last login at this address."""
    with contextlib.suppress(ConfigError, RuntimeError):
        return _read(cache_path()).get(str(HostPort.read(address, GUI_PORT)), {})
    return {}


Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def names_of_kinds(*kinds: str) -> Complete:
    """A function that completes names of devices of these kinds; of all kinds if none is given."""

    def complete(
        context: click.Context,
        _: click.Parameter,
        incomplete: str,
    ) -> list[CompletionItem]:
        address = (
            context.params.get("address") or os.environ.get(ADDRESS_VARIABLE) or DEFAULT_ADDRESS
        )
        return [
            CompletionItem(name, help=kind)
            for name, kind in sorted(known_names(address).items())
            if name.startswith(incomplete) and (kind in kinds or not kinds)
        ]

    return complete


def chosen(patterns: Iterable[str], views: Iterable[View]) -> list[str]:
    """The names that match the patterns, each once, in the order of the patterns.

    A pattern that matches nothing, or has no `*`, `?` and `[`, is taken for a name.
    """
    known = [view.name for view in views]
    found: dict[str, None] = {}
    for pattern in patterns:
        is_glob = any(sign in pattern for sign in "*?[")
        found |= dict.fromkeys((is_glob and fnmatch.filter(known, pattern)) or [pattern])
    return list(found)
