"""How large the packages are: files and lines, and how long their files and functions are.

    python -m benchmarks.sizes [--tree TREE] [PACKAGE...]

The codec, the core, the runtime and the lab of this tree or of another version, and the packages
of other projects.
"""

import argparse
import ast
import statistics
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).resolve().parents[1]
CORE: Final = ("devices",)
"""Folders of the runtime that belong to its core, in addition to the modules in no folder."""
_ROW: Final = "| {} | {} | {:,} | {} / {} | {} / {} / {} |"


@attrs.frozen
class Sizes:
    """Lines of files and of functions, sorted.

    Attributes:
        files: Lines of each file, empty ones and comments too.
        functions: Lines of each function and method, from `def` to its end.
    """

    files: list[int]
    functions: list[int]

    def row(self, name: str) -> str:
        """A row of a table in Markdown."""
        functions = self.functions or [0]
        return _ROW.format(
            name,
            len(self.files),
            sum(self.files),
            round(statistics.median(self.files)),
            self.files[-1],
            round(statistics.median(functions)),
            functions[len(functions) * 9 // 10],
            functions[-1],
        )


def measured(paths: Iterable[Path]) -> Sizes:
    """The sizes of sources."""
    files: list[int] = []
    functions: list[int] = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        files.append(len(text.splitlines()))
        functions += lengths(ast.parse(text))
    return Sizes(sorted(files), sorted(functions))


def lengths(tree: ast.AST) -> Iterator[int]:
    """How many lines each function has."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


def sources(folder: Path) -> list[Path]:
    """The modules in a folder and below it, without tests."""
    found = sorted(folder.rglob("*.py"))
    return [path for path in found if not {"tests", "_tests"} & {*path.relative_to(folder).parts}]


def parts(tree: Path) -> dict[str, list[Path]]:
    """The parts of this project that the tree has."""
    runtime = sources(tree / "dhs_runtime")
    core = [path for path in runtime if path.parent.name in ("dhs_runtime", *CORE)]
    found = {
        "`dcs_codec`": sources(tree / "dcs_codec"),
        "`dhs_runtime`: core and devices": core,
        "`dhs_runtime`: all": runtime,
        "`dhs_lab`": sources(tree / "dhs_lab"),
    }
    return {name: paths for name, paths in found.items() if paths}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, default=ROOT, help="of this project, any version")
    parser.add_argument("packages", nargs="*", type=Path, metavar="PACKAGE")
    options = parser.parse_args(arguments)
    named = parts(options.tree) | {folder.name: sources(folder) for folder in options.packages}
    print("| | files | lines | file: median / longest | function: median / 90 % / longest |")
    print("|---|---|---|---|---|")
    for name, paths in named.items():
        print(measured(paths).row(name))


if __name__ == "__main__":
    main()
