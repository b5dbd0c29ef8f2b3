"""No thread waits for a log: nothing is logged while a lock is held.

This is read from the sources. A `with` holds a lock if its name is that of a lock somewhere.
"""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
FILES: Final = [
    path for part in ("dhs_runtime", "dhs_lab") for path in sorted((ROOT / part).rglob("*.py"))
]
MAKERS: Final = {"Lock", "RLock", "Condition"}
LEVELS: Final = {"debug", "info", "warning", "error", "exception", "critical", "log"}
MAY_LOG: Final = {"_trace"}
"""`Connection._trace` shows the order of the wire, which only the lock keeps; at DEBUG alone."""

MAY_GET_LOGGERS: Final = {"loggers.py", "runner.py"}
"""The second only sets a level."""


def last_name(node: ast.AST) -> str:
    """`_lock` of `self._lock`, or of `_lock` itself."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def lock_names(tree: ast.AST) -> Iterator[str]:
    """The names of locks, from where they are made."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if last_name(node.value.func) in MAKERS:
                yield from map(last_name, targets)


def run_in(block: ast.AST) -> Iterator[ast.AST]:
    """What a block runs itself: not the bodies of the functions in it."""
    for node in ast.iter_child_nodes(block):
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            yield node
            yield from run_in(node)


def calls_in(block: ast.AST) -> Iterator[ast.Attribute]:
    """The methods that a block calls: `x.y` of each `x.y(...)`."""
    for node in run_in(block):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func


def logs_in(block: ast.AST) -> set[int]:
    """The lines that log."""
    return {
        call.lineno
        for call in calls_in(block)
        if call.attr in LEVELS and "log" in last_name(call.value)
    }


def held_in(tree: ast.AST, locks: frozenset[str]) -> list[ast.With]:
    """The blocks that hold a lock."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        and any(last_name(item.context_expr) in locks for item in node.items)
    ]


def own_calls_in(block: ast.AST) -> set[str]:
    """The methods of `self` that a block calls."""
    return {call.attr for call in calls_in(block) if last_name(call.value) == "self"}


def logs_under_locks(tree: ast.AST, locks: frozenset[str]) -> list[int]:
    """The lines that log while a lock is held, also in methods that the block calls."""
    held = held_in(tree, locks)
    found = set[int]().union(*map(logs_in, held))
    for cls in ast.walk(tree) if held else ():
        if isinstance(cls, ast.ClassDef):
            methods = {node.name: node for node in cls.body if isinstance(node, ast.FunctionDef)}
            waiting = set[str]().union(*map(own_calls_in, held_in(cls, locks)))
            seen = set(MAY_LOG)
            while names := (waiting & methods.keys()) - seen:
                seen |= names
                for name in names:
                    found |= logs_in(methods[name])
                    waiting |= own_calls_in(methods[name])
    return sorted(found)


@functools.cache
def trees() -> dict[Path, ast.Module]:
    """What stands in each file."""
    return {path: ast.parse(path.read_text(), path) for path in FILES}


@functools.cache
def locks() -> frozenset[str]:
    """The names of all locks."""
    return frozenset(name for tree in trees().values() for name in lock_names(tree))


def test_the_locks_are_found() -> None:
    assert {"_lock", "_changed", "_aborting", "_state_lock"} <= locks()


def test_nothing_is_logged_while_a_lock_is_held() -> None:
    found = {path: logs_under_locks(tree, locks()) for path, tree in trees().items()}
    assert {str(path.relative_to(ROOT)): lines for path, lines in found.items() if lines} == {}


def test_a_log_under_a_lock_is_found() -> None:
    source = """
class Thing:
    def here(self):
        with self._lock, open("x"):
            logger.info("found")

    def by_a_method(self):
        with self._lock:
            self._say()

    def _say(self):
        self.log.warning("found")

    def after(self):
        with self._lock:
            later = lambda: self._say_later()
        logger.info("fine")

    def _say_later(self):
        logger.info("fine")
"""
    assert logs_under_locks(ast.parse(source), frozenset({"_lock"})) == [5, 12]


def test_no_handler_of_an_author_is_called_by_a_thread_that_logs() -> None:
    direct = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        and isinstance(node.value, ast.Call)
        and last_name(node.value.func) == "getLogger"
        and path.name not in MAY_GET_LOGGERS
    ]
    assert not direct, "make these loggers with dhs_runtime.loggers.get_logger"
