"""What is found in a log."""

import attrs


@attrs.define
class LogEntry:
    """One message in a log, or a place with one that cannot be cut out.

    Attributes:
        line: Its line, from 1.
        time: When, as `read_stamp`.
        text: Text of the message.
        connection: Name of the hardware host, where the line says it.
        conversation: `ENGINE` or "".
        reason: Why there is no text.
        is_again: Whether the log told it before, in other words.
    """

    line: int
    time: float | None
    text: str = ""
    connection: str = ""
    conversation: str = ""
    reason: str = ""
    is_again: bool = False
