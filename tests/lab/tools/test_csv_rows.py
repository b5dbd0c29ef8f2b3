"""CSV of messages: every message is one row that `csv` reads back."""

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import DHS_MESSAGES, MalformedMessage, Message, UnknownMessage, decode_text
from dcs_codec.interchange import to_dict
from dhs_lab.tools.csv_rows import COLUMNS, csv_of, header
from dhs_lab.tools.sightings import Place, Sighting

MESSAGES: st.SearchStrategy[Message] = st.sampled_from(
    (*DHS_MESSAGES, UnknownMessage, MalformedMessage)
).flatmap(st.from_type)


def row_of(message: Message) -> dict[str, str]:
    text = f"{header()}\n{csv_of(Sighting(message=message, place=Place(source='a,b', line=7)))}\n"
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    return row


@given(message=MESSAGES)
def test_a_row_says_what_the_message_says(message: Message) -> None:
    row = row_of(message)
    assert tuple(row) == COLUMNS
    fields = to_dict(message)
    del fields["keyword"]
    assert json.loads(row["fields"]) == fields
    assert (row["source"], row["place"]) == ("a,b", "7")
    assert bool(row["problem"]) == isinstance(message, (UnknownMessage, MalformedMessage))


def test_the_columns_that_most_questions_are_about() -> None:
    row = row_of(decode_text("htos_operation_completed getLoopTip 1.10 error no picture"))
    assert (row["keyword"], row["device"], row["handle"], row["status"]) == (
        "htos_operation_completed",
        "getLoopTip",
        "1.10",
        "error",
    )
    assert row["time"] == ""
