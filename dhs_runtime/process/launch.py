"""`Launch`: what `dhs run` tells a DHS about its process."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import attrs

from dhs_runtime.process.config_file import structure

if TYPE_CHECKING:
    import argparse

C = TypeVar("C")


@attrs.frozen(kw_only=True)
class Launch:
    """The argument of the function that makes the DHS, if `dhs run` names a function.

        def make_dhs(launch: Launch) -> Dhs:
            stage = PretendStage() if launch.pretend else Stage()
            ...

    Attributes:
        pretend: Whether this is a rehearsal (`--pretend`): do not touch the hardware.
        args: The words after `--` on the command line.
        values: The section `settings` of the configuration file, not checked yet.
        source: The name of the file, for messages.
    """

    pretend: bool = False
    args: tuple[str, ...] = ()
    values: Mapping[str, object] = attrs.field(factory=dict, repr=False)
    source: str = "settings"

    def settings(self, config_class: type[C]) -> C:
        """The section `settings` as an instance of your attrs class or dataclass.

        Raises:
            ConfigFileError: One line per mistake, with the file and the path of the value.
        """
        return structure(self.values, config_class, self.source, "settings")

    def arguments(self, parser: "argparse.ArgumentParser") -> "argparse.Namespace":
        """Parse `args` with your parser; a mistake or `-h` ends the process.

        It ends as argparse does: with the usage, and exit code 2 or 0.
        """
        return parser.parse_args(self.args)
