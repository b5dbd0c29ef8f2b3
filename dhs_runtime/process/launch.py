"""`Launch`: what `dhs run` tells a DHS about the process it is made for."""

import argparse
from collections.abc import Mapping
from typing import TypeVar

import attrs

from dhs_runtime.process.config_file import structure

C = TypeVar("C")


@attrs.frozen(kw_only=True)
class Launch:
    """Given to the function that makes the DHS, where `dhs run` names a function.

        def make_dhs(launch: Launch) -> Dhs:
            stage = PretendStage() if launch.pretend else Stage()
            ...

    Attributes:
        pretend: Whether this is a rehearsal (`--pretend`): no hardware is to be touched.
        args: What stands behind `--` on the command line.
        values: The section `settings` of the configuration file, as it stands.
        source: The file, for messages.
    """

    pretend: bool = False
    args: tuple[str, ...] = ()
    values: Mapping[str, object] = attrs.field(factory=dict, repr=False)
    source: str = "settings"

    def settings(self, config_class: type[C]) -> C:
        """The section `settings` as an attrs class of the author's own.

        Raises:
            ConfigFileError: One line per mistake, with the file and the path of the value.
        """
        return structure(self.values, config_class, self.source, "settings")

    def arguments(self, parser: argparse.ArgumentParser) -> argparse.Namespace:
        """`args` by a parser of the author's own; a mistake, or `-h` among them, ends the process.

        As argparse does: with its usage, and exit code 2 or 0.
        """
        return parser.parse_args(self.args)
