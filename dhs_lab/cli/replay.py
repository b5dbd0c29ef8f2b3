"""`dhs replay`: plays one side of a recording to a live peer."""

import functools
import json
import socket
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from dcs_codec import HtosClientIsHardware, HtosClientTypeIsHardware
from dcs_codec.interchange import to_dict
from dhs_lab.cli.wire import address_of, ending_cleanly, keep_escapes
from dhs_lab.tools.comparing import TOLERANCE, Difference
from dhs_lab.tools.recording import Recorded, Side, connections_of, load
from dhs_lab.tools.replaying import ReplayOptions, ReplayResult, accept_dhs, call_dcss
from dhs_lab.tools.replaying import replay as play
from dhs_runtime.lowlevel import ConfigError, Guard, HostPort, bound, counted, machine_error

F = TypeVar("F", bound=Callable[..., Any])

SAME: Final = 0
DIFFERENT: Final = 1


_NUMBER: Final = click.FloatRange(min=0)
_COMPARING: Final = (
    click.option(
        "--patience",
        type=_NUMBER,
        default=2.0,
        show_default=True,
        help="Seconds to wait for an answer.",
    ),
    click.option(
        "--as-recorded",
        is_flag=True,
        help="Also send a DCSS the messages that dhs encode would refuse.",
    ),
    click.option(
        "--longest-pause",
        type=_NUMBER,
        default=ReplayOptions().longest_pause_s,
        show_default=True,
        help="Longest pause between two messages, in seconds.",
    ),
    click.option(
        "--tolerance",
        type=_NUMBER,
        default=TOLERANCE,
        show_default=True,
        help="Largest difference of numbers, relative and absolute.",
    ),
    click.option(
        "--ignore",
        multiple=True,
        metavar="KEYWORD",
        help="Keyword not to compare; * and ? are wildcards; repeat.",
    ),
    click.option(
        "--speed",
        type=click.FloatRange(min=0, min_open=True),
        default=1.0,
        show_default=True,
        help="Factor for the recorded speed.",
    ),
    click.option("--fast", is_flag=True, help="Do not wait for the recorded times."),
)


def comparing_options(command: F) -> F:
    """--fast, --speed and the other options of playing and comparing, as one argument `options`."""

    @functools.wraps(command)
    def bundle(*args: Any, **kwargs: Any) -> Any:
        fast, speed = kwargs.pop("fast"), kwargs.pop("speed")
        options = ReplayOptions(
            speed=None if fast else speed,
            patience_s=kwargs.pop("patience"),
            longest_pause_s=kwargs.pop("longest_pause"),
            as_recorded=kwargs.pop("as_recorded"),
            ignore=kwargs.pop("ignore"),
            tolerance=kwargs.pop("tolerance"),
        )
        return command(*args, **kwargs, options=options)

    decorated: Any = bundle
    for option in _COMPARING:
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]  # the same function, called by click alone


@click.command(name="replay")
@click.argument("name")
@click.option("--listen", metavar="HOST:PORT", help="Play DCSS: wait here for the DHS.")
@click.option("--dcss", metavar="HOST:PORT", help="Play the DHS: connect to this DCSS.")
@click.option(
    "--connection", type=click.IntRange(1), help="Number.  [default: the first in which both sent]"
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    help="Seconds to wait for the DHS to connect.",
)
@click.option("--production", is_flag=True, help="Allow a DCSS that $DHS_PRODUCTION names.")
@click.option("--json", "as_json", is_flag=True, help="Print differences as JSON Lines.")
@comparing_options
def replay(
    *,
    name: str,
    listen: str | None,
    dcss: str | None,
    connection: int | None,
    wait: float,
    production: bool,
    as_json: bool,
    options: ReplayOptions,
) -> None:
    """Play one side of a recording to a live peer, and report answers that differ.

    With --listen, it plays the recorded DCSS to a DHS that connects; with --dcss, it plays the
    recorded DHS to a DCSS. NAME is the NAME of `dhs record --output NAME`. A message is sent at its
    recorded time, but not before the other side has sent the answers that came before it in the
    recording.

    Messages are compared per device and per run of an operation; handles by count, numbers by
    value. If the clock was set during the recording, --longest-pause limits the pause. Messages
    that dhs encode would refuse are not sent to a DCSS. A DCSS or a hardware host that
    $DHS_PRODUCTION names needs --production. The number of position updates varies from run to run:
    --ignore leaves them out.

    Exit codes: 0 the same, 1 different, or the other side did not connect or disconnected, 2 the
    command line is wrong or there is no such recording, 130 Ctrl-C.

    \b
    Examples:
        dhs replay monday --listen 127.0.0.1:14242 --fast
        dhs replay monday --dcss 127.0.0.1:14242 --ignore htos_update_motor_position
    """  # noqa: D301 - click needs \b itself
    if (listen is None) == (dcss is None):
        raise click.UsageError("give either --listen, to play DCSS, or --dcss, to play the DHS")
    keep_escapes()
    recorded = _load(name, connection)
    for damage in recorded.damages:
        click.echo(f"dhs replay: {damage}", err=True)
    with ending_cleanly():
        if listen is not None:
            sock, side = _accept(listen, wait), Side.DCSS
        else:
            address = address_of(dcss or "")
            _check_production(address.host, recorded, production=production)
            sock, side = call_dcss(address), Side.DHS
        outcome = play(recorded, side, sock, options)
        _report(outcome, as_json=as_json)
    sys.exit(SAME if outcome.is_same else DIFFERENT)


def _load(name: str, connection: int | None) -> Recorded:
    numbers = connections_of(name)
    if not numbers:
        raise ConfigError(f"there is no recording {name} (no {name}-1-dcss.raw)")
    if connection is not None:
        if connection not in numbers:
            raise ConfigError(f"recording {name} has no connection {connection}")
        return load(name, connection)
    for number in numbers:
        recorded = load(name, number)
        if len({frame.side for frame in recorded.frames}) == len(Side):
            return recorded
    raise ConfigError(f"recording {name} has no connection in which both sides sent something")


def _check_production(host: str, recorded: Recorded, *, production: bool) -> None:
    """Check that this DCSS and this hardware host may be used.

    Raises:
        ConfigError: It is production, and --production was not given.
    """
    guard = Guard.of((), "", production=production)
    guard.check_host(host)
    for frame in recorded.frames:
        if isinstance(frame.message, HtosClientIsHardware | HtosClientTypeIsHardware):
            guard.check_name(frame.message.hardware_name)


def _accept(listen: str, wait_s: float) -> socket.socket:
    try:
        listening = bound(*address_of(listen, is_ours=True))
    except OSError as error:
        raise machine_error(f"cannot listen at {listen}", error) from None
    with listening:
        where = HostPort(*listening.getsockname()[:2])
        click.echo(f"playing DCSS at {where}; waiting for the DHS", err=True)
        return accept_dhs(listening, wait_s)


def _report(outcome: ReplayResult, *, as_json: bool) -> None:
    for difference in outcome.differences:
        click.echo(json.dumps(_as_object(difference)) if as_json else str(difference))
    for damage in outcome.damages:
        click.echo(f"dhs replay: from the other side: {damage}", err=True)
    for refused in outcome.refused:
        click.echo(f"dhs replay: not sent (see --as-recorded): {refused}", err=True)
    if outcome.shortened:
        click.echo(
            f"dhs replay: {counted(outcome.shortened, 'pause')} shortened (see --longest-pause)",
            err=True,
        )
    if outcome.ending:
        click.echo(f"dhs replay: {outcome.ending}", err=True)
    verdict = "the same" if outcome.is_same else counted(len(outcome.differences), "difference")
    click.echo(
        f"dhs replay: {outcome.sent} of {counted(outcome.to_send, 'message')} played; "
        f"{counted(outcome.expected, 'answer')} expected, {outcome.got} got: {verdict}",
        err=True,
    )


def _as_object(difference: Difference) -> dict[str, object]:
    def side(message: object) -> object:
        return None if message is None else to_dict(message)  # type: ignore[arg-type]

    return {
        "expected": side(difference.expected),
        "got": side(difference.got),
        "fields": {
            field: {"expected": before, "got": now} for field, before, now in difference.fields
        },
    }
