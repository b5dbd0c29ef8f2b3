"""Expected and received messages side by side, with the fields that differ."""

from collections.abc import Sequence
from typing import Final

import attrs

from dcs_codec import Message
from dhs_lab.simulators.dcss import TrafficLine
from dhs_lab.testing.patterns import Bindings, Pattern, shown

MOST_MESSAGES: Final = 60
"""How many of the last messages are compared; a screen shows no more."""

_WIDEST: Final = 60
_NEIGHBOURS: Final = 3  # other messages shown on either side


@attrs.frozen
class Came:
    """One message of the record."""

    line: TrafficLine
    message: Message


@attrs.frozen
class _Row:
    mark: str
    left: str
    right: str


def side_by_side(patterns: Sequence[Pattern], came: Sequence[Came], *, exactly: bool) -> str:
    """A table: `!` for a difference, `-` for a missing message, `+` for an unexpected one."""
    left_out = max(0, len(came) - MOST_MESSAGES)
    rows = [_Row(" ", "expected", "came"), _Row(" ", "--------", "----")]
    if left_out:
        rows.append(_Row(" ", "", f"({left_out} messages before)"))
    bindings: Bindings = {}
    others: list[Came] = []
    for pattern, one in _pairs(patterns, came[left_out:]):
        if pattern is None and one is not None and not exactly:
            others.append(one)
            continue
        rows += _passing(others)
        others.clear()
        rows += _rows(pattern, one, bindings)
    rows += _passing(others)
    width = min(_WIDEST, max(len(row.left) for row in rows))
    return "\n".join(f"{row.mark} {_cut(row.left):<{width}}  {row.right}".rstrip() for row in rows)


def _rows(pattern: Pattern | None, one: Came | None, bindings: Bindings) -> list[_Row]:
    if pattern is None:
        return [_Row("+", "", _text(one))]
    if one is None:
        return [_Row("-", str(pattern), "(did not come)")]
    wrong = pattern.misfits(one.message, bindings)
    if not wrong:
        return [_Row(" ", str(pattern), _text(one))]
    return [
        _Row("!", pattern.keyword, one.message.received_keyword),
        *(
            _Row(
                "!" if name in wrong else " ",
                f"  {name} = {_bound(str(field), bindings)}",
                f"  {shown(getattr(one.message, name, one.line.text))}",
            )
            for name, field in pattern.fields.items()
        ),
    ]


def _bound(field: str, bindings: Bindings) -> str:
    """A named hole with its value."""
    name = field[1:]
    return f"{field} ({shown(bindings[name])})" if field[:1] == "*" and name in bindings else field


def _passing(others: Sequence[Came]) -> list[_Row]:
    """Other messages: the first and the last of a long run."""
    if len(others) <= 2 * _NEIGHBOURS + 1:
        return [_Row(" ", "", _text(one)) for one in others]
    skipped = f"({len(others) - 2 * _NEIGHBOURS} more)"
    return [
        *(_Row(" ", "", _text(one)) for one in others[:_NEIGHBOURS]),
        _Row(" ", "", skipped),
        *(_Row(" ", "", _text(one)) for one in others[-_NEIGHBOURS:]),
    ]


def _text(one: Came | None) -> str:
    return "" if one is None else f"{one.line.arrow} {one.line.text}"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _pairs(
    patterns: Sequence[Pattern], came: Sequence[Came]
) -> list[tuple[Pattern | None, Came | None]]:
    """Both in order; pairs match, or have the same keyword and most fields in common."""
    worth = [[_likeness(pattern, one) for one in came] for pattern in patterns]
    best = [[0.0] * (len(came) + 1) for _ in range(len(patterns) + 1)]
    for i in reversed(range(len(patterns))):
        for j in reversed(range(len(came))):
            together = best[i + 1][j + 1] + worth[i][j] if worth[i][j] else 0.0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[Pattern | None, Came | None]] = []
    i = j = 0
    while i < len(patterns) or j < len(came):
        inside = i < len(patterns) and j < len(came)
        if inside and worth[i][j] and best[i][j] == best[i + 1][j + 1] + worth[i][j]:
            pairs.append((patterns[i], came[j]))
            i, j = i + 1, j + 1
        elif j < len(came) and (i == len(patterns) or best[i][j] == best[i][j + 1]):
            pairs.append((None, came[j]))
            j += 1
        else:
            pairs.append((patterns[i], None))
            i += 1
    return pairs


def _likeness(pattern: Pattern, one: Came) -> float:
    """0 for another keyword; one match is worth more than several near matches."""
    if one.message.received_keyword != pattern.keyword:
        return 0.0
    wrong = len(pattern.misfits(one.message, {}))
    return 4.0 if not wrong else 1.0 - wrong / (len(pattern.fields) + 1)
