"""The contact sheet: pictures with what DCSS received about them drawn in."""

from collections.abc import Sequence
from typing import Final

import attrs
from PIL import Image, ImageDraw, ImageFont

from dhs_lab.demo.evaluation import FrameResult
from dhs_lab.demo.judging import HardResult, counted
from dhs_lab.demo.pictures import TRUTH, dashed, opened
from dhs_lab.simulators.mount import PixelBox
from dhs_lab.simulators.outlines import Point
from dhs_runtime.loop.drawing import LIGHT, LOOP, NONE, PIN, SHADE, TIP, draw_marks

COLUMNS: Final = 5
TILE_PX: Final = (320, 240)
CAPTION_PX: Final = 26
GAP_PX: Final = 8
HEADING_PX: Final = 44
MARGIN_PX: Final = 120
WRONG: Final = (235, 80, 80)
DIM: Final = (150, 155, 165)
EDGE_PX: Final = 4


@attrs.frozen(kw_only=True)
class Tile:
    """One picture of the sheet; all lengths in its own pixels.

    Attributes:
        picture: The picture.
        window: The part of it that is shown, None for the whole picture.
        truths: The correct boxes.
        loop: The loop's box as DCSS was told.
        pin: The pin's box as found.
        tip: The tip as DCSS was told.
        name: Left half of the caption.
        verdict: Right half.
        colour: Colour of the verdict; if it is not that of `right`, the picture is framed in it.
    """

    picture: Image.Image
    window: tuple[int, int, int, int] | None = None
    truths: Sequence[PixelBox] = ()
    loop: PixelBox | None = None
    pin: PixelBox | None = None
    tip: Point | None = None
    name: str
    verdict: str
    colour: tuple[int, int, int]

    def drawn(self) -> Image.Image:
        """The tile, with its caption."""
        picture = self.picture if self.window is None else self.picture.crop(self.window)
        left, top = (0, 0) if self.window is None else self.window[:2]
        scale = min(TILE_PX[0] / picture.width, TILE_PX[1] / picture.height)
        size = round(picture.width * scale), round(picture.height * scale)
        picture = picture.resize(size, Image.Resampling.LANCZOS)

        def placed(box: PixelBox | None) -> PixelBox | None:
            if box is None:
                return None
            (a, b), (c, d) = at(box[:2]), at(box[2:])
            return a, b, c, d

        def at(point: Point) -> Point:
            return (point[0] - left) * scale, (point[1] - top) * scale

        tip = None if self.tip is None else at(self.tip)
        draw_marks(picture, loop=placed(self.loop), pin=placed(self.pin), tip=tip)
        for box in self.truths:
            if (there := placed(box)) is not None:
                dashed(ImageDraw.Draw(picture), there)
        tile = Image.new("RGB", (TILE_PX[0], TILE_PX[1] + CAPTION_PX), SHADE)
        tile.paste(picture, ((TILE_PX[0] - size[0]) // 2, (TILE_PX[1] - size[1]) // 2))
        draw = ImageDraw.Draw(tile)
        if self.colour != LOOP:
            edge = (0, 0, TILE_PX[0] - 1, TILE_PX[1] - 1)
            draw.rectangle(edge, outline=self.colour, width=EDGE_PX)
        font, y = ImageFont.load_default(15), TILE_PX[1] + 4
        draw.text((2, y), self.name, fill=LIGHT, font=font)
        x = TILE_PX[0] - draw.textlength(self.verdict, font=font) - 2
        draw.text((x, y), self.verdict, fill=self.colour, font=font)
        return tile


@attrs.frozen
class SheetSection:
    """A heading, a few words after it in grey, and the tiles below it."""

    heading: str
    note: str
    tiles: Sequence[Tile]


def contact_sheet(frames: Sequence[FrameResult], hard: Sequence[HardResult]) -> Image.Image:
    """Ten pictures of the turn, and all the hard ones, under headings."""
    taken = [result for result in hard if result.picture.is_photograph]
    drawn = [result for result in hard if not result.picture.is_photograph]
    return sheet_of(
        [
            SheetSection("While the sample turns", f"{len(frames)} pictures", _turning(frames)),
            SheetSection("Photographs", _counts(taken), [_hard_tile(each) for each in taken]),
            SheetSection("Drawn, and harder", _counts(drawn), [_hard_tile(each) for each in drawn]),
        ]
    )


def sheet_of(sections: Sequence[SheetSection]) -> Image.Image:
    """The sections that have tiles, one below the other, and a legend."""
    shown = [section for section in sections if section.tiles]
    rows = sum(_rows(section) for section in shown)
    row_px = TILE_PX[1] + CAPTION_PX + GAP_PX
    size = (
        COLUMNS * (TILE_PX[0] + GAP_PX) + GAP_PX,
        rows * row_px + len(shown) * HEADING_PX + HEADING_PX,
    )
    sheet = Image.new("RGB", size, SHADE)
    y = GAP_PX
    for section in shown:
        _heading(sheet, y, section)
        y += HEADING_PX
        for number, tile in enumerate(section.tiles):
            row, column = divmod(number, COLUMNS)
            place = GAP_PX + column * (TILE_PX[0] + GAP_PX), y + row * row_px
            sheet.paste(tile.drawn(), place)
        y += _rows(section) * row_px
    _legend(sheet, y)
    return sheet


def _rows(section: SheetSection) -> int:
    return -(-len(section.tiles) // COLUMNS)


def _heading(sheet: Image.Image, y: int, section: SheetSection) -> None:
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(24)
    x = GAP_PX + 2
    draw.text((x, y + 6), section.heading, fill=LIGHT, font=font)
    place = x + draw.textlength(section.heading, font=font) + 24, y + 13
    draw.text(place, section.note, fill=DIM, font=ImageFont.load_default(17))


def _counts(results: Sequence[HardResult]) -> str:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in counted(results).items())
    return f"{len(results)} pictures: {counts}"


def _legend(sheet: Image.Image, y: int) -> None:
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(17)
    x = GAP_PX + 2.0
    for word, colour in (
        ("As DCSS was told:", DIM),
        ("loop", LOOP),
        ("pin", PIN),
        ("tip", TIP),
        ("   As it is:", DIM),
        ("dashed", TRUTH),
        ("   In a frame:", DIM),
        ("no loop told, but there is one", NONE),
        ("wrong", WRONG),
        ("   Numbers: the score", DIM),
    ):
        draw.text((x, y + 4), word, fill=colour, font=font)
        x += draw.textlength(word, font=font) + 14


def _turning(frames: Sequence[FrameResult]) -> list[Tile]:
    """Up to ten of the pictures, spread over the turn, each cut to what matters."""
    count = min(len(frames), 2 * COLUMNS)
    chosen = [frames[round(i * (len(frames) - 1) / max(1, count - 1))] for i in range(count)]
    window = _window(frames) if frames else None
    return [
        Tile(
            picture=opened(frame.jpeg),
            window=window,
            truths=() if frame.truth_px is None else (frame.truth_px,),
            loop=frame.found_px,
            pin=frame.pin_px,
            tip=frame.tip_px,
            name=f"#{frame.index}   {frame.angle_deg:.0f}°   IoU {frame.iou:.2f}",
            verdict=f"{frame.score:.2f}" if frame.found_px else f"no loop  {frame.score:.2f}",
            colour=LOOP if frame.found_px else NONE,
        )
        for frame in chosen
    ]


def _hard_tile(result: HardResult) -> Tile:
    words = {"right": "right", "abstained": "no loop", "wrong": "wrong"}[result.verdict]
    if result.verdict == "right" and result.told is None:
        words = "right: no loop"
    return Tile(
        picture=opened(result.picture.jpeg),
        truths=[loop.box_px for loop in result.picture.loops],
        loop=None if result.told is None else result.told.box_px,
        tip=None if result.told is None else result.told.tip_px,
        name=result.picture.name,
        verdict=f"{words}  {result.score:.2f}",
        colour={"right": LOOP, "abstained": NONE, "wrong": WRONG}[result.verdict],
    )


def _window(frames: Sequence[FrameResult]) -> tuple[int, int, int, int]:
    """The part of the pictures that shows every loop and the end of the pin, 4:3."""
    width, height = frames[0].size_px
    boxes = [box for frame in frames for box in (frame.found_px, frame.truth_px) if box]
    if not boxes:
        return (0, 0, width, height)
    left = min(box[0] for box in boxes) - MARGIN_PX
    right = max(box[2] for box in boxes) + MARGIN_PX / 2
    middle = (min(box[1] for box in boxes) + max(box[3] for box in boxes)) / 2
    half = (right - left) * TILE_PX[1] / TILE_PX[0] / 2
    return (round(left), round(middle - half), round(right), round(middle + half))
