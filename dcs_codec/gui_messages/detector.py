"""Words of detectors that GUIs know; dcss sends none, since detectors speak through operations."""

from typing import ClassVar

import attrs

from dcs_codec.fields import Text
from dcs_codec.message import Message

__all__ = [
    "StogCollectStarted",
    "StogCollectStopped",
    "StogConfigureDetector",
    "StogExposureStarted",
    "StogFailedToStoreImage",
    "StogLoadImage",
    "StogReadoutStarted",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogCollectStarted(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_collect_started arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_collect_started"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogCollectStopped(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_collect_stopped arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_collect_stopped"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogConfigureDetector(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_configure_detector arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_configure_detector"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogLoadImage(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_load_image arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_load_image"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogExposureStarted(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_exposure_started arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_exposure_started"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogReadoutStarted(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_readout_started arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_readout_started"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogFailedToStoreImage(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_failed_to_store_image arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_failed_to_store_image"
    arguments: Text = ""
