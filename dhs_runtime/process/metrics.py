"""A snapshot in the text format of Prometheus (extra `metrics`)."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dhs_runtime.link import LinkState
from dhs_runtime.process.monitor import Snapshot

__all__ = ["CONTENT_TYPE_LATEST", "render"]


def render(snapshot: Snapshot) -> bytes:
    """The page for a scrape: the DHS's own figures, then those of its process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_SnapshotCollector(snapshot))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _SnapshotCollector(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """The metrics."""
        now = self._snapshot
        info = GaugeMetricFamily("dhs_info", "The DHS.", labels=["name", "pretend", "version"])
        info.add_metric([now.name, str(now.pretend).lower(), now.version], 1)
        yield info
        yield _gauge("dhs_alive", "1 unless a message handler does not return.", not now.trouble)
        link = GaugeMetricFamily("dhs_link_state", "1 for the state of the link.", labels=["state"])
        for state in LinkState:
            link.add_metric([state.value], state is now.link)
        yield link
        yield _gauge(
            "dhs_link_state_since_seconds",
            "Time of the last change of the link's state, in seconds since 1970.",
            now.link_since.timestamp(),
        )
        under_way = GaugeMetricFamily(
            "dhs_operations_under_way", "Operations under way.", labels=["operation"]
        )
        for name, count in Counter(one.name for one in now.operations).items():
            under_way.add_metric([name], count)
        yield under_way
        yield _counter(
            "dhs_operations_started",
            "Operations that DCSS started.",
            "operation",
            now.operations_started,
        )
        aborts = CounterMetricFamily("dhs_aborts", "stoh_abort_all received.")
        aborts.add_metric([], now.aborts)
        yield aborts
        yield _counter("dhs_log_messages", "Lines logged.", "level", now.log_messages)
        lost = CounterMetricFamily("dhs_log_lines_lost", "Lines of logs that could not be written.")
        lost.add_metric([], now.log_lost)
        yield lost
        yield _positions(now)
        yield _gauge("dhs_threads", "Threads of the process.", len(now.threads))


def _positions(now: Snapshot) -> Metric:
    family = GaugeMetricFamily("dhs_position", "Positions, in their units.", labels=["device"])
    for device in now.devices:
        if device.position is not None:
            family.add_metric([device.name], device.position)
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _counter(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
