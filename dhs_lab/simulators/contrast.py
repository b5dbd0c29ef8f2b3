"""Separates a sample from an uneven background: contrast of either sign, and connected pieces.

All lengths are pixels of the picture after it was reduced to `LONGEST_SIDE_PX`.
"""

from typing import Final, TypeAlias, TypeVar

import attrs
import numpy as np
import numpy.typing as npt
import scipy  # `scipy.ndimage` is loaded when it is used first: that takes a third of a second
from PIL import Image

Grey: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]
Scalar = TypeVar("Scalar", bound=np.generic)
Picture: TypeAlias = Image.Image | npt.NDArray[np.uint8]

LONGEST_SIDE_PX: Final = 400
_WEAKEST = 0.08  # least contrast of a pixel that counts ...
_MOST_ASKED = 0.22  # ... but next to strong contrast at most this, or faint wires are lost
_OF_STRONGEST = 0.45  # contrast below this part of the largest nearby is a halo
_REACH_BLOCKS = 2  # how far "nearby" is
_OF_PIECE = 0.22  # a piece's firm outline is at this part of its own contrast ...
_FIRMEST = 0.18  # ... but not above this
_DIMMEST = 45.0  # in a dark picture, steps of few grey levels are noise and JPEG, not contrast
_EDGE_OF_LIGHT = (
    0.032  # an edge differs this much from its surroundings, as a part of their light ...
)
_EDGE_LEVELS = 2.6  # ... in grey levels ...
_EDGE_OF_NOISE = 4.5  # ... and as a multiple of the noise
_BLUR_PX = 9
_BLOCK_PX = 4
_BORDER_BONUS = 8.0  # weight of a block at the border as background
_ALIKE = 0.12  # quiet regions with a smaller difference of light belong to the background
_MOST_PIECES = 4
_LEAST_PART = 0.04
_TOUCHING = np.ones((3, 3), dtype=bool)


@attrs.frozen(eq=False)
class Contrast:
    """How much each pixel differs from its background; arrays are indexed [y, x].

    Attributes:
        light: The picture in grey, reduced, and smoothed if it is noisy.
        levels: `|light - background| / background`; less for dark pictures.
        faint: Pixels that differ from the background.
        clear: Those `faint` pixels that are not a halo of stronger contrast.
        noise: Standard deviation of `light` in the background, in grey levels.
        scale: Pixels of the given picture per pixel of these.
    """

    light: Grey
    levels: Grey
    faint: Mask
    clear: Mask
    noise: float
    scale: int

    @property
    def size_px(self) -> int:
        """The longest side: the unit for lengths."""
        height, width = self.levels.shape
        return int(max(height, width))


@attrs.frozen(eq=False)
class Piece:
    """One connected region.

    Attributes:
        row: First row of its masks in the picture.
        column: First column of them.
        faint: Its pixels, including faint ones.
        firm: Its pixels that are clear and strong compared with the piece.
        part: Its contrast as a part of that of the whole picture.
    """

    row: int
    column: int
    faint: Mask
    firm: Mask
    part: float


def contrast_of(picture: Picture) -> Contrast:
    """The contrast of a picture.

    Args:
        picture: A Pillow image of any mode, or an array of uint8, (h, w) or (h, w, 3).

    Raises:
        ValueError: The array is of another shape or type.
    """
    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8 or not (picture.ndim == 2 or picture.shape[2:] == (3,)):  # noqa: PLR2004
            raise ValueError(f"not uint8 of (h, w) or (h, w, 3): {picture.dtype} {picture.shape}")
        picture = Image.fromarray(picture)
    grey = picture.convert("L")
    scale = max(1, -(-max(grey.size) // LONGEST_SIDE_PX))
    if scale > 1:
        grey = grey.reduce(scale)
    light, noise = _without_noise(np.asarray(grey, dtype=np.float32))
    edges = _edges(light, noise)
    background = _background(light, edges)
    floor = np.maximum(background, np.float32(_DIMMEST))
    levels: Grey = np.abs(light - background) / floor
    near = _enlarged(_grown(edges), _BLOCK_PX, light.shape)
    weakest = np.maximum(np.float32(_WEAKEST), np.float32(3.5 * noise) / floor)
    faint = near & (levels > weakest)
    strongest = scipy.ndimage.maximum_filter(_block_max(levels, _BLOCK_PX), 2 * _REACH_BLOCKS + 1)
    asked = np.minimum(np.float32(_OF_STRONGEST) * strongest, np.float32(_MOST_ASKED))
    clear = faint & (levels > _enlarged(asked, _BLOCK_PX, light.shape))
    return Contrast(light, levels, faint, clear, noise, scale)


def pieces_of(contrast: Contrast) -> tuple[Piece, ...]:
    """The connected regions with the most contrast, the largest first."""
    blocks = _block_max(contrast.faint, 2)
    labels, count = scipy.ndimage.label(_grown(blocks), _TOUCHING)
    if not count:
        return ()
    sums = np.bincount(
        labels.ravel(), _block_sum(contrast.levels * contrast.clear).ravel(), count + 1
    )
    places = scipy.ndimage.find_objects(labels)
    found: list[Piece] = []
    for number in np.argsort(-sums[1:])[:_MOST_PIECES] + 1:
        part = float(sums[number] / sums.sum()) if sums[number] else 0.0
        if part < _LEAST_PART:
            break
        found.append(_cut_out(contrast, labels, int(number), places[number - 1], part))
    return tuple(found)


def _cut_out(
    contrast: Contrast,
    labels: npt.NDArray[np.signedinteger],
    number: int,
    place: tuple[slice, slice],
    part: float,
) -> Piece:
    rows, columns = (slice(2 * each.start, 2 * each.stop) for each in place)
    levels = contrast.levels[rows, columns]
    own = _enlarged(labels[place] == number, 2, levels.shape)
    clear = contrast.clear[rows, columns] & own
    high = float(_quantile(levels[clear], 0.9))
    firm = clear & (levels > min(_OF_PIECE * high, _FIRMEST))
    return Piece(rows.start, columns.start, contrast.faint[rows, columns] & own, firm, part)


def _without_noise(light: Grey) -> tuple[Grey, float]:
    """The picture, smoothed if necessary, and the remaining noise."""
    rows = light.shape[0] // 2
    if not rows:
        return light, 0.0
    steps = np.abs(light[1::2, ::4][:rows] - light[::2, ::4][:rows])
    noise = 1.05 * _quantile(steps.ravel(), 0.5)  # from the median difference of neighbours
    middle = max(1.0, _quantile(light[::4, ::4].ravel(), 0.5))
    for above, sigma_px, left in ((0.045, 2.0, 0.18), (0.01, 1.2, 0.3)):
        if noise > above * middle:
            smooth = scipy.ndimage.gaussian_filter(light, sigma_px, mode="nearest", truncate=2.5)
            return smooth, left * noise
    return light, noise


def _edges(light: Grey, noise: float) -> Mask:
    """The blocks with an edge; gradual changes of light, vignettes and clouds do not count."""
    smooth = scipy.ndimage.uniform_filter(light, _BLUR_PX, mode="nearest")
    asked = np.maximum(
        _EDGE_OF_LIGHT * _block_max(smooth, _BLOCK_PX), max(_EDGE_LEVELS, _EDGE_OF_NOISE * noise)
    )
    edges: Mask = _block_max(np.abs(light - smooth), _BLOCK_PX) > asked
    return edges


def _background(light: Grey, edges: Mask) -> Grey:
    """The light of the background, as if there were no sample.

    It is a quadratic fit to the blocks of background, plus their smoothed deviations from it.
    """
    side = 2 * _BLOCK_PX
    height, width = light.shape
    means = np.asarray(Image.fromarray(light).reduce(side))
    known = _blocks_of_background(~_block_max(edges, 2), means)
    rows, columns = known.shape
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    terms = np.stack((np.ones_like(x), x, y, x * x, x * y, y * y), axis=-1)
    fitted = terms @ _robust_fit(terms[known], means[known])
    sigma = 0.05 * max(known.shape)
    weight, total = (
        scipy.ndimage.gaussian_filter(values, sigma, mode="nearest", truncate=3.0)
        for values in (known.astype(np.float32), np.where(known, means - fitted, 0.0))
    )
    small = Image.fromarray((fitted + total / (weight + 0.02)).astype(np.float32))
    large = small.resize((columns * side, rows * side), Image.Resampling.BILINEAR)
    return np.asarray(large)[:height, :width]


def _blocks_of_background(quiet: Mask, means: Grey) -> Mask:
    """The background: the largest region without edges, and others of the same brightness.

    Blocks at the border count more; otherwise the inside of a large loop could win.
    """
    labels, count = scipy.ndimage.label(quiet)
    if not count:
        return np.ones_like(quiet)
    flat = labels.ravel()
    border = np.full(quiet.shape, 1.0 + _BORDER_BONUS)
    border[1:-1, 1:-1] = 1.0
    sizes = np.bincount(flat, border.ravel())
    sizes[0] = 0.0
    largest = int(sizes.argmax())
    light = np.bincount(flat, means.ravel()) / np.maximum(np.bincount(flat), 1)
    alike = np.abs(light - light[largest]) <= _ALIKE * max(float(light[largest]), 1.0)
    alike[0] = False
    alike[largest] = True
    same: Mask = alike[labels]
    return same


def _robust_fit(
    terms: npt.NDArray[np.float64], values: npt.NDArray[np.float32]
) -> npt.NDArray[np.floating]:
    """Fit factors of `terms` to `values`, without outliers; for few values, their mean."""
    factors: npt.NDArray[np.floating] = np.zeros(terms.shape[1])
    if len(values) < 4 * terms.shape[1]:
        factors[0] = values.mean()
        return factors
    use = np.ones(len(values), dtype=bool)
    for _ in range(3):
        kept = terms[use]
        normal = kept.T @ kept + 1e-6 * np.eye(terms.shape[1])  # also for a strip of blocks
        factors = np.linalg.solve(normal, kept.T @ values[use])
        off = np.abs(values - terms @ factors)
        use = off <= max(3.0, 3.7 * _quantile(off[use], 0.5))
        if np.count_nonzero(use) < 2 * terms.shape[1]:
            break
    return factors


def _quantile(values: npt.NDArray[np.floating], part: float) -> float:
    """A quantile of flat values without interpolation, which is slow; 0 if there are none."""
    if not values.size:
        return 0.0
    place = min(values.size - 1, int(part * values.size))
    return float(np.partition(values, place)[place])


def _block_max(values: npt.NDArray[Scalar], side: int) -> npt.NDArray[Scalar]:
    """The largest value of each block; blocks at the lower and right edge may be smaller."""
    rows, columns = (-size % side for size in values.shape)
    if rows or columns:
        values = np.pad(values, ((0, rows), (0, columns)), mode="edge")
    for _ in range(2):  # strided maxima along one axis, then along the other
        best = values[::side]
        for start in range(1, side):
            best = np.maximum(best, values[start::side])
        values = best.T
    return values


def _grown(blocks: Mask) -> Mask:
    """Each block together with its eight neighbours."""
    padded = np.pad(blocks, 1)
    wide = padded[:, :-2] | padded[:, 1:-1] | padded[:, 2:]
    grown: Mask = wide[:-2] | wide[1:-1] | wide[2:]
    return grown


def _block_sum(values: Grey) -> Grey:
    """Sums of blocks of 2x2."""
    rows, columns = (size % 2 for size in values.shape)
    values = np.pad(values, ((0, rows), (0, columns)))
    values = values[::2] + values[1::2]
    return values[:, ::2] + values[:, 1::2]


def _enlarged(
    blocks: npt.NDArray[Scalar], side: int, shape: tuple[int, ...]
) -> npt.NDArray[Scalar]:
    """Expand each block to its pixels, cut to `shape`."""
    return blocks.repeat(side, axis=0).repeat(side, axis=1)[: shape[0], : shape[1]]
