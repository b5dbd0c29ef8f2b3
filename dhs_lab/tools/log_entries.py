"""An entry of a log."""

import attrs


@attrs.define
class LogEntry:
    """One message in a log, or a place whose message cannot be read.

    Attributes:
        line: Its line, from 1.
        time: Its time, as from `read_stamp`.
        text: Text of the message.
        connection: Name of the hardware host, if the line gives it.
        conversation: `ENGINE` or "".
        reason: Why there is no text.
        is_again: Whether it repeats an earlier entry in other words.
    """

    line: int
    time: float | None
    text: str = ""
    connection: str = ""
    conversation: str = ""
    reason: str = ""
    is_again: bool = False
