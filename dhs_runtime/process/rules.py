"""Rules for texts in a configuration, and checks of what this machine allows.

The rules look only at the text. The functions at the end ask the system.
"""

import errno
import functools
import os
import re
import socket
import warnings
from pathlib import Path
from typing import Final

from dcs_codec.limits import MAX_NAME
from dhs_runtime.config import Rule, unless_nothing
from dhs_runtime.process.mask_trial import is_slow

_NAME: Final = r"[!#%-:<-Z^-z|~]+"


@functools.cache
def _mask_trouble(text: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            pattern = re.compile(text)
    except FutureWarning:
        return "'[', '--', '&&', '~~' and '||' within [...] need a '\\' in front"
    except (re.error, OverflowError, RecursionError) as error:
        return str(error).partition(" at position")[0] or "too long"
    if pattern.search(""):
        return "it matches an empty text, so it would mask everything"
    if is_slow(text):
        return "it takes for ever on some texts; no repetition inside a repetition, as in (a+)+"
    return ""


def _host_pattern_trouble(text: str) -> str:
    if not text:
        return "it is empty, and matches nothing"
    return "" if text.split() == [text] else "a pattern has no blanks; write one on each line"


def _path_trouble(text: str) -> str:
    if text.startswith("~"):
        meant = os.path.expanduser(text)  # noqa: PTH111 - Path's raises for an unknown user
        return f"'~' is not expanded here{'' if meant == text else f'; did you mean {meant}?'}"
    if os.path.expandvars(text) != text:
        return f"'$' is not expanded here; did you mean {os.path.expandvars(text)}?"
    return "" if text.isprintable() else "a path has no control characters"


def name_trouble(text: str) -> str:
    """Why a text is not a name of a hardware host; "" if it is one."""
    if not text:
        return "the name is empty"
    if not re.fullmatch(_NAME, text):
        return 'a name is one word of ASCII, without []{}$;"\\, which mean something to Tcl'
    return "" if len(text) <= MAX_NAME else f"a name has at most {MAX_NAME} characters"


def _own_name_trouble(text: str) -> str:
    return name_trouble(text) if text else ""


is_path = Rule("path", unless_nothing(_path_trouble), r"^[^~\x00-\x1f]")
is_folder = Rule("path of a folder", unless_nothing(_path_trouble), r"^(?!~)[^\x00-\x1f]*$")
is_mask = Rule("regular expression", _mask_trouble, r"^[\s\S]")
is_word = Rule("text", lambda text: "" if text else "it is empty", r"^[\s\S]")
is_host_pattern = Rule("pattern of host names", _host_pattern_trouble, r"^\S+$")
is_name = Rule(
    "name of a hardware host",
    unless_nothing(name_trouble),
    rf"^{_NAME[:-1]}{{1,{MAX_NAME}}}$",
)
is_own_name = Rule(is_name.wanted, unless_nothing(_own_name_trouble), rf"^$|{is_name.pattern}")


def file_trouble(file: Path) -> str:
    """Why a log file cannot be written, "" if it can; missing folders will be made."""
    try:
        if file.is_dir():
            return f"this is a folder; did you mean {file / 'dhs.log'}?"
        if file.exists():
            if file.is_fifo() or file.is_socket() or file.is_block_device():
                return "this is a pipe, a socket or a disk"
            return "" if os.access(file, os.W_OK) else "this user may not write it"
        folder = next(parent for parent in file.absolute().parents if parent.exists())
        if not folder.is_dir():
            return f"{folder} is a file, not a folder"
        return _folder_trouble(folder)
    except OSError as error:  # a name that is too long, a loop of links
        return error.strerror or str(error)


def _folder_trouble(folder: Path) -> str:
    """Why no file can be made in a folder. It tries: `os.access` is often wrong, as for root."""
    import tempfile  # noqa: PLC0415 - slow

    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return f"no file can be made in the folder {folder}: {error.strerror or error}"


def listen_trouble(host: str, port: int) -> str:
    """Why this machine cannot listen there; "" if it can, or if the port is only in use now.

    Names are not looked up; that happens when something listens.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.bind((host, port))
    except socket.gaierror:
        return ""
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine"
        if error.errno == errno.EACCES:
            return f"this user may not listen on port {port}"
    return ""
