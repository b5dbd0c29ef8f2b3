"""The DHS of `echo_dhs.py` written for pydhsfw: `echo_pydhsfw.py PORT`.

It runs with a Python that has pydhsfw; `benchmarks.against_pydhsfw` starts it.
"""

import logging
import signal
import sys

from pydhsfw.dcss import (
    DcssHtoSClientIsHardware,
    DcssHtoSOperationCompleted,
    DcssStoCSendClientType,
    DcssStoHStartOperation,
    register_dcss_start_operation_handler,
)
from pydhsfw.dhs import Dhs, DhsContext, DhsStart
from pydhsfw.processors import register_message_handler


@register_message_handler("dhs_start")
def connect(message: DhsStart, context: DhsContext) -> None:  # noqa: ARG001 - its name is fixed
    context.create_connection("dcss", "dcss", f"dcss://127.0.0.1:{sys.argv[1]}")
    context.get_connection("dcss").connect()


@register_message_handler("stoc_send_client_type")
def say_who(message: DcssStoCSendClientType, context: DhsContext) -> None:  # noqa: ARG001
    context.get_connection("dcss").send(DcssHtoSClientIsHardware("bench"))


@register_dcss_start_operation_handler("echo")
def echo(message: DcssStoHStartOperation, context: DhsContext) -> None:
    if message.operation_args == ["raise"]:
        raise RuntimeError("the hardware is off")
    answer = DcssHtoSOperationCompleted(
        message.operation_name, message.operation_handle, "normal", " ".join(message.operation_args)
    )
    context.get_connection("dcss").send(answer)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # neither side writes a log while it is measured
    dhs = Dhs()
    dhs.start()
    dhs.wait({signal.SIGINT, signal.SIGTERM})
