"""Finds the places of a source where one small change makes a mutant, by its syntax tree.

Annotations, docstrings and imports are left alone: no test should see them.
"""

import ast
import copy
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import attrs

Change = tuple[str, ast.AST]
"""The kind of change, and the replacement."""

Changes = Callable[[ast.AST], Iterator[Change]]
"""The changes of one node."""

_Node = TypeVar("_Node", bound=ast.AST)
_Definition = ast.FunctionDef | ast.ClassDef

_COMPARISONS: Final[Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: Final[Mapping[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Div,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_METHODS: Final = {
    "append": "extend",
    "endswith": "startswith",
    "fullmatch": "match",
    "get": "setdefault",
    "ljust": "rjust",
    "partition": "rpartition",
    "removeprefix": "removesuffix",
    "rpartition": "partition",
    "rstrip": "lstrip",
    "search": "match",
    "startswith": "endswith",
    "strip": "lstrip",
}
_FUNCTIONS: Final = {"all": "any", "any": "all", "max": "min", "min": "max", "sorted": "list"}
_TAKE_NO_NONE: Final = {"cast", "isinstance", "issubclass", "len"}
"""Functions that fail on None, which every test would find."""

_NO_CODE: Final = {"annotation", "bases", "format_spec", "returns"}
_NEEDED_DECORATORS: Final = ("staticmethod", "classmethod", "overload", ".setter")
_MARK: Final = "XX"


@attrs.frozen(eq=False)
class Place:
    """The place of a node in its tree.

    Attributes:
        parent: The node above it.
        field: Name of the parent's field.
        index: Index in the field, None if the field has a single node.
        line: Line in the unchanged source.
        node: The node at this place.
    """

    parent: ast.AST
    field: str
    index: int | None
    line: int
    node: ast.AST

    def put(self, node: ast.AST) -> None:
        """Put another node there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


@attrs.frozen(eq=False)
class Mutant:
    """A source with one change.

    Attributes:
        operator: The kind of change.
        tree: The unchanged source.
        place: The place of the change.
        new: The replacement.
    """

    operator: str
    tree: ast.Module
    place: Place
    new: ast.AST

    def source(self) -> str:
        """The whole source with the change, without comments and reformatted."""
        self.place.put(self.new)
        try:
            return ast.unparse(self.tree)
        finally:
            self.place.put(self.place.node)

    def difference(self) -> tuple[str, str]:
        """The lines that differ, before and after."""
        before, after = ast.unparse(self.tree).splitlines(), self.source().splitlines()
        shorter = min(len(before), len(after))
        first = next((at for at in range(shorter) if before[at] != after[at]), shorter)
        end = 0
        while end < shorter - first and before[-end - 1] == after[-end - 1]:
            end += 1
        old, new = (lines[first : len(lines) - end] for lines in (before, after))
        return _in_one_line(old), _in_one_line(new)


def _in_one_line(lines: Sequence[str]) -> str:
    return " / ".join(line.strip() for line in lines)


def mutants(source: str, changes: Changes | None = None) -> list[Mutant]:
    """All mutants of a source, in its order.

    Args:
        source: A module.
        changes: The changes of a node, `changes_of` by default.
    """
    tree = ast.parse(source)
    return [
        Mutant(operator, tree, place, new)
        for place in _places(tree, 0)
        for operator, new in (changes or changes_of)(place.node)
    ]


def _places(parent: ast.AST, line: int) -> Iterator[Place]:
    """Places below a node, except those that are not code."""
    for place in _children(parent, line):
        if not _is_left_alone(place):
            # Only the parts of a raised exception are changed: nobody makes the mistake of
            # None instead of an argument there.
            if not (isinstance(parent, ast.Raise) and isinstance(place.node, ast.Call)):
                yield place
            yield from _places(place.node, place.line)


def _children(parent: ast.AST, line: int) -> Iterator[Place]:
    for field, value in ast.iter_fields(parent):
        many = isinstance(value, list)
        for index, node in enumerate(value if many else [value]):
            if isinstance(node, ast.AST) and field not in _NO_CODE:
                at = getattr(node, "lineno", line)
                yield Place(parent, field, index if many else None, at, node)


def _is_left_alone(place: Place) -> bool:
    match place.node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.BinOp(op=ast.BitOr()):  # a union of types
            return True
        case ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar"))):
            return True
    return isinstance(place.parent, ast.JoinedStr) and isinstance(place.node, ast.Constant)


# -- changes of a node -----------------------------------------------------------------------


@functools.singledispatch
def changes_of(node: ast.AST) -> Iterator[Change]:
    """The changes of a node."""
    yield from ()


def with_fields(node: _Node, **fields: object) -> _Node:
    """A copy of a node with some changed fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def replaced(values: Sequence[object], index: int, *instead: object) -> list[object]:
    """A copy of a list with something else at one place, or with nothing there."""
    return [*values[:index], *instead, *values[index + 1 :]]


def _none() -> ast.Constant:
    return ast.Constant(None)


def _is_none(node: ast.AST | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _negated(test: ast.expr) -> Iterator[ast.expr]:
    """The opposite of a condition; comparisons and `not` have other changes."""
    match test:
        case ast.Compare(ops=[_]) | ast.UnaryOp(op=ast.Not()):
            pass
        case _:
            yield ast.UnaryOp(ast.Not(), test)


@changes_of.register(ast.If)
@changes_of.register(ast.IfExp)
def _(node: ast.If | ast.IfExp) -> Iterator[Change]:
    for test in _negated(node.test):
        yield "negate", with_fields(node, test=test)


@changes_of.register
def _(node: ast.comprehension) -> Iterator[Change]:
    for index, condition in enumerate(node.ifs):
        for test in _negated(condition):
            yield "negate", with_fields(node, ifs=replaced(node.ifs, index, test))


@changes_of.register
def _(node: ast.While) -> Iterator[Change]:
    yield "no loop", with_fields(node, test=ast.Constant(False))


@changes_of.register
def _(node: ast.For) -> Iterator[Change]:
    yield "no loop", with_fields(node, iter=ast.Tuple([], ast.Load()))


@changes_of.register
def _(node: ast.Continue) -> Iterator[Change]:
    yield "loop", ast.Break()


@changes_of.register
def _(node: ast.Break) -> Iterator[Change]:
    yield "loop", ast.Continue()


@changes_of.register(ast.Assign)
@changes_of.register(ast.AnnAssign)
def _(node: ast.Assign | ast.AnnAssign) -> Iterator[Change]:
    if not _is_none(node.value):
        yield "assign None", with_fields(node, value=_none())


@changes_of.register
def _(node: ast.AugAssign) -> Iterator[Change]:
    if type(node.op) in _ARITHMETIC:
        yield "augmented", with_fields(node, op=_ARITHMETIC[type(node.op)]())
    yield "augmented", ast.Assign([node.target], node.value, lineno=node.lineno)


@changes_of.register
def _(node: ast.Return) -> Iterator[Change]:
    if not _is_none(node.value):
        yield "return None", with_fields(node, value=_none())


@changes_of.register
def _(node: ast.Expr) -> Iterator[Change]:
    yield "drop statement", ast.Pass()


@changes_of.register
def _(node: ast.Raise) -> Iterator[Change]:
    yield "drop raise", ast.Pass()


@changes_of.register
def _(node: ast.ExceptHandler) -> Iterator[Change]:
    if isinstance(node.type, ast.Tuple):
        for index in range(len(node.type.elts)):
            fewer = with_fields(node.type, elts=replaced(node.type.elts, index))
            yield "except fewer", with_fields(node, type=fewer)
    elif node.type is not None:
        yield "except none", with_fields(node, type=ast.Tuple([], ast.Load()))


@changes_of.register(ast.FunctionDef)
@changes_of.register(ast.ClassDef)
def _(node: _Definition) -> Iterator[Change]:
    for index, decorator in enumerate(node.decorator_list):
        if not ast.unparse(decorator).endswith(_NEEDED_DECORATORS):
            fewer = replaced(node.decorator_list, index)
            yield "drop decorator", with_fields(node, decorator_list=fewer)


@changes_of.register
def _(node: ast.Compare) -> Iterator[Change]:
    for index, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            yield "compare", with_fields(node, ops=replaced(node.ops, index, other()))


@changes_of.register
def _(node: ast.BinOp) -> Iterator[Change]:
    is_formatting = isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant)
    if type(node.op) in _ARITHMETIC and not is_formatting:
        yield "arithmetic", with_fields(node, op=_ARITHMETIC[type(node.op)]())


@changes_of.register
def _(node: ast.BoolOp) -> Iterator[Change]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    for cut in range(1, len(node.values)):
        halves = (node.values[:cut], node.values[cut:])
        both = [half[0] if len(half) == 1 else ast.BoolOp(node.op, half) for half in halves]
        yield "and/or", with_fields(node, op=other, values=both)


@changes_of.register
def _(node: ast.UnaryOp) -> Iterator[Change]:
    if isinstance(node.op, ast.Not | ast.USub):
        yield "drop not" if isinstance(node.op, ast.Not) else "drop minus", node.operand


@changes_of.register
def _(node: ast.Constant) -> Iterator[Change]:
    match node.value:
        case bool():
            yield "constant", ast.Constant(not node.value)
        case int():
            yield "constant", ast.Constant(node.value + 1)
            yield "constant", ast.Constant(node.value - 1)
        case float() if node.value:
            yield "constant", ast.Constant(node.value * 2)
        case str():
            yield "text", ast.Constant(f"{_MARK}{node.value}{_MARK}" if node.value else _MARK)
        case bytes():
            mark = _MARK.encode()
            yield "text", ast.Constant(mark + node.value + mark)


@changes_of.register
def _(node: ast.JoinedStr) -> Iterator[Change]:
    mark = ast.Constant(_MARK)
    yield "text", with_fields(node, values=[mark, *node.values, mark])


@changes_of.register
def _(node: ast.Subscript) -> Iterator[Change]:
    if isinstance(node.slice, ast.Slice):
        for end in ("lower", "upper"):
            if getattr(node.slice, end) is not None:
                yield "slice", with_fields(node, slice=with_fields(node.slice, **{end: None}))


@changes_of.register
def _(node: ast.Call) -> Iterator[Change]:
    match node.func:
        case ast.Attribute(attr=name) if name in _METHODS:
            yield "method", with_fields(node, func=with_fields(node.func, attr=_METHODS[name]))
        case ast.Name(id=name) if name in _FUNCTIONS:
            yield "method", with_fields(node, func=with_fields(node.func, id=_FUNCTIONS[name]))
    for index, keyword in enumerate(node.keywords):
        if keyword.arg is not None:
            yield "drop keyword", with_fields(node, keywords=replaced(node.keywords, index))
    if ast.unparse(node.func) not in _TAKE_NO_NONE:
        for index, argument in enumerate(node.args):
            if not isinstance(argument, ast.Constant | ast.Starred | ast.GeneratorExp):
                yield "argument None", with_fields(node, args=replaced(node.args, index, _none()))
