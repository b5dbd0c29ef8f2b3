"""Finds the messages in any input."""

import functools
from collections.abc import Iterator
from typing import Final

import attrs

from dcs_codec import Framing, default_codec, direction_of
from dhs_lab.tools.inputs import ByteSource
from dhs_lab.tools.keyword_filter import KeywordFilter
from dhs_lab.tools.log_layout import laid_out
from dhs_lab.tools.log_messages import read_log
from dhs_lab.tools.recoding import as_utf8, undecorated
from dhs_lab.tools.sightings import Damage, Found, Place, Sighting
from dhs_lab.tools.sniffing import Format, sniff
from dhs_runtime.lowlevel import ConfigError

_BINARY: Final = (Format.RAW, Format.PCAP)
_LONG: Final = 300  # longer texts are not cached


@attrs.frozen(kw_only=True)
class ReadOptions:
    """How to read inputs.

    Attributes:
        format: Their format.
        framing: How frames of raw bytes and captures are cut.
        port: For a capture, the port whose connections to read; None for those that are DCS.
        wanted: The wanted keywords. Lines of a log without any of them are skipped.
    """

    format: Format = Format.AUTO
    framing: Framing = Framing.AUTO
    port: int | None = None
    wanted: KeywordFilter = attrs.field(factory=KeywordFilter, eq=False)


def read(source: ByteSource, options: ReadOptions | None = None) -> Iterator[Found]:
    """The messages in an input, and its unreadable parts, in order.

    Raises:
        ConfigError: The kind of input is not supported.
    """
    options = ReadOptions() if options is None else options
    kind, text = options.format, source
    if kind not in _BINARY:
        text = as_utf8(source)
    if kind is Format.AUTO:
        kind = _sniffed(text)
    if kind not in _BINARY:
        plain = undecorated(text)
        if plain is not text and options.format is Format.AUTO:
            kind = _sniffed(plain)
        text = plain
    return _to_the_end(source, _read_as(kind, text, options))


def _sniffed(source: ByteSource) -> Format:
    try:
        return sniff(source.peek())
    except ConfigError as error:
        raise ConfigError(f"{source.name}: {error}") from None


def _to_the_end(source: ByteSource, findings: Iterator[Found]) -> Iterator[Found]:
    """The findings, and the reason if the input ended early."""
    yield from findings
    if source.fault:
        yield Damage(place=Place(source=source.name), reason=source.fault)


def _read_as(kind: Format, source: ByteSource, options: ReadOptions) -> Iterator[Found]:
    if kind is Format.PCAP:
        from dhs_lab.tools.captures import CaptureReader  # noqa: PLC0415 - logs do not need it

        return CaptureReader(source, options.framing, options.port).findings()
    if kind is Format.LOG:
        return _read_log(laid_out(source), options.wanted)
    if kind is Format.JSONL:
        from dhs_lab.tools.jsonl import read_jsonl  # noqa: PLC0415 - logs do not need it

        return read_jsonl(source)
    from dhs_lab.tools.streams import read_hex, read_raw  # noqa: PLC0415 - logs do not need it

    return (read_hex if kind is Format.HEX else read_raw)(source, options.framing)


def _read_log(source: ByteSource, wanted: KeywordFilter) -> Iterator[Found]:
    name = source.name
    # Logs repeat texts: each half of dcss logs a message, each connection registers all devices.
    decode = functools.lru_cache(maxsize=4096)(default_codec().decode_text)
    for entry in read_log(source.line_blocks(), wanted.pieces):
        text = entry.text
        if entry.reason:
            yield Damage(place=Place(source=name, line=entry.line), reason=entry.reason)
        elif not wanted.patterns or wanted.admits_text(text):
            message = decode(text) if len(text) < _LONG else decode.__wrapped__(text)
            yield Sighting(
                message=message,
                place=Place(source=name, line=entry.line),
                time=entry.time,
                connection=entry.connection,
                conversation=entry.conversation,
                direction=direction_of(message.received_keyword),
                size=len(text if text.isascii() else text.encode("utf-8", "surrogateescape")),
                is_again=entry.is_again,
            )
