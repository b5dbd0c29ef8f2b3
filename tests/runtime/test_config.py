import pytest

from dcs_codec import Framing
from dhs_runtime import ConfigError, DcssConfig


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("dcss", "dcss", 14242),
        ("dcss:1", "dcss", 1),
        ("192.168.7.2:65535", "192.168.7.2", 65535),
        ("[::1]:14242", "::1", 14242),
    ],
)
def test_address_is_read(address: str, host: str, port: int) -> None:
    config = DcssConfig.at(address)
    assert (config.host, config.port) == (host, port)
    assert config.framing is Framing.AUTO


@pytest.mark.parametrize(
    "address", ["", ":14242", "dcss:", "dcss:x", "dcss:-1", "dcss:70000", "dcss:0"]
)
def test_wrong_address_is_named(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        DcssConfig.at(address)
    assert repr(address) in str(caught.value)


def test_timeouts_are_positive() -> None:
    with pytest.raises(ValueError, match="connect_timeout_s"):
        DcssConfig(connect_timeout_s=0)
    with pytest.raises(ValueError, match="send_timeout_s"):
        DcssConfig(send_timeout_s=-1)
