"""Hypothesis' entry point: `st.from_type` of a message class finds its strategy.

Hypothesis calls `register` whenever it is imported, so nothing here imports it, or builds a
strategy, before one is asked for.
"""

import sys
from typing import TYPE_CHECKING

from dcs_codec.gui_messages import GUI_MESSAGES
from dcs_codec.message import Message, UnknownMessage
from dcs_codec.messages import DHS_MESSAGES

if TYPE_CHECKING:
    from hypothesis import strategies as st


def register() -> None:
    """Tell Hypothesis how to make messages of every class of this package."""
    register_type_strategy = sys.modules["hypothesis.strategies"].register_type_strategy
    register_type_strategy(Message, _any_message)
    register_type_strategy(UnknownMessage, _unknown_message)
    for message_class in (*DHS_MESSAGES, *GUI_MESSAGES):
        register_type_strategy(message_class, _message)


def _message(message_class: type[Message]) -> "st.SearchStrategy[Message]":
    from dcs_codec.strategies import messages_of  # noqa: PLC0415 - see the module's docstring

    return messages_of(message_class)


def _any_message(_: type[Message]) -> "st.SearchStrategy[Message]":
    from dcs_codec.strategies import messages  # noqa: PLC0415

    return messages()


def _unknown_message(_: type[Message]) -> "st.SearchStrategy[Message]":
    from dcs_codec.strategies import unknown_messages  # noqa: PLC0415

    return unknown_messages()
