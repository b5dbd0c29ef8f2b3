"""Words of detector code bases outside operations.

Detectors speak through operations (`detector_collect_image` ...). These are what their sources
declare or send besides; dcss sends none of them and ignores all of them.
"""

from typing import ClassVar

import attrs

from dcs_codec.fields import Text
from dcs_codec.message import Message


@attrs.frozen(kw_only=True)
class StohCollectImage(Message):
    """Declared in headers of detector DHSs; nothing in them sends it.

    Wire:   stoh_collect_image arguments
    Source: declarations only, so no format is known
    """

    keyword: ClassVar[str] = "stoh_collect_image"
    arguments: Text = ""


@attrs.frozen(kw_only=True)
class StohOscillationReady(Message):
    """Declared in headers of detector DHSs; nothing in them sends it.

    Wire:   stoh_oscillation_ready arguments
    Source: declarations only, so no format is known
    """

    keyword: ClassVar[str] = "stoh_oscillation_ready"
    arguments: Text = ""


@attrs.frozen(kw_only=True)
class StohOscillationComplete(Message):
    """Declared in headers of detector DHSs; nothing in them sends it.

    Wire:   stoh_oscillation_complete arguments
    Source: declarations only, so no format is known
    """

    keyword: ClassVar[str] = "stoh_oscillation_complete"
    arguments: Text = ""


@attrs.frozen(kw_only=True)
class StohDetectorStop(Message):
    """Declared in headers of detector DHSs; nothing in them sends it.

    Wire:   stoh_detector_stop arguments
    Source: declarations only, so no format is known
    """

    keyword: ClassVar[str] = "stoh_detector_stop"
    arguments: Text = ""


@attrs.frozen(kw_only=True)
class StohDetectorSendStart(Message):
    """Declared in headers of detector DHSs; nothing in them sends it.

    Wire:   stoh_detector_send_start arguments
    Source: declarations only, so no format is known
    """

    keyword: ClassVar[str] = "stoh_detector_send_start"
    arguments: Text = ""


@attrs.frozen(kw_only=True)
class StohDetectorSendStop(Message):
    """Declared in headers of detector DHSs; nothing in them sends it.

    Wire:   stoh_detector_send_stop arguments
    Source: declarations only, so no format is known
    """

    keyword: ClassVar[str] = "stoh_detector_send_stop"
    arguments: Text = ""


@attrs.frozen(kw_only=True)
class HtosImageCollected(Message):
    """An image was collected; dcss ignores it.

    Wire:   htos_image_collected arguments
    Source: dhsMar345.cc:660; confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_image_collected"
    arguments: Text = ""


@attrs.frozen(kw_only=True)
class HtosFailedToStoreImage(Message):
    """An image could not be stored; dcss ignores it.

    Wire:   htos_failed_to_store_image arguments
    Source: dhs_Quantum*.cc, marCcd.cc:1721
    """

    keyword: ClassVar[str] = "htos_failed_to_store_image"
    arguments: Text = ""


@attrs.frozen(kw_only=True)
class HtosDetectorIdle(Message):
    """A detector has nothing to do; dcss ignores it.

    Wire:   htos_detector_idle arguments
    Source: confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_detector_idle"
    arguments: Text = ""


MESSAGES = (
    StohCollectImage,
    StohOscillationReady,
    StohOscillationComplete,
    StohDetectorStop,
    StohDetectorSendStart,
    StohDetectorSendStop,
    HtosImageCollected,
    HtosFailedToStoreImage,
    HtosDetectorIdle,
)
