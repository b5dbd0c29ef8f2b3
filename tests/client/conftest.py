from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dhs_runtime.client import DcssClient
from tests.client.asking import QUICK
from tests.client.gui_server import GuiServer, GuiSession, gui_server


@pytest.fixture
def server() -> Iterator[GuiServer]:
    with gui_server() as running:
        yield running


@pytest.fixture
def dcss(server: GuiServer) -> Iterator[DcssClient]:
    with DcssClient(server.address, user="anna", session="S1", retry=QUICK) as client:
        yield client


@pytest.fixture
def session(server: GuiServer, dcss: DcssClient) -> GuiSession:
    return server.session()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as executor:
        yield executor
