"""Draws the light of a picture: background, pin, fibre and the drop in the loop.

Light is an array of grey levels, 0..255, float32, indexed [y, x].
"""

from typing import TypeAlias

import attrs
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from dhs_lab.simulators.mount import Floats, Mount, Silhouette

Light: TypeAlias = npt.NDArray[np.float32]

SUPERSAMPLING = 2
_MARGIN_PX = 10
_DARK = 50.0  # grey level of metal and of the drop's rim in the photograph
_STEEPEST = 0.17  # slope of the drop's surface that deflects light out of the lens
_TWIST_PX = 72.0  # pitch of the fibre's twist


def _clouds(shape: tuple[int, int], cells: tuple[int, int], source: np.random.Generator) -> Light:
    """Smooth random field of about unit strength with `cells` features along y and x."""
    grid = source.standard_normal((cells[0] + 3, cells[1] + 3)).astype(np.float32)
    image = Image.fromarray(grid).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=np.float32)


def background(shape: tuple[int, int], source: np.random.Generator) -> Light:
    """An unevenly lit, blurred wall: darker at top and bottom, with soft clouds."""
    down = np.linspace(0.0, 1.0, shape[0], dtype=np.float32)[:, None]
    light: Light = 168.0 - 52.0 * np.exp(-down / 0.13) - 26.0 * down**2.2
    light = light + 3.0 * _clouds(shape, (9, 0), source)
    for cells, strength in (((2, 3), 5.0), ((5, 7), 3.0), ((10, 15), 1.6), ((24, 34), 0.6)):
        light = light + strength * _clouds(shape, cells, source)
    return light


def sensor_noise(shape: tuple[int, int], level: float, source: np.random.Generator) -> Light:
    """Noise of standard deviation `level`, a little smeared as by a video camera."""
    noise = source.standard_normal(shape).astype(np.float32)
    noise = noise + 0.6 * (np.roll(noise, 1, axis=0) + np.roll(noise, 1, axis=1))
    return (noise * (level / 1.31)).astype(np.float32)


@attrs.frozen(eq=False)
class Pin:
    """The metal pin: a cylinder; its bright stripe stays while its scratches turn."""

    rows: slice
    columns: slice
    cover: Light
    across: Floats
    shade: Light
    gloss: Light
    scratches: Light

    @classmethod
    def of(cls, mount: Mount, blur_px: float, source: np.random.Generator) -> "Pin | None":
        """The pin of `mount`; None when it is out of view."""
        radius = 0.5 * mount.pin_diameter_px
        first = max(0, int(mount.axis_y_px - radius) - 6)
        last = min(mount.height_px, int(mount.axis_y_px + radius) + 7)
        width = min(mount.width_px, int(mount.pin_end_px) + 7)
        if first >= last or width <= 0 or mount.pin_end_px <= 0:
            return None
        y = np.arange(first, last)[:, None] + 0.5 - mount.axis_y_px
        x = np.arange(width)[None, :] + 0.5 - mount.pin_end_px
        corner = min(7.0, 0.3 * radius)
        beyond_x, beyond_y = x + corner, np.abs(y) - radius + corner
        distance = np.hypot(np.maximum(beyond_x, 0), np.maximum(beyond_y, 0)) - corner
        distance = distance + np.minimum(np.maximum(beyond_x, beyond_y), 0)
        cover = 0.5 - 0.5 * np.tanh(distance / (1.2 * max(blur_px, 0.3)))
        across = np.clip(y / radius, -1.0, 1.0)
        end = 0.5 + 0.5 * np.tanh((x + corner + 2.0) / 2.4)  # the rounded end reflects nothing
        stripe = np.exp(-(((across - 0.45) / 0.13) ** 2))
        sheen = np.exp(-(((across - 0.68) / 0.2) ** 2))
        rim = np.exp((np.abs(across) - 1.0) * 18.0)
        rings = 1.0 + 0.1 * _clouds((1, width), (0, max(1, width // 20)), source)
        return cls(
            rows=slice(first, last),
            columns=slice(0, width),
            cover=cover.astype(np.float32),
            across=across[:, 0],
            shade=(_DARK - 4.0 + 10.0 * rim + 22.0 * sheen * (1 - end)).astype(np.float32),
            gloss=((104.0 * stripe + 28.0 * sheen) * (1 - end) * rings).astype(np.float32),
            scratches=_scratches(width, source),
        )

    def light(self, angle_deg: float) -> Light:
        """The pin's own light at `angle_deg`, without background."""
        count = len(self.scratches)
        turned = np.arcsin(self.across) - np.radians(angle_deg)
        index = np.floor(turned / (2 * np.pi) * count).astype(np.intp) % count
        light: Light = self.shade + self.gloss * self.scratches[index]
        return light

    def blend_into(self, light: Light, angle_deg: float) -> None:
        """Draw the pin over `light`."""
        part = light[self.rows, self.columns]
        part += self.cover * (self.light(angle_deg) - part)


def _scratches(width: int, source: np.random.Generator) -> Light:
    """The reflectivity of the pin around (256 rows) and along it, about 1."""
    shape = (256, width)
    long = _clouds(shape, (90, max(2, width // 60)), source)
    short = _clouds(shape, (40, max(2, width // 9)), source)
    marks = np.ones(shape, dtype=np.float32)
    for _ in range(max(1, width // 90)):  # smudges that turn with the pin
        row, column = source.integers(256), source.integers(width)
        rows = (np.arange(256) - row + 128) % 256 - 128
        spread = ((np.arange(width) - column)[None, :] / 5.0) ** 2 + (rows[:, None] / 30.0) ** 2
        marks -= (0.75 * np.exp(-spread)).astype(np.float32)
    return np.clip((1.0 + 0.17 * long + 0.2 * short) * marks, 0.05, 1.6).astype(np.float32)


def chroma(light: Light, pin: Pin | None) -> tuple[Image.Image, Image.Image]:
    """The two colour planes: nearly grey, the dark metal a little blue, its stripe warm."""
    blue = np.full(light.shape, 128.0, dtype=np.float32)
    red = np.full(light.shape, 128.0, dtype=np.float32)
    if pin is not None:
        warm = np.clip(pin.gloss / 100.0, 0, 1)
        blue[pin.rows, pin.columns] += pin.cover * (3.0 - 12.0 * warm)
        red[pin.rows, pin.columns] += pin.cover * (-0.5 + 4.0 * warm)
    return (
        Image.fromarray(np.rint(blue).astype(np.uint8)),
        Image.fromarray(np.rint(red).astype(np.uint8)),
    )


@attrs.frozen
class Window:
    """The part of the picture that fibre and loop can touch at one angle."""

    rows: slice
    columns: slice


def window_of(mount: Mount, angle_deg: float) -> Window | None:
    """The window of `mount` at `angle_deg`; None when it is out of the picture."""
    outline = mount.silhouette(angle_deg, np.linspace(mount.pin_end_px, mount.tip_x_px, 80))
    first_y = int((outline.centre_px - outline.half_px).min()) - _MARGIN_PX
    last_y = int((outline.centre_px + outline.half_px).max()) + _MARGIN_PX
    rows = slice(max(0, first_y), min(mount.height_px, last_y))
    columns = slice(
        max(0, int(mount.pin_end_px) - _MARGIN_PX),
        min(mount.width_px, int(mount.tip_x_px) + _MARGIN_PX),
    )
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    return Window(rows, columns)


@attrs.frozen(eq=False)
class Fine:
    """A window drawn `SUPERSAMPLING` times finer, with the picture's coordinates of its pixels."""

    light: Light
    x_px: Floats
    y_px: Floats

    @classmethod
    def of(cls, light: Light, window: Window) -> "Fine":
        """The window of `light`, enlarged."""
        part = light[window.rows, window.columns]
        fine = part.repeat(SUPERSAMPLING, axis=0).repeat(SUPERSAMPLING, axis=1)
        y = window.rows.start + (np.arange(fine.shape[0]) + 0.5) / SUPERSAMPLING
        x = window.columns.start + (np.arange(fine.shape[1]) + 0.5) / SUPERSAMPLING
        return cls(fine, x, y)

    def columns(self, first_px: float, last_px: float) -> slice:
        """The fine columns with x in `first_px`..`last_px`."""
        start, stop = np.searchsorted(self.x_px, (first_px, last_px))
        return slice(int(start), int(stop))


def draw_fibre(fine: Fine, mount: Mount, angle_deg: float) -> None:
    """Two twisted threads, each with a dark outline and a clear core."""
    columns = fine.columns(mount.pin_end_px - _MARGIN_PX, mount.neck_px + 0.5 * mount.thread_px)
    x = fine.x_px[columns]
    if not x.size:
        return
    centre = mount.silhouette(angle_deg, x).centre_px
    radius = 0.5 * mount.thread_px
    phase = 2 * np.pi * (x - mount.pin_end_px) / _TWIST_PX + np.radians(angle_deg)
    part = fine.light[:, columns]
    away = fine.y_px[:, None] - centre[None, :]
    for side in (-1.0, 1.0):
        distance = np.abs(away - 1.3 * side * radius * np.cos(phase)) / radius
        wall = np.clip(1.25 - np.abs(distance - 0.75) * 2.2, 0.0, 1.0)
        facing = 0.62 + 0.2 * side * np.sin(phase)  # darker where one crosses the other
        part *= (1.0 - facing * wall).astype(np.float32)


def draw_loop(fine: Fine, mount: Mount, angle_deg: float, seed: int) -> float:
    """The drop, the crystal in it and the thread around it.

    Returns:
        How far the loop's middle is in front of the axis, in px.
    """
    columns = fine.columns(mount.neck_px, mount.tip_x_px)
    outline = mount.silhouette(angle_deg, fine.x_px[columns])
    if not outline.x_px.size:
        return 0.0
    part = fine.light[:, columns]
    across = (fine.y_px[:, None] - outline.centre_px[None, :]) / outline.half_px[None, :]
    clear = _clearness(across, outline)
    along = (outline.x_px - mount.neck_px) / mount.loop_length_px
    inner = part * (0.86 + 0.15 * along - 0.04 * across).astype(np.float32)
    overlay = _overlay(fine, mount, angle_deg, seed)[:, columns]
    drop = (_DARK + 10.0 + clear * (inner - _DARK - 10.0)) * overlay
    edge = np.clip(0.5 + (1.0 - np.abs(across)) * outline.half_px * SUPERSAMPLING, 0.0, 1.0)
    part += edge.astype(np.float32) * (drop - part)
    return float(outline.depth_px.mean())


def _clearness(across: Floats, outline: Silhouette) -> Light:
    """How much light passes straight through the drop: 0 at the steep rim, 1 where it is flat.

    The drop's cross-section is an ellipse; a surface steeper than `_STEEPEST` deflects the light
    out of the lens. This makes the thick dark rim face-on and the dark lens shape edge-on.
    """
    flat = np.sqrt(np.clip(1.0 - across**2, 1e-4, 1.0))
    slope_y = outline.half_depth_px / outline.half_px * across / flat
    slope_x = np.gradient(outline.half_depth_px, outline.x_px) if outline.x_px.size > 1 else 0.0
    steep = (slope_y**2 + (slope_x * flat) ** 2) / _STEEPEST**2
    return (1.0 / (1.0 + steep**1.8)).astype(np.float32)


def _overlay(fine: Fine, mount: Mount, angle_deg: float, seed: int) -> Light:
    """The light that crystal and thread let through, as a factor per fine pixel."""
    image = Image.new("L", (fine.x_px.size, fine.y_px.size), 200)
    draw = ImageDraw.Draw(image)
    origin = np.array([fine.x_px[0], fine.y_px[0]])

    def placed(points: Floats) -> list[tuple[float, float]]:
        return [(float(x), float(y)) for x, y in (points - origin) * SUPERSAMPLING]

    for corners, shade in _crystal_faces(mount, angle_deg, seed):
        draw.polygon(placed(corners), fill=round(200 * shade), outline=120)
    x_px = np.linspace(mount.neck_px, mount.tip_x_px, 60)
    outline = mount.silhouette(angle_deg, x_px)
    face = abs(np.cos(np.radians(angle_deg - mount.face_deg)))
    reach = face * np.maximum(0.0, outline.half_px - 0.5 * mount.thread_px)
    upper = np.column_stack((x_px, outline.centre_px - reach))
    lower = np.column_stack((x_px, outline.centre_px + reach))
    thread = placed(np.concatenate((upper, lower[::-1])))
    draw.line(thread, fill=105, width=round(mount.thread_px * SUPERSAMPLING), joint="curve")
    return np.asarray(image, dtype=np.float32) / 200.0


def _crystal_faces(mount: Mount, angle_deg: float, seed: int) -> list[tuple[Floats, float]]:
    """The crystal faces towards the camera: corners (4, 2) in px, and brightness."""
    if not mount.crystal_px:
        return []
    source = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(source.standard_normal((3, 3)))
    half = 0.5 * mount.crystal_px * np.diag([1.0, 0.64, 0.46])
    axes = half @ rotation.T  # rows: half axes in the loop's frame (x along, y in plane, z out)
    place = mount.silhouette(angle_deg, np.array([mount.neck_px + 0.66 * mount.loop_length_px]))
    turn = np.radians(angle_deg - mount.face_deg)
    cosine, sine = np.cos(turn), np.sin(turn)
    axes = axes @ np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]])
    middle = np.array([place.x_px[0], place.centre_px[0]])
    faces: list[tuple[Floats, float]] = []
    for number in range(3):
        first, second = axes[(number + 1) % 3], axes[(number + 2) % 3]
        normal = axes[number] if axes[number][2] > 0 else -axes[number]
        corners = np.array([normal + a * first + b * second for a, b in _SQUARE])[:, :2] + middle
        upward = normal / np.linalg.norm(normal)
        faces.append((corners, float(0.8 + 0.25 * upward[2] - 0.2 * upward[1])))
    return faces


_SQUARE = ((-1, -1), (1, -1), (1, 1), (-1, 1))
