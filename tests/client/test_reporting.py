"""Shutters, strings, encoders and counts, against a GUI port whose script is the test."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from dcs_codec import EncodeError
from dhs_runtime.client import (
    BusyError,
    ClientState,
    DcssClient,
    FailedError,
    NoDeviceError,
    OfflineError,
    PermissionRefusedError,
    RequestError,
    WaitTimeoutError,
)
from tests.client.asking import S, ask
from tests.client.gui_server import GuiSession
from tests.runtime.peers import eventually


def test_a_shutter(dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor) -> None:
    opened = ask(pool, dcss.set_shutter, "shutter", "open", timeout_s=S)
    assert session.command() == "gtos_set_shutter_state shutter open"
    session.say(
        "stog_report_shutter_state other open",
        "stog_report_shutter_state shutter closed",
        "stog_report_shutter_state shutter open normal",
    )
    assert opened.result(S) is None
    with pytest.raises(ValueError, match="ajar"):
        dcss.set_shutter("shutter", "ajar")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("stog_report_shutter_state shutter unknown no_hw_host_stageDHS", OfflineError),
        (
            "stog_report_shutter_state shutter closed NOT_ALLOWED_WHILE_SYSTEM_NOT_IDLE",
            BusyError,
        ),
        (
            "stog_log error server shutter permit check failed: no_permission",
            PermissionRefusedError,
        ),
        ("stog_log error server shutter not_exist", NoDeviceError),
        ("stog_log error server shutter type is not shutter", NoDeviceError),
    ],
)
def test_a_shutter_that_is_refused(
    dcss: DcssClient,
    session: GuiSession,
    pool: ThreadPoolExecutor,
    said: str,
    error: type[RequestError],
) -> None:
    opened = ask(pool, dcss.set_shutter, "shutter", "open", timeout_s=S)
    session.command()
    session.say(
        "stog_log warning server shutter not_exist",  # no refusal: not an error
        "stog_log error server shutter is slow",
        "stog_log error server other permit check failed: no_permission",
        said,
    )
    with pytest.raises(error):
        opened.result(S)


def test_a_string(dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor) -> None:
    done = ask(pool, dcss.set_string, "status", "a [b]  c", timeout_s=S)
    assert session.command() == "gtos_set_string status a [b]  c"
    session.say(
        "stog_set_string_completed other normal a b c",
        "stog_set_string_completed status normal of somebody else",
        "stog_set_string_completed status normal a b c",
    )
    assert done.result(S) == "a b c"
    done = ask(pool, dcss.set_string, "status", "1", timeout_s=S, accept=lambda text: text == "2")
    session.command()
    session.say("stog_set_string_completed status normal 1")
    session.say("stog_set_string_completed status normal 2")
    assert done.result(S) == "2"
    done = ask(pool, dcss.set_string, "status", "1", timeout_s=S)
    session.command()
    session.say("stog_set_string_completed status no_write_access old")
    with pytest.raises(FailedError, match="no_write_access"):
        done.result(S)


def test_an_accept_that_raises(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    done = ask(pool, dcss.set_string, "status", "1", timeout_s=S, accept=lambda _: bool(1 // 0))
    session.command()
    session.say("stog_set_string_completed status normal 1")
    with pytest.raises(FailedError, match="ZeroDivisionError"):
        done.result(S)
    assert dcss.state is ClientState.READY


def test_a_brace_that_is_open_is_not_sent(dcss: DcssClient, session: GuiSession) -> None:
    with pytest.raises(EncodeError, match="not a Tcl list"):
        dcss.set_string("status", "{open")
    assert session.commands.empty()


def test_counts_of_two_hosts(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    counted = ask(pool, dcss.count, 0.5, "i0", "i1")
    assert session.command() == "gtos_read_ion_chambers 0.5 0 i0 i1"
    session.say(
        "stog_report_ion_chambers 0.5 i9 1",
        "stog_report_ion_chambers 0.5 i0",
        "stog_report_ion_chambers 0.5 i0 10",
        "stog_report_ion_chambers 0.5 i1 20.5",
    )
    end = counted.result(S)
    assert (end.time_s, end.counts) == (0.5, {"i0": 10, "i1": 20.5})


def test_a_count_that_fails(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    counted = ask(pool, dcss.count, 0.5, "i1", timeout_s=S)
    session.command()
    session.say(
        "stog_report_ion_chambers 0  i9 hardware_offline",
        "stog_report_ion_chambers 0  i1 hardware_offline",
    )
    with pytest.raises(OfflineError, match="hardware_offline"):
        counted.result(S)
    with pytest.raises(NoDeviceError):
        dcss.count(1, "i9")
    with pytest.raises(ValueError, match="no ion chamber to count with"):
        dcss.count(1)


def test_reports_of_others_are_told_in_the_timeout(dcss: DcssClient, session: GuiSession) -> None:
    opened = dcss.start_set_shutter("shutter", "open")
    session.say("stog_report_shutter_state shutter closed normal")
    eventually(lambda: bool(opened._progress()))
    with pytest.raises(WaitTimeoutError, match="last report: closed; host stageDHS online"):
        opened.wait(0)
    done = dcss.start_set_string("status", "1")
    session.say("stog_set_string_completed status normal 2")
    eventually(lambda: bool(done._progress()))
    with pytest.raises(WaitTimeoutError, match="last report: '2'"):
        done.wait(0)


def test_a_refusal_in_the_log_is_of_the_oldest(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    first = ask(pool, dcss.set_string, "status", "1", timeout_s=S)
    session.command()
    second = ask(pool, dcss.set_string, "status", "2", timeout_s=S)
    session.command()
    session.say("stog_log error server status permit check failed: must_be_active")
    with pytest.raises(PermissionRefusedError, match="must_be_active"):
        first.result(S)
    assert not second.done()
    session.say("stog_set_string_completed status normal 2")
    assert second.result(S) == "2"


def test_encoders(dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor) -> None:
    read = ask(pool, dcss.read_encoder, "enc", timeout_s=S)
    assert session.command() == "gtos_get_encoder enc"
    session.say(
        "stog_get_encoder_completed other 1 normal", "stog_get_encoder_completed enc 3 normal"
    )
    assert read.result(S) == 3
    done = ask(pool, dcss.set_encoder, "enc", 5, timeout_s=S)
    assert session.command() == "gtos_set_encoder enc 5"
    session.say("stog_set_encoder_completed enc 4.99 normal")
    assert done.result(S) == 4.99
    assert dcss.encoders["enc"].position == 4.99


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("no_hw_host_stageDHS", OfflineError),
        ("must_be_active", PermissionRefusedError),
        ("broken", FailedError),
    ],
)
def test_encoders_that_say_no(
    dcss: DcssClient,
    session: GuiSession,
    pool: ThreadPoolExecutor,
    word: str,
    error: type[RequestError],
) -> None:
    for verb, call in (
        ("get", lambda: dcss.read_encoder("enc", timeout_s=S)),
        ("set", lambda: dcss.set_encoder("enc", 5, timeout_s=S)),
    ):
        asked = ask(pool, call)
        session.command()
        session.say(f"stog_{verb}_encoder_completed enc 0.0 {word}")
        with pytest.raises(error):
            asked.result(S)
    assert dcss.encoders["enc"].position == 2.5


def test_words_that_dcss_masks(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    told = ask(pool, dcss.set_string, "status", "PRIVATEkey a PRIVATE", timeout_s=S)
    assert session.command() == "gtos_set_string status PRIVATEkey a PRIVATE"
    session.say(
        "stog_set_string_completed status normal PRIVATEXXXX a PRIVATE",
        "stog_set_string_completed status normal PRIVATEXXX a PRIVATE",
    )
    assert told.result(S) == "PRIVATEXXX a PRIVATE"


def test_a_count_that_cannot_be_read_is_said(dcss: DcssClient, session: GuiSession) -> None:
    run = dcss.start_count(0.5, "i0")
    session.say("stog_report_ion_chambers 0.5 i0", "stog_set_string_completed status normal read")
    dcss.wait_string("status", "read", timeout_s=S)
    with pytest.raises(WaitTimeoutError, match="last report: it cannot be read: "):
        run.wait(0)
