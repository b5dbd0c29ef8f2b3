"""A client of DCSS's GUI port: what a script or a GUI needs to drive a beamline.

from dhs_runtime.client import DcssClient

with DcssClient("localhost:14243", user="anna") as dcss:
    dcss.become_master()
    dcss.move("gonio_phi", 90, timeout_s=30)
    print(dcss.motors["gonio_phi"].position)
"""

from dhs_runtime.client.dcss_client import DcssClient
from dhs_runtime.client.errors import (
    AbortedError,
    BusyError,
    FailedError,
    LimitError,
    LinkLostError,
    LoginError,
    MasterTakenError,
    NoDeviceError,
    OfflineError,
    PermissionRefusedError,
    RefusedError,
    RequestError,
    WaitTimeoutError,
)
from dhs_runtime.client.events import ClientEvent, ClientState, Subscription, Watch
from dhs_runtime.client.pending import PendingRequest
from dhs_runtime.client.seen import (
    Change,
    DeviceView,
    EncoderView,
    HostView,
    IonChamberView,
    MotorView,
    OperationView,
    ShutterView,
    StringView,
    View,
)
from dhs_runtime.client.waiting import (
    CountEnd,
    MoveEnd,
    MoveRequest,
    OperationEnd,
    StartedOperation,
)

__all__ = [
    "AbortedError",
    "BusyError",
    "Change",
    "ClientEvent",
    "ClientState",
    "CountEnd",
    "DcssClient",
    "DeviceView",
    "EncoderView",
    "FailedError",
    "HostView",
    "IonChamberView",
    "LimitError",
    "LinkLostError",
    "LoginError",
    "MasterTakenError",
    "MotorView",
    "MoveEnd",
    "MoveRequest",
    "NoDeviceError",
    "OfflineError",
    "OperationEnd",
    "OperationView",
    "PendingRequest",
    "PermissionRefusedError",
    "RefusedError",
    "RequestError",
    "ShutterView",
    "StartedOperation",
    "StringView",
    "Subscription",
    "View",
    "WaitTimeoutError",
    "Watch",
]
