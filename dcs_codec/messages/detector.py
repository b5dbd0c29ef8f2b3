"""Words of detector code bases outside operations.

Detectors speak through operations (`detector_collect_image` ...). These are what their sources
declare or send besides; dcss sends no such message, and ignores all of them.
"""

from typing import ClassVar

import attrs

from dcs_codec.fields import Note, Text
from dcs_codec.message import Message

__all__ = [
    "HtosDetectorIdle",
    "HtosFailedToStoreImage",
    "HtosImageCollected",
    "StohCollectImage",
    "StohDetectorSendStart",
    "StohDetectorSendStop",
    "StohDetectorStop",
    "StohOscillationComplete",
    "StohOscillationReady",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohCollectImage(Message):
    """Declared in sources of detector DHSs, in no table of messages; nothing sends it.

    Wire:   stoh_collect_image arguments
    Source: code that never runs, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stoh_collect_image"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohOscillationReady(Message):
    """Declared in sources of detector DHSs, in no table of messages; nothing sends it.

    Wire:   stoh_oscillation_ready arguments
    Source: code that never runs, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stoh_oscillation_ready"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohOscillationComplete(Message):
    """Declared in sources of detector DHSs, in no table of messages; nothing sends it.

    Wire:   stoh_oscillation_complete arguments
    Source: code that never runs, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stoh_oscillation_complete"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohDetectorStop(Message):
    """Declared in sources of detector DHSs, in no table of messages; nothing sends it.

    Wire:   stoh_detector_stop arguments
    Source: code that never runs, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stoh_detector_stop"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohDetectorSendStart(Message):
    """Declared in sources of detector DHSs, in no table of messages; nothing sends it.

    Wire:   stoh_detector_send_start arguments
    Source: code that never runs, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stoh_detector_send_start"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohDetectorSendStop(Message):
    """Declared in sources of detector DHSs, in no table of messages; nothing sends it.

    Wire:   stoh_detector_send_stop arguments
    Source: code that never runs, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stoh_detector_send_stop"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosImageCollected(Message):
    """An image was collected; dcss ignores it.

    Wire:   htos_image_collected arguments
    Source: dhsMar345.cc:660; confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_image_collected"
    arguments: Note = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosFailedToStoreImage(Message):
    """An image could not be stored; dcss ignores it.

    Wire:   htos_failed_to_store_image arguments
    Source: dhs_Quantum*.cc, marCcd.cc:1721
    """

    keyword: ClassVar[str] = "htos_failed_to_store_image"
    arguments: Note = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosDetectorIdle(Message):
    """A detector has nothing to do; dcss ignores it.

    Wire:   htos_detector_idle arguments
    Source: a comment in a mar345 DHS; confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_detector_idle"
    arguments: Note = ""
