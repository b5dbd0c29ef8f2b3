"""Shutters, strings, encoders and ion chambers: commands that end with a report."""

from collections.abc import Callable
from typing import Final

from dcs_codec import DecodeError, IonChamberFailure, Message, ShutterState
from dcs_codec.gui import (
    GtosGetEncoder,
    GtosReadIonChambers,
    GtosSetEncoder,
    GtosSetShutterState,
    GtosSetString,
    StogGetEncoderCompleted,
    StogReportIonChambers,
    StogReportShutterState,
    StogSetEncoderCompleted,
    StogSetStringCompleted,
)
from dhs_runtime.answers import NORMAL
from dhs_runtime.client.errors import RequestError, error_of
from dhs_runtime.client.listening import ListeningClient
from dhs_runtime.client.moving import ANSWER_S
from dhs_runtime.client.pending import PendingRequest
from dhs_runtime.client.waiting import CountEnd, PassedOver, ReportRequest

_BLANKED: Final = str.maketrans(dict.fromkeys('[]$;"\n', " "))  # dcss does so before it forwards


class DeviceCommands(ListeningClient):
    """The part of a client that sets and reads devices other than motors."""

    def set_shutter(
        self, name: str, state: ShutterState | str, *, timeout_s: float = ANSWER_S
    ) -> None:
        """Open or close a shutter, `open` or `closed`, and wait for its report.

        Raises:
            ValueError: Another state.
            RequestError: There is none, it is refused, or it does not reach that state in time.
        """
        self._end_of(self.start_set_shutter(name, state), timeout_s)

    def start_set_shutter(
        self, name: str, state: ShutterState | str, *, timeout_s: float | None = None
    ) -> PendingRequest[bool]:
        """As `set_shutter`, without waiting; `timeout_s` as for `start_move`."""
        wanted = ShutterState(state)
        hosts = self._hosts_of(self.shutters[name].host)

        def read(message: Message) -> bool | RequestError | PassedOver | None:
            if not isinstance(message, StogReportShutterState) or message.shutter_name != name:
                return None
            if message.result not in ("", NORMAL):
                return error_of(name, message.result)
            state = message.shutter_state
            return True if state == wanted else PassedOver(state)

        request = ReportRequest(self._requests, name, hosts, read, is_refused_by_log=True)
        command = GtosSetShutterState(shutter_name=name, shutter_state=wanted.value)
        self._ask(request, command, timeout_s)
        return request

    def set_string(
        self,
        name: str,
        contents: str,
        *,
        timeout_s: float = ANSWER_S,
        accept: Callable[[str], bool] | None = None,
    ) -> str:
        """Set a string, and wait until it has the contents; returns them.

        A report of other contents is taken for an answer to somebody else. If the DHS changes the
        contents, pass `accept`, which decides whether contents are the answer.

        Raises:
            RequestError: There is none, it is refused, or the contents are not reported in time.
        """
        return self._end_of(self.start_set_string(name, contents, accept=accept), timeout_s)

    def start_set_string(
        self,
        name: str,
        contents: str,
        *,
        timeout_s: float | None = None,
        accept: Callable[[str], bool] | None = None,
    ) -> PendingRequest[str]:
        """As `set_string`, without waiting; `timeout_s` as for `start_move`."""
        hosts = self._hosts_of(self.strings[name].host)
        wanted = contents.translate(_BLANKED).split()

        def is_ours(found: str) -> bool:
            return accept(found) if accept is not None else found.split() == wanted

        def read(message: Message) -> str | RequestError | PassedOver | None:
            if not isinstance(message, StogSetStringCompleted) or message.string_name != name:
                return None
            if message.string_status != NORMAL:
                return error_of(name, message.string_status)
            found = message.string_contents
            return found if is_ours(found) else PassedOver(repr(found))

        request = ReportRequest(self._requests, name, hosts, read, is_refused_by_log=True)
        command = GtosSetString(string_name=name, string_contents=contents)
        self._ask(request, command, timeout_s)
        return request

    def count(self, time_s: float, *names: str, timeout_s: float | None = None) -> CountEnd:
        """Count with ion chambers, and wait for the reports of all their DHSs.

        Args:
            time_s: How long to count, in seconds.
            names: The ion chambers, at least one.
            timeout_s: Longest time to wait; by default 10 s more than `time_s`.

        Raises:
            RequestError: There is no such ion chamber, a DHS is offline or cannot count, or a
                report does not come in time.
        """
        limit_s = time_s + ANSWER_S if timeout_s is None else timeout_s
        return self._end_of(self.start_count(time_s, *names), limit_s)

    def start_count(
        self, time_s: float, *names: str, timeout_s: float | None = None
    ) -> PendingRequest[CountEnd]:
        """As `count`, without waiting; `timeout_s` as for `start_move`.

        Raises:
            ValueError: It names no ion chamber.
            NoDeviceError: There is no such ion chamber.
            NotConnectedError: The client is not ready.
        """
        if not names:
            raise ValueError("names no ion chamber")
        hosts = self._hosts_of(*(self.ion_chambers[name].host for name in names))
        missing = set(names)
        counts: dict[str, float] = {}
        counted_s = [time_s]

        def read(message: Message) -> CountEnd | RequestError | None:
            if not isinstance(message, StogReportIonChambers):
                return None
            try:
                result = message.result
            except DecodeError:
                return None
            if isinstance(result, IonChamberFailure):
                is_ours = missing.issuperset(result.names)
                return error_of(" ".join(result.names), result.reason) if is_ours else None
            if not missing.issuperset(reading.name for reading in result):
                return None
            counted_s[0] = message.ion_chamber_time
            counts.update({reading.name: reading.counts for reading in result})
            missing.difference_update(counts)
            return None if missing else CountEnd(counted_s[0], counts)

        request = ReportRequest(self._requests, " ".join(names), hosts, read)
        command = GtosReadIonChambers(
            ion_chamber_time=time_s, is_repeated=False, ion_chamber_names=names
        )
        self._ask(request, command, timeout_s)
        return request

    # -- encoders -----------------------------------------------------------------------------

    def read_encoder(self, name: str, *, timeout_s: float = ANSWER_S) -> float:
        """Let the DHS read an encoder; returns its position in its own units.

        Raises:
            RequestError: There is none, it is refused, or no answer comes in time.
        """
        command = GtosGetEncoder(encoder_name=name)
        return self._ask_encoder(command, StogGetEncoderCompleted, timeout_s)

    def set_encoder(self, name: str, position: float, *, timeout_s: float = ANSWER_S) -> float:
        """Set the value of an encoder's present position; returns the position its DHS reports.

        Raises:
            RequestError: There is none, it is refused, or no answer comes in time.
        """
        command = GtosSetEncoder(encoder_name=name, position=position)
        return self._ask_encoder(command, StogSetEncoderCompleted, timeout_s)

    def _ask_encoder(
        self,
        command: GtosGetEncoder | GtosSetEncoder,
        completed: type[StogGetEncoderCompleted | StogSetEncoderCompleted],
        timeout_s: float,
    ) -> float:
        name = command.encoder_name
        hosts = self._hosts_of(self.encoders[name].host)

        def read(message: Message) -> float | RequestError | None:
            if not isinstance(message, completed) or message.encoder_name != name:
                return None
            is_done = message.status == NORMAL
            return message.position if is_done else error_of(name, message.status)

        return self._answer(ReportRequest(self._requests, name, hosts, read), command, timeout_s)
