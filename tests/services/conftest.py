"""Fixtures of the service tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.services.peers import Peer, Script

Serving = Callable[[Script], Peer]


@pytest.fixture
def serving() -> Iterator[Serving]:
    """Starts peers that are closed after the test; a peer whose threads hang fails it."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(Peer(script))
