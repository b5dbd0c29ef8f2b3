"""The contents of wheel and sdist, and reproducible builds."""

import configparser
import email
import os
import re
import tarfile
from pathlib import Path

import dcs_codec
from tests.lab.testing.environments import ROOT, build_wheel, run_python
from tests.packaging.building import Built, build, copy_of_sources


def test_the_wheel_has_what_runs_and_nothing_else(built: Built) -> None:
    names = built.wheel_names()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {
        "dcs_codec",
        "dhs_lab",
        "dhs_runtime",
        "pytest_dhs.py",
        f"dcs_codec-{dcs_codec.__version__}.dist-info",
    }
    for package in ("dcs_codec", "dhs_runtime", "dhs_lab"):
        ours = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*.py")}
        assert ours - names <= {"dhs_lab/testing/pytest_dhs.py"}  # it stands at the top
        assert f"{package}/py.typed" in names
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]


def test_the_wheel_has_what_is_read_at_run_time(built: Built) -> None:
    for package in ("dcs_codec", "dhs_runtime", "dhs_lab"):
        read = {
            str(path.relative_to(ROOT))
            for path in (ROOT / package).rglob("*")
            if path.is_file() and path.suffix not in (".py", ".pyc")
        }
        assert read <= built.wheel_names()
    assert {
        "dhs_lab/tools/lua/frames.lua",
        "dhs_lab/simulators/web/static/index.html",
    } <= built.wheel_names()


def test_the_wheel_says_who_it_is(built: Built) -> None:
    info = f"dcs_codec-{dcs_codec.__version__}.dist-info"
    metadata = email.message_from_string(built.read(f"{info}/METADATA"))
    assert metadata["Name"] == "dcs-codec"
    assert metadata["Version"] == dcs_codec.__version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    needed = metadata.get_all("Requires-Dist") or []
    always = {re.split(r"[<>=~ ]", text)[0] for text in needed if "extra ==" not in text}
    assert always == {"attrs", "cattrs"}
    assert built.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_text()
    entries = configparser.ConfigParser()
    entries.read_string(built.read(f"{info}/entry_points.txt"))
    assert dict(entries["console_scripts"]) == {"dhs": "dhs_runtime.cli:main"}
    assert dict(entries["pytest11"]) == {"dhs_lab": "pytest_dhs"}
    assert dict(entries["hypothesis"]) == {"dcs_codec": "dcs_codec.hypothesis_plugin:register"}


def test_the_page_of_the_package_index_has_no_relative_link(built: Built) -> None:
    info = f"dcs_codec-{dcs_codec.__version__}.dist-info"
    page = email.message_from_string(built.read(f"{info}/METADATA")).get_payload()
    assert isinstance(page, str)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) == len(re.findall(r"\]\(([^)]+)\)", readme)) > 0
    assert not [link for link in links if not link.startswith(("https://", "#"))]


def test_the_version_is_told_in_one_place(built: Built) -> None:
    version = dcs_codec.__version__
    changes = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert changes[0] == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert built.wheel.name == f"dcs_codec-{version}-py3-none-any.whl"
    assert built.sdist.name == f"dcs_codec-{version}.tar.gz"
    assert run_python("-m", "dhs_runtime.cli", "--version").endswith(f", version {version}\n")


def test_the_sdist_has_the_sources_and_nothing_made_of_them(built: Built, tmp_path: Path) -> None:
    source = copy_of_sources(tmp_path / "ours")
    ours = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    assert built.sdist_names() == {*ours, "PKG-INFO"}


def test_the_same_sources_make_the_same_files(built: Built, tmp_path: Path) -> None:
    source = copy_of_sources(tmp_path / "elsewhere")
    for path in source.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert build(tmp_path / "dist", source).sums() == built.sums()


def test_the_sdist_makes_the_same_wheel(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = (path for path in tmp_path.iterdir() if path.is_dir())
    again = build_wheel(tmp_path / "dist", source)
    assert again.read_bytes() == built.wheel.read_bytes()
