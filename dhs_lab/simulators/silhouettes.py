"""Dark things before an uneven background: contrast, connected pieces and their outlines."""

from typing import TypeAlias

import attrs
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter
from scipy import ndimage

Grey: TypeAlias = npt.NDArray[np.float32]
Picture: TypeAlias = Image.Image | npt.NDArray[np.uint8]

LONGEST_SIDE_PX = 1000  # larger pictures are shrunk first
_SHRINK = 8  # the background is estimated on a picture this many times smaller
_STRONG = 0.16  # contrast that something must have somewhere to be looked at ...
_WEAK = 0.085  # ... and how far it is followed from there
_DIMMEST = 80.0  # in a dark picture steps of few grey levels are noise and JPEG, not contrast
_EDGE = 0.4  # an outline runs where the contrast falls to this part of the piece's own


@attrs.frozen(eq=False)
class Contrast:
    """How much darker than its background each pixel is.

    Attributes:
        dark: `(background - light) / background`, indexed [y, x]; 1 is black, about 0 background.
            Of dark pictures less: `_DIMMEST` takes the place of a darker background.
        noise: Standard deviation of `dark` where nothing is.
        scale: Pixels of the given picture per pixel of `dark`.
    """

    dark: Grey
    noise: float
    scale: float

    @property
    def size_px(self) -> int:
        """The longest side: lengths are judged relative to it."""
        return max(int(self.dark.shape[0]), int(self.dark.shape[1]))


@attrs.frozen(eq=False)
class Piece:
    """One connected dark thing as its upper and lower edge in each of its columns.

    Attributes:
        first_px: Its first column.
        top_px: First row of each column; a connected thing has no column without one.
        bottom_px: Last row of each column.
        level: The contrast it reaches (its 90th percentile).
    """

    first_px: int
    top_px: npt.NDArray[np.intp]
    bottom_px: npt.NDArray[np.intp]
    level: float

    @property
    def thickness_px(self) -> npt.NDArray[np.float64]:
        """Height of each column, at least 1."""
        return (self.bottom_px - self.top_px + 1).astype(np.float64)


def contrast_of(picture: Picture) -> Contrast:
    """The contrast of a picture.

    Args:
        picture: A Pillow image of any mode, or an array of uint8, (h, w) or (h, w, 3).

    Raises:
        ValueError: The array is of another shape or type.
    """
    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8 or not (picture.ndim == 2 or picture.shape[2:] == (3,)):  # noqa: PLR2004
            raise ValueError(f"no picture: {picture.dtype} {picture.shape}")
        picture = Image.fromarray(picture)
    grey = picture.convert("L")
    scale = max(1, -(-max(grey.size) // LONGEST_SIDE_PX))
    if scale > 1:
        grey = grey.reduce(scale)
    small = np.asarray(grey.reduce(_SHRINK), dtype=np.float32)
    size = (-(-grey.width // _SHRINK) * _SHRINK, -(-grey.height // _SHRINK) * _SHRINK)
    smooth = Image.fromarray(_background(small)).resize(size, Image.Resampling.BILINEAR)
    behind = np.asarray(smooth)[: grey.height, : grey.width]
    light = np.asarray(grey.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float32)
    dark: Grey = (behind - light) / np.maximum(behind, _DIMMEST)
    sample = dark[::4, ::4]
    noise = 1.48 * float(np.median(np.abs(sample - np.median(sample))))
    return Contrast(dark, noise, scale)


def _background(small: Grey) -> Grey:
    """The light behind everything dark in a shrunk picture.

    A closing along y removes what is dark and not too high; what it removed is then painted over
    from its surroundings, so that the clouds of the background stay where nothing stands before it.
    """
    height = small.shape[0]
    reach = max(3, height // 2) | 1
    padded = np.pad(small, ((reach, reach), (0, 0)), mode="edge")
    closed = ndimage.grey_closing(padded, size=(reach, 1))[reach : reach + height]
    thing = (closed - small) > 0.12 * np.maximum(closed, _DIMMEST)
    clear = 1.0 - ndimage.binary_dilation(thing, iterations=2).astype(np.float32)
    sigma = 0.05 * max(small.shape)
    weight = ndimage.gaussian_filter(clear, sigma, mode="nearest", truncate=3.0)
    total = ndimage.gaussian_filter(small * clear, sigma, mode="nearest", truncate=3.0)
    # Deep inside a large thing no surroundings are in reach: fall back to the closing.
    trust = 1e-3
    filled: Grey = (total + trust * closed) / (weight + trust)
    return filled.astype(np.float32)


def pieces_of(contrast: Contrast) -> tuple[Piece, ...]:
    """The connected dark things that stand out, in no order."""
    strong = max(_STRONG, 7.0 * contrast.noise)
    weak = max(_WEAK, 3.5 * contrast.noise)
    if float(contrast.dark.max(initial=0.0)) < strong:
        return ()
    labels, count = ndimage.label(contrast.dark > weak, structure=np.ones((3, 3), dtype=int))
    hit = np.zeros(count + 1, dtype=bool)
    hit[labels[contrast.dark > strong]] = True
    hit[0] = False
    smallest = 0.01 * contrast.size_px
    found: list[Piece] = []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if not hit[number] or box is None:
            continue
        rows, columns = box
        if columns.stop - columns.start < smallest or rows.stop - rows.start < smallest / 2:
            continue
        dark = np.where(labels[box] == number, contrast.dark[box], 0.0)
        found.append(_outline(dark, rows.start, columns.start, weak))
    return tuple(found)


def _outline(dark: npt.NDArray[np.floating], row: int, column: int, weak: float) -> Piece:
    """The upper and lower edges of a piece cut out at `row`, `column`."""
    level = float(np.quantile(dark[dark > weak], 0.9))
    # Thin parts are fainter than the whole: each column is cut at a part of its own contrast.
    deepest = np.minimum(dark.max(axis=0), level)
    inside = dark > np.maximum(weak, _EDGE * deepest)[None, :]
    top = inside.argmax(axis=0)
    bottom = dark.shape[0] - 1 - inside[::-1].argmax(axis=0)
    return Piece(column, top + row, bottom + row, level)
