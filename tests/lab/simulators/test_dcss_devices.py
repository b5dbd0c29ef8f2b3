"""Shutters, ion chambers, encoders, strings and objects of the simulated DCSS."""

import logging
from collections.abc import Iterator

import pytest

from dcs_codec import (
    Framing,
    HtosGetEncoderCompleted,
    HtosOperationUpdate,
    HtosReportIonChambers,
    HtosReportShutterState,
    HtosSendConfiguration,
    HtosSetEncoderCompleted,
    HtosSetStringCompleted,
    IonChamberFailure,
    IonChamberReading,
    StohAbortAll,
    StohGetEncoder,
)
from dhs_lab.simulators.dcss import (
    EncoderEntry,
    EncoderReport,
    HardwareHost,
    IonChamberEntry,
    IonChamberReport,
    ShutterEntry,
    ShutterReport,
    SimulatedDcss,
    StringEntry,
    StringReport,
    VerdictKind,
)
from dhs_runtime import ConfigError, DhsError, NotConnectedError
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    hosts = [
        HardwareHost.of(
            "hex",
            motors=["motor"],
            shutters=[ShutterEntry("shutter", "open", "shutter_hw"), "filter"],
            ion_chambers=[IonChamberEntry("i0", "hex1", 3, "rtc1", "clock"), "i1"],
            encoders=["encoder"],
            strings={"string": "old"},
            operations=["op"],
            objects=["object"],
        ),
        HardwareHost.of("old", strings={"long": "x" * 300, "line": "y" * 180}, framing=Framing.V1),
        HardwareHost.of("self", strings={"lock_operation": "nothingLocked"}),
    ]
    with SimulatedDcss(hosts, patience=0.01) as server:
        yield server


@pytest.fixture
def dhs(dcss: SimulatedDcss) -> Iterator[DhsPeer]:
    with DhsPeer.logged_in(dcss, "hex") as peer:
        yield peer


def test_devices_register_with_a_line_end(dhs: DhsPeer) -> None:
    expected = [
        "stoh_register_shutter shutter open shutter_hw",
        "stoh_register_shutter filter closed filter",
        "stoh_register_ion_chamber i0 hex1 3 rtc1 clock",
        "stoh_register_ion_chamber i1 i1 0 timer standardIonChamber",
        "stoh_register_encoder encoder encoder",
        "stoh_register_operation op op",
        "stoh_register_string string standardString",
        "stoh_register_object object object",
    ]
    assert dhs.registrations[1:] == expected
    for text in expected:
        assert text.encode() + b"\n\0" in dhs.received


def test_configurations_have_dcss_s_own_form(dhs: DhsPeer) -> None:
    for name in ("shutter", "i0", "encoder", "string", "op", "object"):
        dhs.send(HtosSendConfiguration(device_name=name))
    assert dhs.read_until_now() == [
        "stoh_configure_shutter shutter hex open",
        "stoh_configure_ion_chamber i0 hex hex1 3 rtc1 clock",
        "stoh_configure_encoder encoder hex 0.0 0.0",
        "stoh_configure_string string hex old",
        "stoh_configure_operation op hex",
        "stoh_configure_object object hex",
    ]


def test_v1_cuts_long_texts_at_200_without_a_nul(dcss: SimulatedDcss) -> None:
    with DhsPeer.logged_in(dcss, "old") as dhs:
        for name in ("long", "line"):
            dhs.send(HtosSendConfiguration(device_name=name))
        dhs.read_until_now()
        assert b"stoh_configure_string long old ".ljust(200, b"x") in dhs.received
        assert b"stoh_configure_string line old ".ljust(200, b"y") in dhs.received


# -- shutters --------------------------------------------------------------------------------


def test_a_shutter_is_asked_for_and_reported(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    run = dcss.set_shutter("shutter", "closed")
    assert dhs.read_text() == "stoh_set_shutter_state shutter closed"
    assert dcss.shutter_state("shutter") == "open"
    dhs.send(HtosReportShutterState(shutter_name="shutter", shutter_state="closed"))
    assert run.wait(DEADLINE_S) == ShutterReport("closed", "normal")
    assert dcss.shutter_state("shutter") == "closed"


@pytest.mark.parametrize(
    ("words", "report", "state"),
    [
        ("closed normal", ShutterReport("closed", "normal"), "closed"),
        ("closed no_write_access", ShutterReport("closed", "no_write_access"), "open"),
        ("ajar", ShutterReport("ajar", "normal"), "open"),
        ("closed normal surplus", ShutterReport("closed", "normal"), "closed"),
    ],
)
def test_a_state_is_stored_where_the_result_is_normal_or_missing(
    dcss: SimulatedDcss, dhs: DhsPeer, words: str, report: ShutterReport, state: str
) -> None:
    run = dcss.set_shutter("shutter", "closed")
    dhs.send_text(f"htos_report_shutter_state shutter {words}")
    assert run.wait(DEADLINE_S) == report
    assert dcss.shutter_state("shutter") == state


@pytest.mark.parametrize(("state", "other"), [("open", "closed"), ("closed", "open")])
def test_a_report_that_was_on_its_way_is_no_answer(
    dcss: SimulatedDcss, dhs: DhsPeer, state: str, other: str
) -> None:
    run = dcss.set_shutter("shutter", state)
    dhs.send_text(f"htos_report_shutter_state shutter {other}")
    dhs.send_text(f"htos_report_shutter_state shutter {other} normal")
    dhs.send_text(f"htos_report_shutter_state shutter {state} normal")
    assert run.wait(DEADLINE_S) == ShutterReport(state, "normal")
    assert len(run.reports) == 1
    again = dcss.set_shutter("shutter", state)
    dhs.send_text(f"htos_report_shutter_state shutter {other} no_write_access")
    assert again.wait(DEADLINE_S) == ShutterReport(other, "no_write_access")


# -- ion chambers ----------------------------------------------------------------------------


def test_ion_chambers_are_read_together(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    run = dcss.read_ion_chambers(0.1, ["i0", "i1"])
    assert dhs.read_text() == "stoh_read_ion_chambers 0.1 0 i0 i1"
    readings = (IonChamberReading("i0", 1234), IonChamberReading("i1", 99.25))
    dhs.send(HtosReportIonChambers(ion_chamber_time=0.1, result=readings))
    assert run.wait(DEADLINE_S) == IonChamberReport(0.1, {"i0": 1234, "i1": 99.25}, "normal")
    assert (dcss.counts("i0"), dcss.counts("i1")) == (1234, 99.25)
    failure = IonChamberFailure(("i0", "i1"), "counter is off")
    run = dcss.read_ion_chambers(0.1, ["i1"])
    dhs.send(HtosReportIonChambers(ion_chamber_time=0, result=failure))
    assert run.wait(DEADLINE_S) == IonChamberReport(0, {}, "counter is off")
    assert dcss.counts("i0") == 1234


def test_a_repeated_reading_goes_on(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    run = dcss.read_ion_chambers(0.1, ["i0"], repeat=True)
    assert dhs.read_text() == "stoh_read_ion_chambers 0.1 1 i0"
    for counts in (1, 2, 3):
        reading = (IonChamberReading("i0", counts),)
        dhs.send(HtosReportIonChambers(ion_chamber_time=0.1, result=reading))
    reports = run.wait_reports(3, DEADLINE_S)
    assert [report.counts["i0"] for report in reports] == [1, 2, 3]
    with pytest.raises(TimeoutError, match=r"i0: 3 of 4 reports within 0\.01 s"):
        run.wait_reports(4, 0.01)


def test_an_ion_chamber_of_nobody_would_hang_a_real_dcss(
    dcss: SimulatedDcss, dhs: DhsPeer, caplog: pytest.LogCaptureFixture
) -> None:
    dhs.send_text("htos_report_ion_chambers 1 i0 5 nosuch 6")
    dhs.settle()
    assert "a real dcss would loop for ever at nosuch" in caplog.text
    assert dcss.counts("i0") == 0
    dhs.send_text("htos_report_ion_chambers 0 nosuch offline")
    dhs.settle()
    with pytest.raises(DhsError, match="no ion chamber was named"):
        dcss.read_ion_chambers(1, [])


# -- encoders --------------------------------------------------------------------------------


def test_encoders_are_read_and_set(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    get, change = dcss.get_encoder("encoder"), dcss.set_encoder("encoder", 2.5)
    assert dhs.read_until_now() == ["stoh_get_encoder encoder", "stoh_set_encoder encoder 2.5"]
    dhs.send(HtosSetEncoderCompleted(encoder_name="encoder", position=2.5, status="normal"))
    assert change.wait(DEADLINE_S) == EncoderReport(2.5, "normal")
    assert get.reports == ()
    dhs.send(HtosGetEncoderCompleted(encoder_name="encoder", position=1.25, status="error"))
    assert get.wait(DEADLINE_S) == EncoderReport(1.25, "error")
    assert dcss.encoder_position("encoder") == 1.25  # stored with any status


# -- strings ---------------------------------------------------------------------------------


def test_a_string_is_set_by_its_owner_or_anybody(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    run = dcss.set_string("string", "some {new text}")
    assert dhs.read_text() == "stoh_set_string string some {new text}"
    dhs.send(
        HtosSetStringCompleted(
            string_name="string", string_status="normal", string_contents="some {new text}"
        )
    )
    assert run.wait(DEADLINE_S) == StringReport("some {new text}", "normal")
    dhs.send_text("htos_set_string_completed lock_operation normal locked")
    dhs.settle()
    assert dcss.string("lock_operation") == "locked"


@pytest.mark.parametrize(
    ("text", "contents"),
    [
        ("htos_set_string_completed string normal  two  blanks ", " two  blanks "),
        ("htos_set_string_completed string  normal new", " new"),
        ("htos_set_string_completed  string  normal new", "l new"),
        ("htos_set_string_completed string   normal   new", "l   new"),
    ],
)
def test_contents_begin_where_one_blank_for_each_word_would_end(
    dcss: SimulatedDcss, dhs: DhsPeer, text: str, contents: str
) -> None:
    dhs.send_text(text)
    dhs.settle()
    assert dcss.string("string") == contents
    is_misread = [repr(contents) in verdict.text for verdict in dcss.verdicts]
    assert is_misread == [True] * (contents != " two  blanks ")


def test_contents_too_long_are_cut(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    dhs.send_text("htos_set_string_completed string normal " + "z" * 2000)
    dhs.send(HtosSendConfiguration(device_name="string"))
    assert dhs.read_until_now() == ["stoh_configure_string string hex " + "z" * 1879]
    assert dcss.string("string") == "z" * 1879


# -- motors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["1e11", "-1e50", "nan", "inf", "0x1p60"])
@pytest.mark.parametrize("place", range(3))
def test_a_configuration_beyond_the_wire_is_a_hazard(
    dcss: SimulatedDcss, dhs: DhsPeer, word: str, place: int
) -> None:
    before = dcss.motor("motor")
    words = ["1", "2", "-2"]
    dhs.send_text(" ".join(("htos_configure_device motor", *words[:place], word)))
    dhs.settle()
    assert [verdict.kind for verdict in dcss.verdicts] == [VerdictKind.HAZARD]
    assert dcss.motor("motor") == before


# -- all of them -----------------------------------------------------------------------------


def test_a_lost_dhs_fails_what_it_was_asked(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    shutter = dcss.set_shutter("shutter", "open")
    reading = dcss.read_ion_chambers(1, ["i0", "i1"])
    encoder = dcss.get_encoder("encoder")
    string = dcss.set_string("string", "new")
    dhs.close()
    status = "no_hw_host_hex"
    assert shutter.wait(DEADLINE_S) == ShutterReport("unknown", status)
    assert reading.wait(DEADLINE_S) == IonChamberReport(0, {}, status)
    assert encoder.wait(DEADLINE_S) == EncoderReport(0, status)
    assert string.wait(DEADLINE_S) == StringReport("old", status)
    assert reading.reports == (IonChamberReport(0, {}, status),)
    with pytest.raises(NotConnectedError):
        dcss.set_shutter("shutter", "open")


def test_abort_all_may_have_no_word(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    dcss.abort_all("")
    dcss.abort_all()
    assert dhs.read_until_now() == ["stoh_abort_all", "stoh_abort_all soft"]


def test_nobody_takes_the_place_of_the_scripting_engine(dcss: SimulatedDcss) -> None:
    with DhsPeer(dcss) as dhs:
        dhs.log_in("self")
        assert dhs.read() is None
    dcss.set_string("lock_operation", "x").wait(DEADLINE_S)
    assert dcss.string("lock_operation") == "x", "the scripting engine answers by itself"


def test_a_name_too_long_for_dcss_is_closed(
    dcss: SimulatedDcss, caplog: pytest.LogCaptureFixture
) -> None:
    with DhsPeer(dcss) as dhs:
        dhs.read()
        dhs.socket.sendall(b"htos_client_is_hardware ".ljust(190, b"n").ljust(200, b"\0"))
        assert dhs.read() is None
    assert "a real dcss might crash at a name of 166 characters" in caplog.text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("htos_report_shutter_state nosuch open", "unknown device nosuch"),
        ("htos_report_shutter_state motor open", "motor is of kind motor"),
        ("htos_report_shutter_state shutter", "shutter_state is missing"),
        ("htos_report_ion_chambers 1 shutter 5", "shutter is of kind shutter"),
        ("htos_get_encoder_completed motor 1 normal", "motor is of kind motor"),
        ("htos_set_encoder_completed encoder 1", "status is missing"),
        ("htos_set_string_completed nosuch normal x", "unknown device nosuch"),
        (f"htos_set_string_completed string {'s' * 100} x", "crash at a word of 100 characters"),
        ("htos_send_configuration nosuch", "unknown device"),
        (
            "htos_configure_shutter shutter closed",
            "dcss ignores: htos_configure_shutter shutter closed",
        ),
        (
            "stoh_set_shutter_state shutter closed",
            "dcss ignores: stoh_set_shutter_state shutter closed",
        ),
        ("", "dcss ignores: "),
        ("htos_report_ion_chambers 1 i0", "is not pairs of name and counts"),
        ("htos_limit_hit motor cw", ""),
        ("htos_abort_all", "dcss ignores: htos_abort_all"),
    ],
)
def test_what_dcss_ignores_or_dies_of_is_a_line_in_the_log(
    dcss: SimulatedDcss, dhs: DhsPeer, caplog: pytest.LogCaptureFixture, text: str, line: str
) -> None:
    with caplog.at_level(logging.INFO, "dhs_lab.simulators.dcss"):
        dhs.send_text(text)
        assert dhs.read_until_now() == []
    assert line in caplog.text
    assert dcss.shutter_state("shutter") == "open"
    assert dcss.position("motor") == dcss.encoder_position("encoder") == 0
    assert dcss.string("string") == "old"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("htos_log error gonio_phi drive is off", "ERROR htos_log of gonio_phi: drive is off"),
        ("htos_log warning me it is warm", "WARNING htos_log of me: it is warm"),
        ("htos_log note me it is late", "INFO htos_log of me: it is late"),
        ("htos_log odd me a\x1b[2J", r"ERROR htos_log of me: 'a\x1b[2J'"),
        ("htos_note it is late", "INFO htos_note: it is late"),
    ],
)
def test_what_a_dhs_has_to_say_to_people_is_logged(
    dcss: SimulatedDcss, dhs: DhsPeer, caplog: pytest.LogCaptureFixture, text: str, line: str
) -> None:
    with caplog.at_level(logging.INFO, "dhs_lab.simulators.dcss"):
        dhs.send_text(text)
        dhs.settle()
    assert line in [f"{each.levelname} {each.message}" for each in caplog.records]


def test_a_binary_part_of_an_operation_is_told(
    dcss: SimulatedDcss, dhs: DhsPeer, caplog: pytest.LogCaptureFixture
) -> None:
    run = dcss.start_operation("op")
    with caplog.at_level(logging.INFO, "dhs_lab.simulators.dcss"):
        dhs.send(
            HtosOperationUpdate(operation_name="op", operation_handle=run.handle, binary=b"JPEG")
        )
        dhs.settle()
    assert "would write 4 bytes to a file" in caplog.text
    assert run.updates == ("",)


def test_what_the_database_does_not_have(dcss: SimulatedDcss) -> None:
    for read, what in (
        (dcss.shutter_state, "shutter"),
        (dcss.counts, "ion chamber"),
        (dcss.encoder_position, "encoder"),
        (dcss.string, "string"),
    ):
        with pytest.raises(DhsError, match=f"no {what} 'motor'; motor is of kind motor"):
            read("motor")


def test_names_are_unique() -> None:
    with pytest.raises(ConfigError, match="two hardware hosts are named 'x'"):
        SimulatedDcss([HardwareHost("x"), HardwareHost("x")])
    hosts = [HardwareHost("x", (StringEntry("s"),)), HardwareHost("y", (StringEntry("s"),))]
    with pytest.raises(ConfigError, match="two devices of the database are named 's'"):
        SimulatedDcss(hosts)


def test_a_device_the_wire_does_not_take_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    host = HardwareHost("x", (StringEntry("n" * 50), StringEntry("s")))
    with SimulatedDcss([host]) as dcss, DhsPeer.logged_in(dcss, "x") as dhs:
        assert dhs.registrations == ["stoh_register_string s standardString"]
    assert "stoh_register_string not sent to x" in caplog.text


def test_a_stream_out_of_step_is_closed(
    dcss: SimulatedDcss, dhs: DhsPeer, caplog: pytest.LogCaptureFixture
) -> None:
    dhs.socket.sendall(b"no header ".ljust(26) + b"htos_note x")
    assert dhs.read() is None
    assert "a real dcss would keep the link and misread all that follows" in caplog.text


def test_a_server_can_be_killed(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    dcss.stop(by_reset=True)
    with pytest.raises(ConnectionResetError):
        dhs.read()


def test_nothing_is_said_when_all_goes_well(
    dcss: SimulatedDcss, dhs: DhsPeer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "dhs_lab.simulators.dcss"):
        for text in ("htos_start_operation op 1.1", "htos_simulating_device motor"):
            dhs.send_text(text)
        dhs.settle()
    assert [each.message for each in caplog.records if "settle" not in each.message] == []


def test_a_device_is_asked_by_any_command_that_one_report_answers(
    dcss: SimulatedDcss, dhs: DhsPeer
) -> None:
    name = next(name for name, device in dcss.devices().items() if isinstance(device, EncoderEntry))
    run = dcss.ask(StohGetEncoder(encoder_name=name))
    dhs.send_text(f"htos_get_encoder_completed {name} 2.5 normal")
    assert run.wait(20) == EncoderReport(2.5, "normal")
    with pytest.raises(DhsError, match="no encoder 'nobody'"):
        dcss.ask(StohGetEncoder(encoder_name="nobody"))
    with pytest.raises(DhsError, match="stoh_abort_all is not answered by one report"):
        dcss.ask(StohAbortAll(abort_arg="soft"))
