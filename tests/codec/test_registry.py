from typing import Any, ClassVar

import attrs
import pytest

from dcs_codec import (
    DHS_MESSAGES,
    HtosNote,
    Message,
    Registry,
    RegistryError,
    StohAbortAll,
    UnknownMessage,
    default_registry,
)
from dcs_codec.fields import Name


@attrs.frozen(kw_only=True)
class StohSiteMessage(Message):
    keyword: ClassVar[str] = "stoh_site_message"
    name: Name


@attrs.frozen(kw_only=True)
class OtherAbortAll(Message):
    keyword: ClassVar[str] = "stoh_abort_all"


@attrs.frozen(kw_only=True)
class WithoutKind(Message):
    keyword: ClassVar[str] = "stoh_without_kind"
    name: str


@attrs.frozen(kw_only=True)
class TwoWords(Message):
    keyword: ClassVar[str] = "stoh_two words"


@attrs.frozen(kw_only=True)
class LongKeyword(Message):
    keyword: ClassVar[str] = "stoh_" + "x" * 75


def test_a_registry_is_a_collection_of_classes() -> None:
    classes: list[type[Message]] = [StohAbortAll, HtosNote]
    registry = Registry(classes)
    assert list(registry) == classes
    assert len(registry) == 2
    assert "htos_note" in registry
    assert "htos_log" not in registry
    assert registry.get("htos_note") is HtosNote
    assert registry.get("htos_log") is None
    assert [plan.message_class for plan in registry.plans()] == classes
    assert list(Registry([])) == []


def test_extending_makes_another_registry() -> None:
    registry = Registry([HtosNote])
    extended = registry.extended(StohSiteMessage)
    assert {message_class.__name__ for message_class in extended} == {"HtosNote", "StohSiteMessage"}
    assert extended.get("stoh_site_message") is StohSiteMessage
    assert len(registry) == 1
    assert "stoh_site_message" not in registry


def test_the_default_registry_is_made_once_and_holds_all() -> None:
    assert list(default_registry()) == list(DHS_MESSAGES)
    assert default_registry() is default_registry()


@pytest.mark.parametrize(
    ("message_class", "error"),
    [
        (
            OtherAbortAll,
            (
                "stoh_abort_all is claimed by StohAbortAll and OtherAbortAll; "
                r"leave one of them out: Registry\(\[\.\.\.\]\) takes the classes you choose"
            ),
        ),
        (StohAbortAll, "StohAbortAll is there already; leave it out"),
        (int, "<class 'int'> is not a message class; derive one from Message"),
        ("stoh_abort_all", "'stoh_abort_all' is not a message class; derive one from Message"),
        (UnknownMessage, "UnknownMessage: no direction in ''"),
        (WithoutKind, r"WithoutKind\.name: annotation names no kind"),
        (TwoWords, "TwoWords: keyword holds ' ', which would end the word: 'stoh_two words'"),
        (
            LongKeyword,
            f"LongKeyword: keyword has 80 bytes, the C side takes 79: 'stoh_{'x' * 55}'",
        ),
    ],
)
def test_classes_that_do_not_fit_are_refused(message_class: Any, error: str) -> None:
    with pytest.raises(RegistryError, match=f"^{error}$"):
        default_registry().extended(message_class)
