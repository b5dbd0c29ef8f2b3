"""Pictures for the docs: boxes, frames and arrows as SVG, legible on light and dark pages.

A picture has a background of its own, so that it can be read wherever it stands; where the reader's
system is dark it is dark, too. All measures are whole pixels.
"""

import html
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

ROW: Final = 34  # height of a box
LETTER: Final = 7.3  # width of a letter of a name, about
WIDE_LETTER: Final = 9.0  # and of a capital
MARGIN: Final = 20

STYLE: Final = """\
text { font: 13px system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: #1f2933;
  text-anchor: middle; }
.name { font-weight: 600; }
.note { font-size: 11.5px; fill: #52606d; }
.left { text-anchor: start; }
.card { fill: #fcfcfd; stroke: #d9dee5; }
.frame { fill: #f1f4f8; stroke: #b8c4d2; stroke-dasharray: 5 4; }
.arrow { fill: none; stroke: #7b8794; stroke-width: 1.4; }
.tip { fill: #7b8794; }
.plain { fill: #e8f0fb; stroke: #3f74b5; }
.good { fill: #e3f4e6; stroke: #3b8a4c; }
.wait { fill: #fdf3dc; stroke: #b98219; }
.bad { fill: #fde8e6; stroke: #bd4a3c; }
.end { fill: #eceff2; stroke: #7b8794; }
@media (prefers-color-scheme: dark) {
  text { fill: #e4e7eb; }
  .note { fill: #a8b3bf; }
  .card { fill: #171b21; stroke: #353d48; }
  .frame { fill: #1f252d; stroke: #4b5868; }
  .arrow { stroke: #8a97a6; }
  .tip { fill: #8a97a6; }
  .plain { fill: #1c3557; stroke: #6ea3e0; }
  .good { fill: #1b3d25; stroke: #63bd78; }
  .wait { fill: #44350f; stroke: #d9a63d; }
  .bad { fill: #4a201b; stroke: #e07a6c; }
  .end { fill: #2b323b; stroke: #8a97a6; }
}"""

Point = tuple[float, float]


@attrs.frozen
class Box:
    """A rounded box with its name, around a point."""

    name: str
    x: float
    y: float
    look: str = "plain"
    note: str = ""
    width: float = 0.0

    @property
    def half(self) -> float:
        """Half its width, wide enough for the name."""
        letter = WIDE_LETTER if self.name.isupper() else LETTER
        return max(self.width, len(self.name) * letter + 26) / 2

    @property
    def rise(self) -> float:
        """Half its height."""
        return ROW / 2 + (7 if self.note else 0)

    def parts(self) -> Iterator[str]:
        """The box and its text."""
        yield (
            f'<rect class="{self.look}" x="{_n(self.x - self.half)}" y="{_n(self.y - self.rise)}" '
            f'width="{_n(2 * self.half)}" height="{_n(2 * self.rise)}" rx="8"/>'
        )
        shift = -3 if self.note else 5
        yield _text(self.name, self.x, self.y + shift, "name")
        if self.note:
            yield _text(self.note, self.x, self.y + 14, "note")


@attrs.frozen
class Frame:
    """A dashed frame around several boxes: what leaves it leaves each of them."""

    left: float
    top: float
    right: float
    bottom: float
    title: str = ""

    def parts(self) -> Iterator[str]:
        """The frame and its title."""
        yield (
            f'<rect class="frame" x="{_n(self.left)}" y="{_n(self.top)}" '
            f'width="{_n(self.right - self.left)}" height="{_n(self.bottom - self.top)}" rx="14"/>'
        )
        if self.title:
            yield _text(self.title, self.left + 14, self.top + 18, "note left")


@attrs.frozen
class Arrow:
    """A line through points, rounded at the bends or drawn as one curve, with a label."""

    points: Sequence[Point]
    label: Sequence[str] = ()
    at: Point | None = None
    left: bool = False
    smooth: bool = False
    tip: bool = True

    def parts(self) -> Iterator[str]:
        """The line, its tip and its label."""
        path = _curve(self.points) if self.smooth else _line(self.points)
        yield f'<path class="arrow" d="{path}"/>'
        if self.tip:
            yield _tip(self.points[-2], self.points[-1])
        if self.at is not None:
            for number, line in enumerate(self.label):
                look = "note left" if self.left else "note"
                yield _text(line, self.at[0], self.at[1] + 14 * number, look)


Shape = Box | Frame | Arrow


def picture(title: str, width: float, height: float, shapes: Iterable[Shape]) -> str:
    """An SVG of these shapes, drawn in their order."""
    parts = [part for shape in shapes for part in shape.parts()]
    return "\n".join(
        (
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" '
                f'width="{_n(width)}" height="{_n(height)}" role="img">'
            ),
            f"<title>{html.escape(title)}</title>",
            f"<style>{STYLE}</style>",
            (
                f'<rect class="card" x="0.5" y="0.5" width="{_n(width - 1)}" '
                f'height="{_n(height - 1)}" rx="12"/>'
            ),
            *parts,
            "</svg>\n",
        )
    )


# -- layers ----------------------------------------------------------------------------------


def layered(title: str, graph: Mapping[str, Iterable[str]], looks: Mapping[str, str]) -> str:
    """A picture of who needs whom: everything stands above what it needs.

    A line is left out where another way leads there. Names that nobody needs and that need nobody
    stand at the bottom.
    """
    lines = reduced(graph)
    rows = _with_bends(lines, levels(lines))
    order = _untangled(rows, _links(rows, lines))
    return _drawn(title, order, _links(rows, lines), looks)


def reduced(graph: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """The graph without the lines that a longer way makes unnecessary."""
    reach: dict[str, set[str]] = {}

    def of(name: str) -> set[str]:
        if name not in reach:
            reach[name] = set(graph[name]).union(*(of(each) for each in graph[name]))
        return reach[name]

    return {
        name: {each for each in needs if not any(each in of(other) for other in needs)}
        for name, needs in graph.items()
    }


def levels(graph: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """How high each name stands: above all it needs, and not far below those who need it."""
    height: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in height:
            height[name] = 1 + max(map(of, graph[name]), default=-1)
        return height[name]

    for name in graph:
        of(name)
    for name in sorted(graph, key=lambda each: -height[each]):
        users = [height[user] for user, needs in graph.items() if name in needs]
        if users:
            height[name] = min(users) - 1
    return height


Cell = tuple[str, int]
"""A name in a row; the same in the rows where only its line passes, as `user>needed`."""


def _with_bends(graph: Mapping[str, Iterable[str]], height: Mapping[str, int]) -> list[list[Cell]]:
    rows: list[list[Cell]] = [[] for _ in range(max(height.values()) + 1)]
    for name in sorted(graph):
        rows[height[name]].append((name, height[name]))
        for needed in sorted(graph[name]):
            for between in range(height[needed] + 1, height[name]):
                rows[between].append((f"{name}>{needed}", between))
    return rows


def _links(rows: list[list[Cell]], graph: Mapping[str, Iterable[str]]) -> list[tuple[Cell, Cell]]:
    """Lines from one row to the next, upper end first."""
    height = {name: row for cells in rows for name, row in cells if ">" not in name}
    links: list[tuple[Cell, Cell]] = []
    for name in sorted(graph):
        for needed in sorted(graph[name]):
            top, bottom = height[name], height[needed]
            way = [(f"{name}>{needed}", row) for row in range(top - 1, bottom, -1)]
            links += itertools.pairwise([(name, top), *way, (needed, bottom)])
    return links


def _untangled(rows: list[list[Cell]], links: list[tuple[Cell, Cell]]) -> list[list[Cell]]:
    """The rows in the order with the fewest crossings that sweeps by the mean find."""
    best, fewest = rows, _crossings(rows, links)
    for sweep in range(24):
        down = sweep % 2 == 0
        rows = [list(row) for row in rows]
        for level in reversed(range(len(rows))) if down else range(len(rows)):
            place = {cell: _place(row, at) for row in rows for at, cell in enumerate(row)}
            side = {cell: list[float]() for cell in rows[level]}
            for upper, lower in links:
                inner, outer = (lower, upper) if down else (upper, lower)
                if inner in side:
                    side[inner].append(place[outer])
            rows[level].sort(
                key=lambda cell: sum(side[cell]) / len(side[cell]) if side[cell] else place[cell]
            )
        crossings = _crossings(rows, links)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _place(row: list[Cell], at: int) -> float:
    return (at + 0.5) / len(row)


def _crossings(rows: list[list[Cell]], links: list[tuple[Cell, Cell]]) -> int:
    at = {cell: number for row in rows for number, cell in enumerate(row)}
    return sum(
        one[0][1] == two[0][1] and (at[one[0]] - at[two[0]]) * (at[one[1]] - at[two[1]]) < 0
        for one, two in itertools.combinations(links, 2)
    )


_GAP: Final = 62  # from row to row
_BEND: Final = 36  # width of a row's place where a line only passes


def _drawn(
    title: str,
    rows: list[list[Cell]],
    links: list[tuple[Cell, Cell]],
    looks: Mapping[str, str],
) -> str:
    across = _settled(rows, links)
    left = min(x - _room(cell) / 2 for cell, x in across.items()) - MARGIN
    right = max(x + _room(cell) / 2 for cell, x in across.items()) + MARGIN
    height = 2 * MARGIN + ROW + (len(rows) - 1) * _GAP
    boxes = {
        cell: Box(
            cell[0],
            round(across[cell] - left),
            MARGIN + ROW / 2 + (len(rows) - 1 - level) * _GAP,
            looks.get(cell[0], "plain"),
        )
        for level, row in enumerate(rows)
        for cell in row
    }
    lines = [_descent(boxes[upper], boxes[lower], upper, lower) for upper, lower in links]
    shown = [box for cell, box in boxes.items() if ">" not in cell[0]]
    return picture(title, round(right - left), height, [*lines, *shown])


def _settled(rows: list[list[Cell]], links: list[tuple[Cell, Cell]]) -> dict[Cell, float]:
    """Where each cell stands across: near those it is linked with, and clear of its neighbours."""
    beside: dict[Cell, list[Cell]] = {cell: [] for row in rows for cell in row}
    for upper, lower in links:
        weight = 3 if ">" in upper[0] or ">" in lower[0] else 1  # long lines should be straight
        beside[upper] += [lower] * weight
        beside[lower] += [upper] * weight
    across = {cell: x for row in rows for cell, x in zip(row, _packed(row), strict=True)}
    for sweep in range(60):
        for row in rows if sweep % 2 else reversed(rows):
            wished = [
                sum(across[other] for other in beside[cell]) / len(beside[cell])
                if beside[cell]
                else across[cell]
                for cell in row
            ]
            across.update(zip(row, _apart(row, wished), strict=True))
    return across


def _packed(row: list[Cell]) -> list[float]:
    """Places side by side, around 0."""
    ends = list(itertools.accumulate(map(_room, row)))
    return [end - _room(cell) / 2 - ends[-1] / 2 for cell, end in zip(row, ends, strict=True)]


def _apart(row: list[Cell], wished: list[float]) -> list[float]:
    """Places near the wished ones, in their order and clear of each other."""
    slots = _packed(row)
    shifts = [wish - slot for wish, slot in zip(wished, slots, strict=True)]
    pushed_right = list(itertools.accumulate(shifts, max))
    pushed_left = list(itertools.accumulate(reversed(shifts), min))[::-1]
    return [
        slot + (right + left) / 2
        for slot, right, left in zip(slots, pushed_right, pushed_left, strict=True)
    ]


def _room(cell: Cell) -> float:
    return _BEND if ">" in cell[0] else 2 * Box(cell[0], 0, 0).half + 18


def _descent(upper_box: Box, lower_box: Box, upper: Cell, lower: Cell) -> Arrow:
    start = upper_box.y + (0 if ">" in upper[0] else ROW / 2)
    is_end = ">" not in lower[0]
    end = lower_box.y - (ROW / 2 + 1 if is_end else 0)
    middle = (start + end) / 2
    bends = ((upper_box.x, middle), (lower_box.x, middle))
    return Arrow(((upper_box.x, start), *bends, (lower_box.x, end)), smooth=True, tip=is_end)


# -- marks -----------------------------------------------------------------------------------


def _line(points: Sequence[Point]) -> str:
    """A path with rounded corners."""
    path = f"M{_p(points[0])}"
    for before, corner, behind in zip(points, points[1:], points[2:], strict=False):
        path += (
            f" L{_p(_toward(corner, before, 10))} Q{_p(corner)} {_p(_toward(corner, behind, 10))}"
        )
    return f"{path} L{_p(points[-1])}"


def _curve(points: Sequence[Point]) -> str:
    start, first, second, end = points
    return f"M{_p(start)} C{_p(first)} {_p(second)} {_p(end)}"


def _tip(before: Point, end: Point) -> str:
    back, side = _toward(end, before, 8), _toward(end, before, 8)
    away = (back[1] - end[1], end[0] - back[0])
    one = (side[0] + away[0] / 2, side[1] + away[1] / 2)
    two = (side[0] - away[0] / 2, side[1] - away[1] / 2)
    return f'<path class="tip" d="M{_p(end)} L{_p(one)} L{_p(two)} Z"/>'


def _toward(start: Point, goal: Point, step: float) -> Point:
    """A point `step` pixels from one towards another."""
    across, along = goal[0] - start[0], goal[1] - start[1]
    length = max(1.0, (across**2 + along**2) ** 0.5)
    return start[0] + across * step / length, start[1] + along * step / length


def _text(text: str, x: float, y: float, look: str) -> str:
    return f'<text class="{look}" x="{_n(x)}" y="{_n(y)}">{html.escape(text)}</text>'


def _p(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _n(number: float) -> str:
    """A number as short as it can be."""
    return f"{number:.1f}".removesuffix(".0")
