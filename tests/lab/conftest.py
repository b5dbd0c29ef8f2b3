"""Settings for all tests of the lab."""

from collections.abc import Iterator

import pytest

from dhs_lab.simulators.dcss import GuiSettings, session
from tests.runtime.peers import DEADLINE_S


@pytest.fixture(scope="module", autouse=True)
def patient_dcss() -> Iterator[None]:
    """The simulated DCSS waits longer than a second, as a real one does, for words of its peers."""
    defaults = GuiSettings.__init__.__kwdefaults__
    assert defaults is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "HANDSHAKE_S", DEADLINE_S)
        patch.setitem(defaults, "waiting_s", DEADLINE_S)
        yield
