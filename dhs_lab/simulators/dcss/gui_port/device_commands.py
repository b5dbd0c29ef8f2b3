"""Commands of GUIs for shutters, ion chambers, operations, encoders and strings."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from dhs_lab.simulators.dcss.entries import (
    EncoderEntry,
    OperationEntry,
    ShutterEntry,
    StringEntry,
)
from dhs_lab.simulators.dcss.gui_port.desk_parts import Begun, Parts
from dhs_lab.simulators.dcss.gui_port.gui_client import GuiClient
from dhs_lab.simulators.dcss.gui_texts import too_long
from dhs_lab.simulators.dcss.texts import rest_of, word_of

NOT_IDLE: Final = "NOT_ALLOWED_WHILE_SYSTEM_NOT_IDLE"
_OPERATION_NAME: Final = 40  # characters that dcss reads
_HANDLE: Final = 80
_NUMBER: Final = re.compile(r"\s*([+-]?\d+)")


def _set_shutter(parts: Parts, client: GuiClient, text: str) -> Begun:
    name = word_of(text, 1)
    if parts.engine.idle.busy():
        found = parts.database.find(name)
        state = found[1].state if found and isinstance(found[1], ShutterEntry) else "unknown"
        client.tell(f"stog_report_shutter_state {name} {state} {NOT_IDLE}")
    elif not parts.permits.refusal(client, name, ShutterEntry):

        def offline(host: str) -> None:
            parts.audience.tell(f"stog_report_shutter_state {name} unknown no_hw_host_{host}")

        return parts.forward(name, text, offline)
    return None


def _read_ion_chambers(parts: Parts, client: GuiClient, text: str) -> Begun:
    if parts.engine.idle.busy():
        names = " ".join(text.split()[3:])
        client.tell(f"stog_report_ion_chambers 0  {names} {NOT_IDLE}")
        return None
    return parts.engine.read_ion_chambers("stoh_" + text.removeprefix("gtos_"))


# -- operations ------------------------------------------------------------------------------


def _start_operation(parts: Parts, client: GuiClient, text: str) -> Begun:
    name = word_of(text, 1)[:_OPERATION_NAME]
    rest = word_of(text, 1)[_OPERATION_NAME:]
    handle = (rest or word_of(text, 2))[:_HANDLE]
    if not handle:
        client.log(f"{name} missing_operation_Id")
        client.tell(f"stog_operation_completed {name} 0.0 missing_operation_Id")
        return None
    owner = _NUMBER.match(handle)
    if owner is None or int(owner[1]) != client.client_id:
        client.log(f"{name} {handle} not_honest_client")
        client.tell(f"stog_operation_completed {name} {handle} not_honest_client")
        return None
    if parts.engine.idle.refuses(name):
        client.log(f"system not idle {{{parts.engine.idle.busy()}}}")
        client.tell(f"stog_operation_completed {name} {handle} system_not_idle")
        return None
    if reason := parts.permits.refusal(client, name, OperationEntry):
        client.tell(f"stog_operation_completed {name} {handle} {reason}")
        return None
    parts.audience.tell("stog_" + text.removeprefix("gtos_"))

    def offline(host: str) -> None:
        parts.audience.tell(f"stog_log error server {name} no_hw_host {host}")
        parts.audience.tell(f"stog_operation_completed {name} {handle} no_hw_host {host}")

    return parts.forward(name, text, offline)


def _stop_operation(parts: Parts, client: GuiClient, text: str) -> Begun:
    name = word_of(text, 1)
    if not name:
        client.log(f"operation name needed: {text}")
        return None
    if parts.permits.refusal(client, name, OperationEntry):
        return None
    parts.audience.tell("stog_" + text.removeprefix("gtos_"))

    def offline(host: str) -> None:
        parts.audience.tell(f"stog_log error server {name} no_hw_host {host}")

    return parts.forward(name, text, offline)


# -- encoders and strings --------------------------------------------------------------------


def _encoder(kind: str, parts: Parts, client: GuiClient, text: str) -> Begun:
    """`gtos_get_encoder` and `gtos_set_encoder`; `kind` is `get` or `set`."""
    name = word_of(text, 1)
    completed = f"stog_{kind}_encoder_completed {name}"
    if kind == "get" and parts.engine.idle.busy():
        client.tell(f"{completed} 0.0 {NOT_IDLE}")
        return None
    if reason := parts.permits.refusal(client, name, EncoderEntry):
        client.tell(f"{completed} 0.0 {reason}")
        return None

    def offline(host: str) -> None:
        _, encoder = parts.database.get(name, EncoderEntry)
        parts.audience.tell(f"stog_log error server {name} no_hw_host {host}")
        parts.audience.tell(f"{completed} {encoder.position:f} no_hw_host_{host}")

    return parts.forward(name, text, offline)


def _set_string(parts: Parts, client: GuiClient, text: str) -> Begun:
    name = word_of(text, 1)
    if parts.permits.refusal(client, name, StringEntry):
        return None
    contents = rest_of(text, 2)
    if line := too_long(name, contents):
        parts.audience.tell(line)
    if not contents:
        text = text.rstrip(" ")  # one blank that nothing follows is lost

    def offline(host: str) -> None:
        _, string = parts.database.get(name, StringEntry)
        completed = f"stog_set_string_completed {name} no_hw_host_{host} {string.contents}"
        parts.audience.tell(completed)

    return parts.forward(name, text, offline)


DEVICE_COMMANDS: Final[Mapping[str, Callable[[Parts, GuiClient, str], Begun]]] = {
    "gtos_set_shutter_state": _set_shutter,
    "gtos_read_ion_chambers": _read_ion_chambers,
    "gtos_start_operation": _start_operation,
    "gtos_stop_operation": _stop_operation,
    "gtos_get_encoder": partial(_encoder, "get"),
    "gtos_set_encoder": partial(_encoder, "set"),
    "gtos_set_string": _set_string,
}
