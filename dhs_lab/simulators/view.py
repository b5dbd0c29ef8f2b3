"""What a simulated camera looks at: a scene that turns, or a still picture."""

import io
from typing import Protocol

import attrs
from PIL import Image

from dhs_lab.simulators.mount import Truth


class CameraView(Protocol):
    """Gives a picture for each angle; `Scene` and `StillPicture` do."""

    @property
    def width_px(self) -> int:
        """Width of the picture."""

    @property
    def height_px(self) -> int:
        """Height of the picture."""

    def render(self, angle_deg: float) -> Image.Image:
        """The picture at `angle_deg`, in RGB."""

    def jpeg(self, angle_deg: float, quality: int = 85) -> bytes:
        """The same as a JPEG file."""

    def truth(self, angle_deg: float) -> Truth:
        """What the picture shows, and where."""


@attrs.frozen
class StillPicture:
    """A picture that is the same at every angle.

    Attributes:
        data: A JPEG file; it is served unchanged for every quality.
        shown: What the picture shows.
    """

    data: bytes = attrs.field(repr=False)
    shown: Truth = attrs.field(default=Truth(None, None, None))

    @property
    def width_px(self) -> int:
        """Width of the picture."""
        return self.render(0).width

    @property
    def height_px(self) -> int:
        """Height of the picture."""
        return self.render(0).height

    def render(self, angle_deg: float) -> Image.Image:  # noqa: ARG002 - it does not turn
        """The picture in RGB."""
        with Image.open(io.BytesIO(self.data)) as file:
            return file.convert("RGB")

    def jpeg(self, angle_deg: float, quality: int = 85) -> bytes:  # noqa: ARG002 - as above
        """The file."""
        return self.data

    def truth(self, angle_deg: float) -> Truth:  # noqa: ARG002 - as above
        """What the picture shows."""
        return self.shown
