"""Commands of GUIs that concern no device: master and slave, clients, the log, staff."""

from collections.abc import Callable, Mapping
from typing import Final

from dhs_lab.simulators.dcss.dump_sections import is_permit
from dhs_lab.simulators.dcss.entries import ObjectEntry
from dhs_lab.simulators.dcss.gui_port.desk_parts import Begun, Parts
from dhs_lab.simulators.dcss.gui_port.first_push import permits_told
from dhs_lab.simulators.dcss.gui_port.gui_client import GuiClient
from dhs_lab.simulators.dcss.texts import rest_of, word_of

_COMMAND: Final = 40  # characters
_PLACE: Final = 199
_CHAT_PLACE: Final = 8
_BRACES: Final = str.maketrans("{}", "  ")
_PERMITS: Final = 2


def _become_master(parts: Parts, client: GuiClient, text: str) -> Begun:
    return {} if parts.masters.take(client, text.split()[1:]) else None


def _become_slave(parts: Parts, client: GuiClient, text: str) -> Begun:
    parts.masters.leave(client, text.split()[1:])
    return {}


def _inquire(parts: Parts, _: GuiClient, __: str) -> Begun:
    parts.audience.tell_clients()
    return {}


def _log(parts: Parts, client: GuiClient, text: str) -> Begun:
    level = word_of(text, 1)
    if level == "location":
        _place(parts, client, rest_of(text, 3))
    elif level.startswith("chat_") and client.place:
        sender = f"{{{word_of(text, 2)}({client.place[:_CHAT_PLACE]})}}"
        said = rest_of(text, 3).translate(_BRACES)
        parts.audience.tell(f"stog_log {level} {sender} {said}")
    else:
        parts.audience.tell("stog_" + text.removeprefix("gtos_"))
    return {}


def _place(parts: Parts, client: GuiClient, said: str) -> None:
    place = said.translate(_BRACES).strip()[:_PLACE]
    if place:
        with parts.audience.lock:
            client.place = place
        parts.audience.tell_clients()


# -- staff -----------------------------------------------------------------------------------


def _admin(parts: Parts, client: GuiClient, text: str) -> Begun:
    if not client.rights.is_staff:
        client.log(f"only staff can do this: {text}")
        return None
    command = word_of(text, 1)
    if not command:
        client.log(f"command needed: {text}")
        return None
    parts.audience.tell("stog_" + text.removeprefix("gtos_"))
    obey = _ADMIN.get(command)
    if obey is None:
        client.log(f"command not supported: {command[:_COMMAND]}")
        return None
    return obey(parts, client, text)


def _hand_back(parts: Parts, client: GuiClient, _: str) -> Begun:
    if client.is_master:
        parts.masters.hand_back()
        return {}
    client.log("must be Active to hand back control")
    return None


def _quit(parts: Parts, _: GuiClient, __: str) -> Begun:
    parts.audience.tell("stog_quit")
    return {}


def _set_permission(parts: Parts, client: GuiClient, text: str) -> Begun:
    name, given = word_of(text, 2), text.split()[3:]
    with parts.database.lock:
        old = parts.database.permits.get(name)
    if old is None or len(given) != _PERMITS or not all(map(_is_bits, given)):
        client.log("bad format")
        return None
    staff, users = (_merged(bits, before) for bits, before in zip(given, old, strict=True))
    with parts.database.lock:
        parts.database.permits[name] = (staff, users)
    shown = f"{staff.replace(' ', '')} {users.replace(' ', '')}"
    client.tell(f"stog_log note server  protection bits for {name}: {shown}")
    parts.audience.tell(permits_told(name, staff, users))
    return {}


def _is_bits(word: str) -> bool:
    return is_permit(" ".join("1" if mark not in "01" else mark for mark in word))


def _merged(bits: str, before: str) -> str:
    """Five digits with blanks between; any other character keeps the old digit."""
    old = before.split()
    return " ".join(new if new in "01" else old[at] for at, new in enumerate(bits))


def _dump(parts: Parts, client: GuiClient, _: str) -> Begun:
    """Write no file; if there is an object, do not say so: dcss's dump then ends silently."""
    devices = parts.control.devices().values()
    if not any(isinstance(device, ObjectEntry) for device in devices):
        client.log("the simulated DCSS writes no dump")
    return None


_ADMIN: Final[Mapping[str, Callable[[Parts, GuiClient, str], Begun]]] = {
    "dump_database": _dump,
    "force_all_client_quit": _quit,
    "hand_back_masters": _hand_back,
    "set_permission": _set_permission,
}

OFFICE_COMMANDS: Final[Mapping[str, Callable[[Parts, GuiClient, str], Begun]]] = {
    "gtos_become_master": _become_master,
    "gtos_become_slave": _become_slave,
    "gtos_inquire_gui_clients": _inquire,
    "gtos_log": _log,
    "gtos_admin": _admin,
}
