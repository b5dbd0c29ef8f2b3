"""The blocks that the harness does not run: the test that does, or why none can.

`test_blocks.py` runs all other blocks.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from tests.docs.pages import INDENTED


@attrs.frozen
class Elsewhere:
    """Blocks of one language of a page that another test runs.

    Commands that need a beamline's hosts are only parsed there.

    Attributes:
        count: Their number; another block makes a test fail until something runs it.
        test: `FILE::FUNCTION`.
    """

    count: int
    test: str


@attrs.frozen
class NotRun:
    """Blocks of one language of a page that cannot be run.

    Attributes:
        count: Their number; None if the page is generated.
        why: The reason, and what checks them.
    """

    count: int | None
    why: str


Key = tuple[str, str]
"""A page and a language."""

_OPERATIONS: Final = "tests/cli/test_operations_doc.py"
_SIMULATORS: Final = "tests/lab/cli/test_simulate_doc.py"
_TOOLS: Final = "tests/lab/cli/test_tools_doc.py"
_TESTING: Final = "tests/lab/testing/test_testing_page.py"
_DISSECTOR: Final = "tests/lab/tools/test_dissector_use.py"
_GENERATED: Final = "a generated page, compared with its generator"

ELSEWHERE: Final[Mapping[Key, Elsewhere]] = {
    ("README.md", "text"): Elsewhere(
        2, "tests/test_readme.py::test_every_make_target_that_is_named_is_there"
    ),
    ("CONTRIBUTING.md", INDENTED): Elsewhere(
        1, "tests/test_readme.py::test_every_make_target_that_is_named_is_there"
    ),
    ("docs/howto/beamline.md", "python"): Elsewhere(
        2, "tests/lab/simulators/web/test_docs.py::test_each_block_serves_a_beamline"
    ),
    ("docs/howto/migration.md", "python"): Elsewhere(
        12, "tests/test_migration.py::test_every_block_is_marked_and_is_python"
    ),
    ("docs/howto/migration.md", "text"): Elsewhere(
        1, "tests/test_migration.py::test_the_peers_to_try_it_with_are_commands"
    ),
    ("docs/howto/migration.md", "yaml"): Elsewhere(
        1, "tests/test_migration.py::test_the_configuration_is_that_of_the_dhs"
    ),
    ("docs/howto/deploy.md", "dockerfile"): Elsewhere(
        1, "tests/docs/test_deploy_page.py::test_the_steps_of_the_image"
    ),
    ("docs/howto/operations.md", "console"): Elsewhere(
        9, f"{_OPERATIONS}::test_every_command_of_the_page_is_one"
    ),
    ("docs/howto/operations.md", "python"): Elsewhere(2, f"{_OPERATIONS}::test_its_dhs_is_made"),
    ("docs/howto/operations.md", "yaml"): Elsewhere(
        1, f"{_OPERATIONS}::test_the_file_it_shows_is_read"
    ),
    ("docs/howto/testing.md", "console"): Elsewhere(
        1, "tests/lab/testing/test_downstream.py::test_the_sample_passes_with_the_wheel"
    ),
    ("docs/howto/testing.md", "python"): Elsewhere(
        7, f"{_TESTING}::test_the_tests_of_the_page_pass"
    ),
    ("docs/howto/testing.md", "text"): Elsewhere(
        1, f"{_TESTING}::test_the_difference_on_the_page_is_what_is_shown"
    ),
    ("docs/howto/wireshark.md", "console"): Elsewhere(
        3, "tests/docs/test_wireshark_page.py::test_the_commands_of_the_page_show_a_message"
    ),
    ("docs/howto/wireshark.md", "text"): Elsewhere(
        1, f"{_DISSECTOR}::test_the_filters_of_the_page_are_right"
    ),
    ("docs/reference/devices.md", "python"): Elsewhere(
        3, "tests/examples/test_devices_page.py::test_the_controller_is_watched_and_stopped"
    ),
    ("docs/reference/simulators.md", "console"): Elsewhere(
        6, f"{_SIMULATORS}::test_every_command_of_the_page_is_one"
    ),
    ("docs/reference/simulators.md", "python"): Elsewhere(
        3, f"{_SIMULATORS}::test_its_python_runs"
    ),
    ("docs/reference/simulators.md", "text"): Elsewhere(
        3, f"{_SIMULATORS}::test_its_script_goes_well"
    ),
    ("docs/reference/simulators.md", "yaml"): Elsewhere(
        1, f"{_SIMULATORS}::test_its_script_goes_well"
    ),
    ("docs/reference/tools.md", "console"): Elsewhere(
        6, f"{_TOOLS}::test_every_command_of_the_page_and_the_helps_is_one"
    ),
}

NOT_RUN: Final[Mapping[Key, NotRun]] = {
    ("docs/explanations/architecture.md", INDENTED): NotRun(1, "a drawing"),
    ("docs/explanations/architecture.md", "mermaid"): NotRun(3, "diagrams"),
    ("docs/explanations/mutation.md", "text"): NotRun(
        1, "takes minutes; tests/test_mutation.py runs the command on a tiny package"
    ),
    ("docs/explanations/performance.md", "text"): NotRun(
        1, "takes minutes; tests/test_benchmarks.py runs each benchmark once"
    ),
    ("docs/explanations/soak.md", "text"): NotRun(
        1, "takes minutes; tests/test_soak.py runs the tool with few commands"
    ),
    ("docs/howto/notebook.md", "text"): NotRun(
        2, "a log, which the command below it reads; an installation, which needs a package index"
    ),
    ("docs/howto/install.md", "text"): NotRun(
        3, "needs a package index; tests/packaging/test_install.py installs with each extra"
    ),
    ("docs/reference/states.md", "mermaid"): NotRun(3, "diagrams"),
    ("docs/howto/epics.md", "console"): NotRun(
        4,
        "Channel Access at its usual ports, which others may have; tests/examples/test_epics.py "
        "runs the same programs at free ones",
    ),
    ("docs/howto/decode_log.md", "text"): NotRun(
        3,
        "logs, which the commands below them read; a capture, for which one must be root: "
        "tests/lab/tools/test_captures.py has some",
    ),
    ("docs/howto/deploy.md", "text"): NotRun(
        6,
        "needs root and a systemd; tests/cli/test_operations_doc.py reads the unit, tests/process "
        "what a service says to systemd, and tests/docs/test_deploy_page.py the commands of dhs",
    ),
    ("docs/reference/cli.md", "text"): NotRun(None, _GENERATED),
    ("docs/reference/gui_messages.md", "text"): NotRun(None, _GENERATED),
    ("docs/reference/messages.md", "text"): NotRun(None, _GENERATED),
    ("docs/reference/tools.md", "text"): NotRun(
        9, f"what commands print; {_TOOLS} compares six of them, three hold times and sizes"
    ),
}
