"""Makes mistakes in the codec on purpose, and lists those that no test finds.

    python -m mutation                             20 mutants of each module
    python -m mutation frames words --per-module 160

A mutant is killed when a test fails; otherwise it survives. A human must judge whether a survivor
does the same as the original. `MODULE:generated` is the source that a module generates. Each result
is also written to `.mutation/results.jsonl`, which git ignores.
"""

import argparse
import json
import os
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

from mutation.finding import Changes, Mutant, changes_of, mutants
from mutation.generated import generated_changes_of
from mutation.running import Bench, Project, Verdict, bench

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / ".mutation" / "results.jsonl"
CODEC: Final = Project(
    ROOT,
    package="dcs_codec",
    tests="tests/codec",
    others=("pyproject.toml",),
    slow=frozenset({"test_purity.py", "test_real_traffic.py", "test_strategies.py"}),
)
NAMES: Final = (
    *("codec", "compiled", "compiled:generated", "kinds", "word_kinds", "word_kinds:generated"),
    *("tail_kinds", "tail_kinds:generated", "plan", "fields", "frames", "protocol", "state"),
    *("words", "numbers", "registry", "message", "interchange", "errors"),
)
_KINDS: Final[dict[str, Changes]] = {"": changes_of, "generated": generated_changes_of}
_ROW: Final = "{:20} {:>8} {:>8} {:>8} {:>8} {:>8}"


@attrs.frozen
class Result:
    """The result of the tests on a mutant."""

    module: str
    mutant: Mutant
    verdict: Verdict

    def as_json(self) -> str:
        """One line."""
        before, after = self.mutant.difference()
        return json.dumps(
            {
                "module": self.module,
                "line": self.mutant.place.line,
                "operator": self.mutant.operator,
                "before": before,
                "after": after,
                **attrs.asdict(self.verdict),
            }
        )

    def __str__(self) -> str:
        before, after = self.mutant.difference()
        where = f"{self.module}.py:{self.mutant.place.line}: {self.mutant.operator}"
        return f"{where}\n  - {before}\n  + {after}"


def drawn(found: Sequence[Mutant], count: int, seed: str) -> list[Mutant]:
    """Some random mutants, in the order of the source; all if there are no more."""
    chosen = random.Random(seed).sample(range(len(found)), min(count, len(found)))  # noqa: S311
    return [found[index] for index in sorted(chosen)]


def results_of(made: Bench, module: str, chosen: Sequence[Mutant]) -> Iterator[Result]:
    """Try one mutant of a module after the other."""
    for mutant in chosen:
        yield Result(module, mutant, made.verdict(module, mutant.source()))


def run(project: Project, options: argparse.Namespace) -> None:
    """Try mutants of each module, and print the table and the survivors."""
    survivors: list[Result] = []
    options.results.parent.mkdir(parents=True, exist_ok=True)
    with bench(project, options.limit) as made, options.results.open("w") as stream:
        print(_ROW.format("module", "possible", "run", "killed", "survived", "killed"))
        for name in options.names:
            module, _, kind = name.partition(":")
            text = (project.root / project.source(module)).read_text(encoding="utf-8")
            found = mutants(text, _KINDS[kind])
            chosen = drawn(found, options.per_module, f"{options.seed}-{name}")
            alive: list[Result] = []
            for result in results_of(made, module, chosen):
                print(result.as_json(), file=stream, flush=True)
                alive += [] if result.verdict.killed else [result]
            killed = len(chosen) - len(alive)
            share = f"{killed / len(chosen):.1%}" if chosen else ""
            print(_ROW.format(name, len(found), len(chosen), killed, len(alive), share), flush=True)
            survivors += alive
    for survivor in survivors:
        print(f"\n{survivor}")


def keep_out_of_git(folder: Path) -> None:
    """Make a folder that git ignores, like the caches of other tools."""
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n")


def main(arguments: Sequence[str], project: Project = CODEC) -> None:
    """Read the command line, and run."""
    parser = argparse.ArgumentParser(
        prog="python -m mutation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("names", nargs="*", metavar="MODULE", help=f"of {', '.join(NAMES)}; all by default")
    add("--per-module", type=int, default=20, metavar="N", help="mutants of each, 20 by default")
    add("--seed", type=int, default=1, help="chooses the mutants if there are more")
    add(
        "--limit", type=float, metavar="SECONDS", help="for a mutant; by default four times as long"
    )
    add("--results", type=Path, default=RESULTS, metavar="FILE", help="JSON Lines")
    options = parser.parse_args(arguments)
    options.names = options.names or NAMES
    if options.results == RESULTS:
        keep_out_of_git(RESULTS.parent)
    # The copy does not have the recordings next to it, which some tests read.
    os.environ.setdefault("DCS_SHARED", str(project.root.parent / "shared"))
    run(project, options)


if __name__ == "__main__":
    main(sys.argv[1:])
