"""Inference servers with nginx in front: the gain from a second one, and the loss if one dies.

Each server handles one picture at a time and takes 50 ms for it, like a model on one device. nginx
uses the configuration of `examples/inference/nginx.conf`.
"""

import contextlib
import io
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from PIL import Image

from benchmarks.scale.processes import SPAWN
from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.detector import PixelDetection
from dhs_runtime.errors import ServiceError
from dhs_runtime.services.automl import AutoMLClient, PredictRequest

CONFIG: Final = Path(__file__).parents[2] / "examples" / "inference" / "nginx.conf"
LOOK_S: Final = 0.05
PICTURES: Final = 120
CLIENTS: Final = 8
STARTED_S: Final = 10.0


def main() -> None:
    if shutil.which("nginx") is None:
        print("inference servers behind nginx: nginx is not installed")
        return
    print(f"inference servers of {LOOK_S * 1e3:.0f} ms behind nginx, {CLIENTS} asking at once")
    for count in (1, 2):
        with servers(count) as (ports, _), nginx(ports) as url:
            rate, failed = ask(url)
        print(f"  {count} of them                   {rate:8.1f} pictures/s   {failed} failed")
    with servers(2) as (ports, kill), nginx(ports) as url:
        timer = threading.Timer(1.0, kill, args=(0,))
        timer.start()
        rate, failed = ask(url)
        timer.join()
    print(f"  2, one killed after 1 s     {rate:8.1f} pictures/s   {failed} failed")


def ask(url: str) -> tuple[float, int]:
    """Pictures a second, and how many were not answered."""
    failed: list[ServiceError] = []

    def one(number: int) -> None:
        try:
            client.predict(PredictRequest(key=str(number), image=PICTURE))
        except ServiceError as error:
            failed.append(error)

    with AutoMLClient(url) as client, ThreadPoolExecutor(CLIENTS) as pool:
        began = time.perf_counter()
        list(pool.map(one, range(PICTURES)))
        return (PICTURES - len(failed)) / (time.perf_counter() - began), len(failed)


@contextlib.contextmanager
def servers(count: int) -> Iterator[tuple[list[int], Callable[[int], None]]]:
    """Ports of inference servers, each a process, and a function that kills one of them."""
    pipes, processes = [], []
    for _ in range(count):
        here, there = SPAWN.Pipe()
        process = SPAWN.Process(target=_serve, args=(there,))
        process.start()
        pipes.append(here)
        processes.append(process)
    try:
        yield [pipe.recv() for pipe in pipes], lambda number: processes[number].kill()
    finally:
        for process, pipe in zip(processes, pipes, strict=True):
            with contextlib.suppress(BrokenPipeError):
                pipe.send("stop")
            process.join()


def _serve(parent: Connection) -> None:
    one_at_a_time = threading.Lock()

    def look(_: Image.Image) -> Sequence[PixelDetection]:
        with one_at_a_time:
            time.sleep(LOOK_S)
        return [PixelDetection("nylon", 0.9, (0.2, 0.2, 0.6, 0.6))]

    with SimulatedAutoML(detect=look) as server:
        parent.send(server.port)
        parent.recv()


@contextlib.contextmanager
def nginx(ports: Sequence[int]) -> Iterator[str]:
    """Start nginx in front of these servers; returns its URL."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        own = probe.getsockname()[1]
    with TemporaryDirectory() as folder:
        config = CONFIG.read_text().replace("listen 127.0.0.1:8500", f"listen 127.0.0.1:{own}")
        lines = "".join(
            f"        server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;\n" for port in ports
        )
        config = re.sub(r"( +server 127\.0\.0\.1:85.*\n)+", lines, config)
        Path(folder, "nginx.conf").write_text(config)
        process = subprocess.Popen(
            ["nginx", "-p", folder, "-c", "nginx.conf", "-g", "daemon off;"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(own, process, Path(folder, "error.log"))
            yield f"http://127.0.0.1:{own}"
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until something listens there; another process sends no event for that."""
    deadline = time.monotonic() + STARTED_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"nginx: {log.read_text()[-300:]}") from None
            time.sleep(0.02)
        else:
            return


def _picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (704, 480), "gray").save(data, "JPEG")
    return data.getvalue()


PICTURE: Final = _picture()
