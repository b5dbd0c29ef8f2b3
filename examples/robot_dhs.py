"""A robot that mounts samples, with strings that show its state.

`robot_status` says what the robot does and needs, `robot_sample` what is on the goniometer. DCSS
gets both before an operation is completed. A poll reports changes that happen without an operation.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dcs_codec import join_list
from dhs_runtime import DeviceError, Dhs, Operation

STEP_S = 0.1
POLL_S = 0.5
PORT = 3  # words: cassette, row, column
STEPS = {
    "mount_crystal": ("open_dewar", "pick", "carry", "place"),
    "dismount_crystal": ("take", "carry", "drop", "close_dewar"),
}


class Robot:
    """A simulated robot controller: the state that a real one would know."""

    def __init__(self) -> None:
        self.task = "idle"
        self.sample: tuple[str, ...] = ()  # the port it is from; empty: nothing is mounted
        self.warning = ""
        self.needs_reset = False  # it was stopped and may hold a sample

    def status(self) -> str:  # the contents of robot_status
        reset = str(int(self.needs_reset))
        words = ["status:", reset, "need_reset:", reset, "state:", self.task]
        return join_list([*words, "warning:", self.warning, "mounted:", self.contents()])

    def contents(self) -> str:  # of robot_sample
        return join_list(self.sample)


class RobotDhs:
    """A DHS of this name with the operations and strings of a robot."""

    def __init__(self, robot: Robot, name: str = "robotDHS") -> None:
        self._robot = robot
        self._lock = threading.Lock()  # held by the operation that uses the robot
        self.dhs = dhs = Dhs(name)
        strings = {"robot_status": robot.status, "robot_sample": robot.contents}
        self._strings = {dhs.string(name): read for name, read in strings.items()}
        for string, read in self._strings.items():
            string.on_read(every_s=POLL_S)(read)
            string.on_set(self.refuse)
        for operation in (self.mount_crystal, self.dismount_crystal, self.clear_mounted_state):
            dhs.operation(operation.__name__)(operation)

    def mount_crystal(self, op: Operation) -> None:
        with self._taken_for(op):
            if self._robot.sample or len(op.args) != PORT:
                raise DeviceError(f"cannot mount {op.args_text!r} on {self._robot.contents()!r}")
            self._go_through(op)
            self._robot.sample = op.args
        op.complete(*op.args)

    def dismount_crystal(self, op: Operation) -> None:
        with self._taken_for(op):
            if not op.args or self._robot.sample != op.args:
                raise DeviceError(f"{op.args_text!r} is not mounted: {self._robot.contents()!r} is")
            self._go_through(op)
            self._robot.sample = ()
        op.complete(*op.args)

    def clear_mounted_state(self, op: Operation) -> None:
        """Accept that somebody has checked the robot and removed the sample."""
        with self._taken_for(op):
            self._robot.needs_reset, self._robot.sample = False, ()

    def refuse(self, _: str) -> None:
        raise DeviceError("only the robot may set this string", status="no_write_access")

    @contextmanager
    def _taken_for(self, op: Operation) -> Iterator[None]:
        """Reserve the robot for an operation; its new state is sent before the completion."""
        if not self._lock.acquire(blocking=False):
            raise DeviceError(f"the robot is busy with {self._robot.task}")
        try:
            if self._robot.needs_reset and op.name != "clear_mounted_state":
                raise DeviceError("the robot was stopped: check it, then run clear_mounted_state")
            self._robot.task = op.name
            self._tell()
            yield
        finally:
            self._robot.task = "idle"
            self._tell()
            self._lock.release()

    def _go_through(self, op: Operation) -> None:
        """Do the steps of an operation, in place of a robot's moves."""
        try:
            for step in STEPS[op.name]:
                op.update(step)
                op.sleep(STEP_S)
        except BaseException:
            self._robot.needs_reset = True
            raise

    def _tell(self) -> None:
        for string, read in self._strings.items():  # also what a poll is just about to tell
            string.set(read())


dhs = RobotDhs(Robot()).dhs
