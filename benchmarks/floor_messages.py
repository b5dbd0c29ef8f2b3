"""Plain classes with the fields of the messages that the benchmarks read: no checks, not frozen.

A dataclass with slots has exactly the `__slots__` and `__init__` that one would write by hand.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Plain:
    """The base class."""

    binary: bytes


@dataclass(slots=True)
class RegisterRealMotor(Plain):
    motor_name: str
    hardware_name: str


@dataclass(slots=True)
class RegisterPseudoMotor(Plain):
    motor_name: str
    hardware_name: str


@dataclass(slots=True)
class RegisterShutter(Plain):
    shutter_name: str
    shutter_state: str
    hardware_name: str


@dataclass(slots=True)
class RegisterIonChamber(Plain):
    ion_chamber_name: str
    hardware_name: str
    counter_channel: int
    timer: str
    timer_type: str


@dataclass(slots=True)
class RegisterString(Plain):
    string_name: str
    hardware_name: str


@dataclass(slots=True)
class RegisterOperation(Plain):
    operation_name: str
    hardware_name: str


@dataclass(slots=True)
class RegisterEncoder(Plain):
    encoder_name: str
    hardware_name: str


@dataclass(slots=True)
class SetMotorDependency(Plain):
    motor_name: str
    dependencies: tuple[str, ...]


@dataclass(slots=True)
class SetMotorChildren(Plain):
    motor_name: str
    children: tuple[str, ...]


@dataclass(slots=True)
class ConfigureRealMotor(Plain):
    motor_name: str
    hardware_host: str
    hardware_name: str
    position: float
    upper_limit: float
    lower_limit: float
    scale_factor: float
    speed: int
    acceleration: int
    backlash: int
    lower_limit_on: bool
    upper_limit_on: bool
    motor_lock_on: bool
    backlash_on: bool
    reverse_on: bool
    status: int


@dataclass(slots=True)
class ConfigurePseudoMotor(Plain):
    motor_name: str
    hardware_host: str
    hardware_name: str
    position: float
    upper_limit: float
    lower_limit: float
    lower_limit_on: bool
    upper_limit_on: bool
    motor_lock_on: bool
    status: int


@dataclass(slots=True)
class ConfigureString(Plain):
    string_name: str
    hardware_host: str
    string_contents: str


@dataclass(slots=True)
class StartMotorMove(Plain):
    motor_name: str
    destination: float | str


@dataclass(slots=True)
class StartOperation(Plain):
    operation_name: str
    operation_handle: str
    operation_args: str


@dataclass(slots=True)
class MotorMoveStarted(Plain):
    motor_name: str
    destination: float


@dataclass(slots=True)
class UpdateMotorPosition(Plain):
    motor_name: str
    position: float
    status: str


@dataclass(slots=True)
class MotorMoveCompleted(Plain):
    motor_name: str
    position: float
    status: str


@dataclass(slots=True)
class ConfigureDevice(Plain):
    motor_name: str
    position: float
    upper_limit: float
    lower_limit: float
    scale_factor: float | None
    speed: int | None
    acceleration: int | None
    backlash: int | None
    lower_limit_on: bool
    upper_limit_on: bool
    motor_lock_on: bool
    backlash_on: bool | None
    reverse_on: bool | None


@dataclass(slots=True)
class ReportShutterState(Plain):
    shutter_name: str
    shutter_state: str
    result: str


@dataclass(slots=True)
class SetStringCompleted(Plain):
    string_name: str
    string_status: str
    string_contents: str


@dataclass(slots=True)
class SendConfiguration(Plain):
    device_name: str


@dataclass(slots=True)
class OperationUpdate(Plain):
    operation_name: str
    operation_handle: str
    operation_args: str


@dataclass(slots=True)
class OperationCompleted(Plain):
    operation_name: str
    operation_handle: str
    operation_status: str
    operation_args: str


@dataclass(slots=True)
class Log(Plain):
    log_level: str
    log_sender: str
    log_message: str
