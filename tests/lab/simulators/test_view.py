"""What a simulated camera may look at."""

import io

import pytest
import requests
from PIL import Image

from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.scene import Scene
from dhs_lab.simulators.view import CameraView, StillPicture


def still() -> StillPicture:
    file = io.BytesIO()
    Image.new("RGB", (120, 80), "orange").save(file, "JPEG")
    return StillPicture(file.getvalue())


@pytest.mark.parametrize("view", [Scene(), still()], ids=["scene", "still"])
def test_a_view_gives_pictures_of_its_size(view: CameraView) -> None:
    size = view.width_px, view.height_px
    assert view.render(30.0).size == size
    with Image.open(io.BytesIO(view.jpeg(30.0))) as picture:
        assert picture.size == size
    view.truth(30.0)


def test_a_camera_serves_a_still_picture_as_it_is_and_scaled_when_asked() -> None:
    view = still()
    with SimulatedAxis() as camera:
        camera.scene = view
        url = f"{camera.url}/axis-cgi/jpg/image.cgi"
        assert requests.get(url, timeout=20).content == view.data
        small = requests.get(url, params={"resolution": "64x48"}, timeout=20).content
    with Image.open(io.BytesIO(small)) as picture:
        assert picture.size == (64, 48)
