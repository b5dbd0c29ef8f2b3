"""What a release needs besides its files: valid workflows, versions that agree, a recipe."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

import dcs_codec
from tests.lab.testing.environments import ROOT
from tests.measuring import unmeasured
from tests.packaging.release import mistakes, notes

pytest.importorskip("check_jsonschema", reason="comes with the extra `test`")

WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RECIPE: Final = ROOT / "packaging" / "conda" / "recipe.yaml"
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def checked(path: Path) -> subprocess.CompletedProcess[str]:
    """A workflow beside the schema that GitHub's workflows have."""
    command = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    return subprocess.run(
        [sys.executable, *command],
        env=unmeasured(),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


# -- workflows -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_valid(path: Path) -> None:
    done = checked(path)
    assert done.returncode == 0, done.stdout


def test_a_workflow_that_is_not_valid_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yml"
    path.write_text(WORKFLOWS[0].read_text().replace("runs-on:", "run-on:"))
    assert checked(path).returncode == 1


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_calls_what_there_is(path: Path) -> None:
    """Targets of the Makefile, modules of ours, jobs before it; no job may write but by its own
    words, and every action has its version."""
    workflow = loaded(path)
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert set([job["needs"]] if "needs" in job else []) <= set(workflow["jobs"])
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert "uses" not in step or re.fullmatch(r"[\w.-]+/[\w.-]+@[\w./-]+", step["uses"])
            for line in step.get("run", "").splitlines():
                if line.startswith("make "):
                    assert set(line.split()[1:]) <= targets
                for module in re.findall(r"python3? -m (tests[\w.]+)", line):
                    assert (ROOT / f"{module.replace('.', '/')}.py").exists()


def test_only_the_job_that_publishes_may_say_who_it_is() -> None:
    jobs = loaded(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    trusted = {name for name, job in jobs.items() if "id-token" in job.get("permissions", {})}
    assert trusted == {"publish"}
    assert jobs["publish"]["needs"] == "build"
    assert jobs["publish"]["environment"] == "release"
    assert all("uses" in step for step in jobs["publish"]["steps"]), "none runs code of ours"


def test_every_supported_python_is_tried() -> None:
    versions = loaded(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["test"]["strategy"]
    known = [
        text.rpartition(" ")[2]
        for text in PROJECT["project"]["classifiers"]
        if re.search(r"Python :: 3\.", text)
    ]
    assert versions["matrix"]["python"] == known == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["project"]["requires-python"] == f">={known[0]}"
    assert f"for version in {' '.join(known)};" in (ROOT / "Makefile").read_text()


# -- the version, the recipe -----------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree that is ready: its changelog has a day."""
    for name in ("dcs_codec/__init__.py", "CHANGELOG.md", "CITATION.cff", RECIPE.relative_to(ROOT)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    change(tmp_path / "CHANGELOG.md", r"^(## \S+) \(.*\)$", r"\1 (2026-12-24)")
    return tmp_path


def change(path: Path, pattern: str, new: str) -> None:
    text, count = re.subn(pattern, new, path.read_text(), count=1, flags=re.MULTILINE)
    assert count
    path.write_text(text)


def test_a_tree_that_is_ready_has_no_mistake(tree: Path) -> None:
    assert list(mistakes(f"v{dcs_codec.__version__}", tree)) == []


@pytest.mark.parametrize(
    ("name", "pattern", "new", "mistake"),
    [
        ("dcs_codec/__init__.py", r'^__version__ = ".*"', '__version__ = "9.9.9"', "the tag is v"),
        ("CHANGELOG.md", r"^## \S+", "## 9.9.9", "CHANGELOG.md does not begin with"),
        ("CHANGELOG.md", r"\(2026-12-24\)", "(not released yet)", "says 'not released yet'"),
        ("CITATION.cff", r"^version: .*", "version: 9.9.9", "CITATION.cff has no line 'version: "),
        ("packaging/conda/recipe.yaml", r'version: ".*"', 'version: "9"', "yaml has no line"),
    ],
)
def test_what_is_missing_for_a_release_is_said(
    tree: Path, name: str, pattern: str, new: str, mistake: str
) -> None:
    change(tree / name, pattern, new)
    assert [text for text in mistakes(f"v{dcs_codec.__version__}", tree) if mistake in text]


def test_this_tree_lacks_nothing_but_the_day() -> None:
    found = list(mistakes(f"v{dcs_codec.__version__}"))
    assert all("where the day of the release belongs" in text for text in found)


def test_the_notes_are_those_of_the_newest_version(tree: Path) -> None:
    log, old = tree / "CHANGELOG.md", "## 1.0.0 (2026-01-01)\n\n- Old.\n"
    log.write_text(f"# Changes\n\n## 2.0.0 (2027-01-01)\n\n- New.\n\n{old}")
    assert notes(tree) == "- New.\n"
    log.write_text(f"# Changes\n\n{old}")
    assert notes(tree) == "- Old.\n"


def test_the_recipe_asks_for_what_the_project_asks_for() -> None:
    recipe, project = loaded(RECIPE), PROJECT["project"]
    assert recipe["context"]["version"] == dcs_codec.__version__
    assert recipe["package"]["name"] == project["name"]
    assert recipe["about"]["summary"] == project["description"]
    assert recipe["build"]["python"]["entry_points"] == [
        f"{name} = {place}" for name, place in project["scripts"].items()
    ]
    extras = project["optional-dependencies"]
    python = f"python {project['requires-python']}"
    assert recipe["requirements"]["run"] == [
        python,
        *map(as_conda, [*project["dependencies"], *extras["runtime"]]),
    ]
    beside = [*extras["plots"], *extras["sim"][1:], *extras["metrics"]]
    assert recipe["requirements"]["run_constraints"] == [*map(as_conda, beside)]
    assert set(map(as_conda, PROJECT["build-system"]["requires"])) < {
        *recipe["requirements"]["host"]
    }


def as_conda(requirement: str) -> str:
    """The same in conda's way of writing, by conda-forge's name."""
    name, least = requirement.split(">=")
    renamed = {"matplotlib": "matplotlib-base", "prometheus-client": "prometheus_client"}
    return f"{renamed.get(name, name)} >={least}"


def test_whoever_writes_to_us_finds_how() -> None:
    for name in ("CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md"):
        assert (ROOT / name).exists()
    assert set(PROJECT["project"]["urls"]) >= {"Source", "Issues", "Documentation", "Changelog"}
