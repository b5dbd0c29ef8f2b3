"""What does not count for coverage."""

import os


def unmeasured() -> dict[str, str]:
    """The environment of a process that runs little or nothing of ours.

    Coverage would cost it more than its own start.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
