"""Messages of what DCSS's database holds besides devices: objects, runs, hardware hosts."""

from typing import ClassVar

import attrs

from dcs_codec.fields import Name, Steps, Text
from dcs_codec.gui_fields import ToldName
from dcs_codec.message import Message

__all__ = [
    "GtosConfigureRun",
    "GtosConfigureRuns",
    "StogConfigureHardwareHost",
    "StogConfigureObject",
    "StogConfigureRun",
    "StogConfigureRuns",
    "StogUnknownDevice",
    "StogUpdateRun",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogConfigureHardwareHost(Message):
    """Whether a DHS is connected; also told when one comes or goes.

    Operations of a DHS that goes never complete: this message is the only sign.

    Wire:   stog_configure_hardware_host host_name hardware_host state
    Units:  hardware_host: `self`; state: `online` or `offline`
    Source: dcss_database.c:582-603, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_configure_hardware_host"
    host_name: ToldName
    hardware_host: ToldName
    state: ToldName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogConfigureObject(Message):
    """An object.

    Wire:   stog_configure_object object_name hardware_host
    Source: dcss_database.c:633, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_configure_object"
    object_name: ToldName
    hardware_host: ToldName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogConfigureRun(Message):
    """Definition of a run.

    Wire:   stog_configure_run run_name run_definition
    Source: dcss_database.c:582-603, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_configure_run"
    run_name: ToldName
    run_definition: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogConfigureRuns(Message):
    """The state of the runs.

    Wire:   stog_configure_runs run_count current_run is_active dose_mode
    Source: dcss_database.c:582-603, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_configure_runs"
    run_count: Steps
    current_run: Steps
    is_active: Steps
    dose_mode: Steps


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogUpdateRun(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_update_run arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_update_run"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogUnknownDevice(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_unknown_device arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_unknown_device"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosConfigureRun(Message):
    """Sent by old GUIs. dcss does not know it: runs are changed by operations and strings.

    Wire:   gtos_configure_run run_name run_definition
    Source: sources of other GUIs; confirmed on the wire that dcss does not know it
    """

    keyword: ClassVar[str] = "gtos_configure_run"
    run_name: Name
    run_definition: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosConfigureRuns(Message):
    """Sent by old GUIs. dcss does not know it: runs are changed by operations and strings.

    Wire:   gtos_configure_runs run_name arguments
    Source: sources of other GUIs; confirmed on the wire that dcss does not know it
    """

    keyword: ClassVar[str] = "gtos_configure_runs"
    run_name: Name
    arguments: Text = ""
