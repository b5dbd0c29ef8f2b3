"""The side of the picture that the sample's mount comes from."""

from typing import Final, Literal, TypeAlias, get_args

MountSide: TypeAlias = Literal["left", "right", "above", "below"]
MountFrom: TypeAlias = Literal["any", "left", "right", "above", "below"]
"""The setting: a side, or `any` to find it in the picture."""

MOUNT_SIDES: Final[tuple[MountSide, ...]] = get_args(MountSide)
