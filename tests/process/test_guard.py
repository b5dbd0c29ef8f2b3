import socket

import pytest

from dhs_runtime import ConfigError
from dhs_runtime.process.guard import VARIABLE, Guard, names_of


def guard(*patterns: str, production: bool = False, pretend: bool = False) -> Guard:
    return Guard.of(patterns, "x.yaml", production=production, pretend=pretend, environment={})


def test_a_production_host_needs_the_flag() -> None:
    with pytest.raises(ConfigError) as caught:
        guard("other", "dcss.*.invalid").check_host("dcss.bl1.invalid")
    assert str(caught.value) == (
        "DCSS's host dcss.bl1.invalid is production: it matches 'dcss.*.invalid' (production in "
        "x.yaml); use --production to allow it"
    )
    guard("dcss.*.invalid", production=True).check_host("dcss.bl1.invalid")


def test_a_rehearsal_is_never_allowed_there() -> None:
    with pytest.raises(ConfigError, match=r"hardware host loopDHS is production: .* never allowed"):
        guard("loop*", pretend=True).check_name("loopDHS")


@pytest.mark.parametrize("pattern", ["LOOPDHS", "loop[A-D]HS", "*"])
def test_patterns_are_those_of_files_in_either_case(pattern: str) -> None:
    with pytest.raises(ConfigError):
        guard(pattern).check_name("loopDHS")


def test_what_is_not_production_is_free() -> None:
    guard().check_host("localhost")
    guard("bl*", pretend=True).check_host("test.invalid")
    guard("bl*").check_name("loopDHS")


def test_a_host_is_known_by_all_its_names() -> None:
    names = names_of("localhost")
    assert names[0] == "localhost"
    assert {"127.0.0.1", "::1"} & set(names)
    assert socket.gethostname() in names, "on the production host itself, localhost is production"
    assert names_of("no.such.invalid") == ("no.such.invalid",)
    assert names_of("x" * 300) == ("x" * 300,)


def test_another_name_of_the_host_is_told() -> None:
    with pytest.raises(ConfigError, match=r"host localhost \(127.0.0.1\) is production"):
        guard("127.*").check_host("localhost")


def test_a_machine_has_patterns_for_all_its_dhss() -> None:
    known = Guard.of(["a"], "x.yaml", environment={VARIABLE: " bl* stage* "})
    with pytest.raises(ConfigError, match=r"matches 'stage\*' \(\$DHS_PRODUCTION\)"):
        known.check_name("stageDHS")
