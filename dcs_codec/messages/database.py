"""Messages of what DCSS's database holds besides devices: objects, runs, hardware hosts.

dcss sends the last three to its own scripting engine only, the hardware host `self`.
"""

from typing import ClassVar

import attrs

from dcs_codec.fields import HardwareName, Name, RunDefinition, Status, Steps
from dcs_codec.message import Message

__all__ = [
    "StohConfigureHardwareHost",
    "StohConfigureObject",
    "StohConfigureRun",
    "StohConfigureRuns",
    "StohRegisterObject",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohRegisterObject(Message):
    """DCSS tells the DHS that this object is its own; no DHS is known that reads it.

    Wire:   stoh_register_object object_name hardware_name
    Source: dcss_hardware_client.c:1396, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_register_object"
    object_name: Name
    hardware_name: HardwareName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohConfigureObject(Message):
    """Answer to `htos_send_configuration` of an object.

    Wire:   stoh_configure_object object_name hardware_host
    Source: dcss_database.c:633, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_configure_object"
    object_name: Name
    hardware_host: Name


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohConfigureRun(Message):
    """Definition of a run.

    Wire:   stoh_configure_run run_name run_definition
    Source: dcss_database.c:582-603
    """

    keyword: ClassVar[str] = "stoh_configure_run"
    run_name: Name
    run_definition: RunDefinition = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohConfigureRuns(Message):
    """The state of the runs.

    Wire:   stoh_configure_runs run_count current_run is_active dose_mode
    Source: dcss_database.c:582-603
    """

    keyword: ClassVar[str] = "stoh_configure_runs"
    run_count: Steps
    current_run: Steps
    is_active: Steps
    dose_mode: Steps


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohConfigureHardwareHost(Message):
    """Whether a hardware host is connected.

    Wire:   stoh_configure_hardware_host host_name hardware_host state
    Units:  state: `online` or `offline`
    Source: dcss_database.c:582-603
    """

    keyword: ClassVar[str] = "stoh_configure_hardware_host"
    host_name: Name
    hardware_host: Name
    state: Status
