import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.terminal import Terminal
from tests.loggers import loggers_as_before

__all__ = ["loggers_as_before"]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path),
        "PROMPT_TOOLKIT_NO_CPR": "1",  # nobody answers where the cursor is
    }
    with Terminal(tmp_path, environment) as terminal:
        yield terminal
