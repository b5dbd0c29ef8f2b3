"""A forked child has no open socket and no handler of its parent, and cannot send.

How a running DHS and its handlers fare with forks is in `tests/faults/test_forks.py`.
"""

import subprocess
import sys

import pytest

from dhs_runtime import forks
from dhs_runtime.forks import Birthplace, undo_in_children

CHILD = """
import os, socket
from dhs_runtime import ForkedError
from dhs_runtime import forks
from dhs_runtime.forks import Birthplace, close_in_children, undo_in_children

mine, other = socket.socketpair()
born, undone = Birthplace(), []
close_in_children(mine)
with undo_in_children(lambda: undone.append("outer")):
    with undo_in_children(lambda: undone.append("inner")):
        child = os.fork()
if child == 0:
    try:
        born.check("a message")
    except ForkedError as error:
        right = "a message in a forked child" in str(error)
        right = right and born.is_elsewhere and not Birthplace().is_elsewhere
        right = right and mine.fileno() == -1 and undone == ["inner", "outer"]
        os._exit(0 if right else 2)
    os._exit(3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
mine.sendall(b"still here")  # the parent's own is open
assert other.recv(20) == b"still here"
assert undone == [] and not born.is_elsewhere
"""


def test_a_child_lets_go_of_the_parents_things_and_the_parent_keeps_them() -> None:
    # In a separate process, because this one has threads and pytest's state.
    done = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, timeout=150, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_at_home_nothing_is_refused() -> None:
    Birthplace().check("a message")


def test_what_is_undone_is_forgotten_after_an_error_too() -> None:
    before = list(forks._undo)
    with pytest.raises(KeyError), undo_in_children(print):  # noqa: PT012 - raised inside
        assert forks._undo == [*before, print]
        raise KeyError
    assert forks._undo == before
