"""Messages about who drives: the master, staff, and the abort that anybody may send.

Any client may become master at any time: dcss asks nobody, and tells the old one afterwards.
"""

from typing import ClassVar

import attrs

from dcs_codec.fields import OptionalStatus, Text
from dcs_codec.gui_fields import RequestWords
from dcs_codec.message import Message

__all__ = [
    "GtosAbortAll",
    "GtosAdmin",
    "GtosBecomeMaster",
    "GtosBecomeSlave",
    "StogAdmin",
    "StogBecomeMaster",
    "StogBecomeSlave",
    "StogNoMaster",
    "StogOtherMaster",
    "StogRequestToBecomeMaster",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosBecomeMaster(Message):
    """Become master.

    Wire:   gtos_become_master request
    Units:  request: `request_lock`, or `master_lock_key=HEX`; dcss reads neither `force` nor
            `noforce`
    Source: dcss_gui_client.c:1090 (reads the text from its 19th byte on, there or not), confirmed
            on the wire
    """

    keyword: ClassVar[str] = "gtos_become_master"
    request: RequestWords = "force"


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosBecomeSlave(Message):
    """Stop being master.

    Wire:   gtos_become_slave request
    Units:  request: `request_unlock master_lock_key=HEX` to give a lock back, or any word
    Source: dcss_gui_client.c:1169, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_become_slave"
    request: RequestWords = "force"


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogBecomeMaster(Message):
    """This client is master.

    Wire:   stog_become_master key
    Units:  key: `master_lock_key=HEX` if a lock was asked for
    Source: dcss_broadcast.c:676, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_become_master"
    key: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogBecomeSlave(Message):
    """This client is not master: it gave it up, lost it, or was refused.

    Wire:   stog_become_slave reason
    Units:  reason: `locked`, `invalid_key`, `not_unlocked need key`, `not_unlocked invalid_key`
    Source: dcss_gui_client.c:1090-1169, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_become_slave"
    reason: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogNoMaster(Message):
    """Nobody is master, after `gtos_admin hand_back_masters`; not when a master leaves.

    Wire:   stog_no_master
    Source: dcss_broadcast.c, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_no_master"


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogOtherMaster(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_other_master arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_other_master"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogRequestToBecomeMaster(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_request_to_become_master arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_request_to_become_master"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosAdmin(Message):
    """A command for staff.

    Wire:   gtos_admin command
    Units:  command: `dump_database [FILE]`, `set_permission NAME 01111 01111`,
            `force_all_client_quit` or `hand_back_masters`
    Source: dcss_gui_client.c:2440, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_admin"
    command: RequestWords


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogAdmin(Message):
    """Staff gave this command; told before it is done.

    Wire:   stog_admin command
    Units:  command: as in `gtos_admin`
    Source: dcss_gui_client.c:2440, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_admin"
    command: Text


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosAbortAll(Message):
    """Stop everything: any client may, and it opens a lock of the master.

    Every DHS gets it. Nothing answers, and no other client is told.

    Wire:   gtos_abort_all [abort_arg]
    Units:  abort_arg: `soft` (decelerate) or `hard`
    Source: dcss_gui_client.c:1693, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_abort_all"
    abort_arg: OptionalStatus = ""
