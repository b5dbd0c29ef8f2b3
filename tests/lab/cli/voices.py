"""Programs that use a voice; tests start them at a terminal."""

import sys
from pathlib import Path
from typing import Final

PYTHON: Final = f"{sys.executable} voice.py"


def program(folder: Path, body: str) -> None:
    """What `PYTHON` runs."""
    begin = "import logging, sys, threading\nfrom dhs_lab.cli.simulate_prompt import *\n"
    (folder / "voice.py").write_text(f"{begin}voice = open_voice()\n{body}")
