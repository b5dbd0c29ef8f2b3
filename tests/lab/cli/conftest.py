from tests.cli.conftest import terminal
from tests.loggers import loggers_as_before

__all__ = ["loggers_as_before", "terminal"]
