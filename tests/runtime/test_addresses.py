import ipaddress
import socket
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_runtime import ConfigError, Dhs
from dhs_runtime.addresses import (
    MAX_PORT,
    HostPort,
    bare_host,
    host_trouble,
    is_loopback,
    read_url,
    without_password,
)
from dhs_runtime.config import DcssConfig
from dhs_runtime.services.axis import AxisClient
from dhs_runtime.services.http_client import HttpClient
from dhs_runtime.services.http_server import HttpHandler, serving_http
from dhs_runtime.services.jpeg_receiver import JpegReceiver
from dhs_runtime.services.listener import TcpListener, bound
from tests.runtime.peers import eventually, stopped

labels = st.text(string.ascii_letters + string.digits, min_size=1, max_size=20).filter(
    lambda label: not label.isdigit()
)
names = st.lists(labels, min_size=1, max_size=4).map(".".join)
hosts = names | st.ip_addresses().map(str)
ports = st.integers(1, MAX_PORT)


@given(hosts, ports)
def test_what_is_written_is_read_again(host: str, port: int) -> None:
    assert host_trouble(host) == ""
    address = HostPort(host, port)
    assert HostPort.read(str(address)) == address
    assert HostPort.read(host, port) == address
    parts = read_url(address.url)
    assert (parts.hostname, parts.port) == (host.lower(), port)


@given(st.text(max_size=30))
def test_a_text_is_an_address_or_refused_in_one_line(text: str) -> None:
    try:
        address = HostPort.read(text, 14242)
    except ConfigError as error:
        said = str(error)
    else:
        said = repr(without_password(text))
        assert host_trouble(address.host) == ""
        assert 1 <= address.port <= MAX_PORT
        assert HostPort.read(str(address)) == address
    assert said.startswith(repr(without_password(text)))
    assert len(said.splitlines()) == 1


@given(hosts)
def test_brackets_belong_to_ipv6(host: str) -> None:
    assert bare_host(f"[{host}]") == host
    assert (host_trouble(f"[{host}]") == "") is (":" in host)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the host is empty"),
        ("a b", "no blanks"),
        (" dcss", "no blanks"),
        ("dcss\n", "no blanks"),
        ("dcss\0", "control characters"),
        ("dcss:14242", "did you mean host dcss, port 14242?"),
        ("[::1]:14242", "did you mean host ::1, port 14242?"),
        ("dcss:", "the port is not part of the host"),
        (":14242", "the port is not part of the host"),
        ("10.0.0.01", "without leading zeros"),
        ("http://x", "a URL is not a host; did you mean host x?"),
        ("dcss://x:5/y", "a URL is not a host; did you mean host x, port 5?"),
        ("http://[", "a URL is not a host"),
        ("~/x.log", "no '/'"),
        ("user@dcss", "no '@'"),
        ("dcss?x", "no '?'"),
        ("192.168.1.300", "four numbers of 0 to 255"),
        ("192.168.1", "four numbers of 0 to 255"),
        ("14242", "four numbers of 0 to 255"),
        ("::g", "'::g' is not an IPv6 address"),
        ("::1:14242", "did you mean [::1]:14242?"),
        ("[dcss]", "'dcss' is not an IPv6 address"),
        ("a..b", "no empty parts"),
        ("-a", "letters, digits and inner hyphens"),
        ("a-", "letters, digits and inner hyphens"),
        ("*", "letters, digits and inner hyphens"),
        ("x" * 64, "63 at a time"),
        (".".join(["x" * 50] * 6), "253 letters at most"),
        ("ä" * 70, "cannot be the name of a host"),
    ],
)
def test_what_is_no_host_is_told_with_what_was_meant(text: str, reason: str) -> None:
    assert reason in host_trouble(text)


@pytest.mark.parametrize(
    "text", ["dcss", "a_b.c.", "bl-12.example.org", "müller.de", "fe80::1%eth0"]
)
def test_what_is_a_host(text: str) -> None:
    assert host_trouble(text) == ""


@pytest.mark.parametrize("port", ["", "x", "-1", "+1", "0", "65536", "1" * 5000, "１", " 1"])
def test_a_port_is_a_number_of_1_to_65535(port: str) -> None:
    with pytest.raises(ConfigError, match="a port is a number of 1 to 65535"):
        HostPort.read(f"dcss:{port}")
    assert HostPort.read("dcss:0", lowest_port=0) == HostPort("dcss", 0)


def test_a_url_is_no_address_of_dcss() -> None:
    with pytest.raises(ConfigError, match=r"a URL is not a host; did you mean host x, port 5\?$"):
        HostPort.read("dcss://x:5", 14242)


def test_a_port_is_wanted_where_there_is_none_by_default() -> None:
    with pytest.raises(ConfigError, match="'dcss' is not HOST:PORT: there is no port"):
        HostPort.read("dcss")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("camera:80", "did you mean http://camera:80?"),
        ("", "is not http://HOST:PORT"),
        ("https://camera", "'https://camera' is not http://HOST:PORT"),
        ("http://", "is not http://HOST:PORT"),
        ("http://[", "cannot be read"),
        ("http://camera:x", "cannot be read"),
        ("http://a b", "no blanks"),
        ("http://camera/a b", "no blanks"),
        ("http://192.168.1.300", "four numbers"),
    ],
)
def test_what_is_no_url_is_told(text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_url(text)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://u:secret@h:x", "ftp://u:secret@h", "http://u:sec@ret/@h b", "axis://u:secret@["]
)
def test_a_password_is_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_url(url)
    assert "sec" not in str(caught.value)
    assert "sec" not in without_password(url)


@pytest.mark.parametrize(
    ("host", "is_here"),
    [("localhost", True), ("127.8.0.1", True), ("::1", True), ("::", False), ("dcss", False)],
)
def test_loopback_is_known_by_its_addresses(host: str, is_here: bool) -> None:
    assert is_loopback(host) is is_here


# -- listeners and clients over IPv6 ---------------------------------------------------------

needs_ipv6 = pytest.mark.skipif(not socket.has_ipv6, reason="the system has no IPv6")


@pytest.mark.parametrize(
    ("host", "callers"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        ("localhost", ["127.0.0.1"]),
        pytest.param("::1", ["::1"], marks=needs_ipv6),
        pytest.param("::", ["::1", "127.0.0.1"], marks=needs_ipv6),
        ("0.0.0.0", ["127.0.0.1"]),
    ],
)
def test_a_listener_takes_callers_of_each_family(host: str, callers: list[str]) -> None:
    seen: list[HostPort] = []
    listener = TcpListener(lambda _, address: seen.append(address), name="x", host=host)
    listener.open()
    try:
        for caller in callers:
            with socket.create_connection((caller, listener.port), timeout=20) as sock:
                assert sock.recv(1) == b""
                assert seen[-1] == sock.getsockname()[:2]
                ipaddress.ip_address(seen[-1].host)
    finally:
        assert listener.close(timeout_s=20) == ()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 64 + ".x", "192.0.2.1"])
def test_an_address_that_is_not_ours_is_an_oserror_without_the_words_of_python(host: str) -> None:
    with pytest.raises(OSError, match=r"^\[Errno -?\d+\] [^()]+$"):
        bound(host, 0)


@needs_ipv6
def test_a_dhs_reaches_a_dcss_by_ipv6() -> None:
    dhs = Dhs("stageDHS")
    with SimulatedDcss([HardwareHost.of("stageDHS")], host="::1") as dcss:
        assert dcss.address == f"[::1]:{dcss.port}"
        dhs.start(dcss.address)
        try:
            assert dhs.wait_online(20)
        finally:
            assert stopped(dhs) == ()


@needs_ipv6
def test_http_goes_by_ipv6() -> None:
    class Handler(HttpHandler):
        def do_GET(self) -> None:
            self.reply(200, self.headers["Host"].encode())

    listener = TcpListener(serving_http(Handler), name="x", host="::1")
    listener.open()
    try:
        assert listener.url == f"http://[::1]:{listener.port}"
        with HttpClient(listener.url) as client:
            assert client.get("/").body == f"[::1]:{listener.port}".encode()
    finally:
        listener.close()


@needs_ipv6
def test_pictures_are_posted_by_ipv6() -> None:
    peers: list[str] = []
    receiver = JpegReceiver(lambda image: peers.append(image.peer), host="::")
    receiver.open()
    try:
        assert receiver.url == f"http://[::]:{receiver.port}"
        with HttpClient(HostPort("::1", receiver.port).url) as client:
            reply = client.post("/", data=b"\xff\xd8\xff\xd9", content_type="image/jpeg")
        assert reply.status == 200
        eventually(lambda: peers == ["::1"])
    finally:
        receiver.close()


def test_a_camera_is_named_by_the_url_that_is_wrong() -> None:
    with pytest.raises(ConfigError, match=r"did you mean http://camera:80\?"):
        AxisClient("camera:80")


@pytest.mark.parametrize("text", ["root:hunter2@dcss", "root:hunter2@dcss:1", "r:hunter2@[::1]"])
def test_a_password_in_front_of_a_host_is_not_repeated(text: str) -> None:
    for refuses in (lambda: HostPort.read(text), lambda: DcssConfig(host=text)):
        with pytest.raises((ConfigError, ValueError)) as caught:
            refuses()
        assert "hunter2" not in str(caught.value)
        assert f"'***@{text.partition('@')[2]}'" in str(caught.value)
