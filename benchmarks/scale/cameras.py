"""Cameras that post thirty pictures a second each to one process, which asks for predictions.

The inference server answers at once without looking at the pictures, so only the transport is
measured. Cameras and inference run in separate processes on the same two cores.
"""

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Final

from benchmarks.bench_pictures import POST, answer_with_boxes
from benchmarks.bench_throughput import resident
from benchmarks.scale.processes import SPAWN
from dhs_runtime.services.automl import AutoMLClient, PredictRequest
from dhs_runtime.services.jpeg_receiver import JpegReceiver, ReceivedImage

COUNTS: Final = (1, 4, 8, 16)
FPS: Final = 30.0
SECONDS: Final = 4.0


def main() -> None:
    print(f"cameras at {FPS:.0f} pictures a second each, one process    got       behind (ms)")
    for count in COUNTS:
        print(measure(count))


def measure(cameras: int) -> str:
    """One line of the table."""
    with ExitStack() as stack:
        inference, inference_port = _spawned(_inference)
        stack.callback(inference.send, "stop")
        dhs, ports = _spawned(_dhs, cameras, inference_port)
        stack.callback(dhs.send, "stop")
        answered = [0] * cameras
        late = [0.0] * cameras
        threads = [
            threading.Thread(target=_camera, args=(port, number, answered, late))
            for number, port in enumerate(ports)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        dhs.send("size")
        memory = dhs.recv()
    rate = sum(answered) / SECONDS
    return (
        f"  {cameras:10} wanted {cameras * FPS:5.0f}/s {rate:17.0f}/s {max(late) * 1e3:12.0f}"
        f"   ({memory / 1e6:.0f} MB)"
    )


def _camera(port: int, number: int, answered: list[int], late: list[float]) -> None:
    """Post on time; if a picture is not answered, the next is late."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        for picture in range(round(SECONDS * FPS)):
            due = began + picture / FPS
            time.sleep(max(0.0, due - time.perf_counter()))
            if time.perf_counter() > began + SECONDS:
                return
            sock.sendall(POST)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += sock.recv(1 << 16)
            answered[number] += 1
            late[number] = max(late[number], time.perf_counter() - due)


def _spawned(target: object, *args: object) -> tuple[Connection, Sequence[int]]:
    here, there = SPAWN.Pipe()
    SPAWN.Process(target=target, args=(there, *args)).start()  # type: ignore[arg-type]  # any
    return here, here.recv()


def _dhs(parent: Connection, cameras: int, inference: Sequence[int]) -> None:
    client = AutoMLClient(f"http://127.0.0.1:{inference[0]}")

    def ask(image: ReceivedImage) -> None:
        client.predict(PredictRequest(key="1", image=image.data))

    with ExitStack() as stack:
        stack.enter_context(client)
        receivers = [stack.enter_context(JpegReceiver(ask)) for _ in range(cameras)]
        parent.send([receiver.port for receiver in receivers])
        while parent.recv() == "size":
            parent.send(resident())


def _inference(parent: Connection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        parent.send([server.getsockname()[1]])

        def accept() -> None:
            while True:
                peer, _ = server.accept()
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=answer_with_boxes, args=(peer,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        parent.recv()
