"""Callbacks for what happens at the beamline, and waiting for it."""

from collections.abc import Callable
from typing import TypeVar

from dcs_codec import Message
from dhs_runtime.client.errors import WaitTimeoutError
from dhs_runtime.client.events import ClientEvent, ClientState, EventQueue, Subscription, Watch
from dhs_runtime.client.gui_link import GuiLink
from dhs_runtime.client.seen import Change, View
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import NotConnectedError

M = TypeVar("M", bound=Message | ClientState)
ChangeCallback = Callable[[View | None, View | None], object]


class ListeningClient(GuiLink):
    """The part of a client that listens and waits.

    Each callback has its own thread, which calls it in the order of the wire. It may call any
    method of the client, and wait. A callback with 10,000 unread events is no longer called, and
    the log says so. It gets only the newest position of a motor: an update that is still unread is
    replaced by the next.
    """

    def on(self, *classes: type[M]) -> Callable[[Callable[[M], None]], Callable[[M], None]]:
        """A decorator: call a function with each message of these classes, before or after `start`.

        `ClientState` may be one of them. `subscribe` returns an object that ends it.
        """

        def decorate(callback: Callable[[M], None]) -> Callable[[M], None]:
            self.subscribe(callback, *classes)
            return callback

        return decorate

    def subscribe(self, callback: Callable[[M], object], *classes: type[M]) -> Subscription:
        """Call a function with each message of these classes, before or after `start`."""
        queue = EventQueue(classes)
        self._listen(queue)
        return Subscription(queue, callback, self._threads)  # type: ignore[arg-type]

    def on_change(
        self, *names: str, initial: bool = False
    ) -> Callable[[ChangeCallback], ChangeCallback]:
        """A decorator: call a function with a device before and after each change.

        Args:
            names: Devices, operations or hardware hosts. They need not be known yet.
            initial: Whether to call it first with the present values; the value before is None.
        """

        def decorate(callback: ChangeCallback) -> ChangeCallback:
            self.subscribe_changes(callback, *names, initial=initial)
            return callback

        return decorate

    def subscribe_changes(
        self, callback: ChangeCallback, *names: str, initial: bool = False
    ) -> Subscription:
        """Like `on_change`; returns an object that ends it."""

        def call(event: ClientEvent) -> None:
            if isinstance(event, Change):
                callback(event.before, event.after)

        call.__qualname__ = getattr(callback, "__qualname__", repr(callback))
        queue = EventQueue((), names)
        self._listen(queue, initial=names if initial else ())
        return Subscription(queue, call, self._threads)

    def watch(self, *what: str | type[Message | ClientState], initial: bool = False) -> Watch:
        """Events for a loop: messages of some classes, and changes of devices by name.

        It listens from now on, so the effects of the next command are not missed.

        Example:
            >>> with dcss.watch("gonio_phi") as seen:  # doctest: +SKIP
            ...     dcss.start_move("gonio_phi", 90)
            ...     for change in seen.until(timeout_s=30):
            ...         print(change.after.position)
        """
        classes = tuple(each for each in what if not isinstance(each, str))
        names = [each for each in what if isinstance(each, str)]
        queue = EventQueue(classes, names)
        self._listen(queue, initial=names if initial else ())
        return Watch(queue)

    def _listen(self, queue: EventQueue, *, initial: tuple[str, ...] | list[str] = ()) -> None:
        with self._changed:
            alive = [each for each in self._queues if not each.is_closed]
            self._queues = (*alive, queue)
            if initial:
                wanted = frozenset(initial)
                now = [view for view in self._picture.views() if view.name in wanted]
                queue.offer(Change(None, view) for view in now)

    # -- waiting ------------------------------------------------------------------------------

    def wait(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Wait until a condition on the values of this client is true; checked after each message.

        Raises:
            WaitTimeoutError: It is not true within `timeout_s` seconds.
            NotConnectedError: The client was stopped.
        """
        what = getattr(condition, "__qualname__", "the condition")
        self._wait(condition, timeout_s, lambda: f"{what} does not hold")

    def wait_string(
        self, name: str, wanted: str | Callable[[str], bool], *, timeout_s: float
    ) -> str:
        """Wait until a string has these contents, or contents that a function accepts.

        Raises:
            NoDeviceError: There is no such string.
            WaitTimeoutError: Not within `timeout_s` seconds.
            NotConnectedError: The client was stopped.
        """

        def holds() -> bool:
            contents = self.strings[name].contents
            return contents == wanted if isinstance(wanted, str) else wanted(contents)

        self._wait(holds, timeout_s, lambda: f"string {name} is {self.strings[name].contents!r}")
        return self.strings[name].contents

    def wait_host(self, name: str, *, timeout_s: float) -> None:
        """Wait until a hardware host is online.

        Raises:
            NoDeviceError: There is no such host.
            WaitTimeoutError: Not within `timeout_s` seconds.
            NotConnectedError: The client was stopped.
        """
        self._wait(
            lambda: self.hosts[name].is_online,
            timeout_s,
            lambda: f"hardware host {name} is offline",
        )

    def _wait(
        self, condition: Callable[[], bool], timeout_s: float, say: Callable[[], str]
    ) -> None:
        deadline = Deadline.after(timeout_s)
        with self._changed:
            while not condition():
                if self._state is ClientState.STOPPED:
                    raise NotConnectedError(f"{say()}, and the client was stopped")
                if deadline.passed:
                    raise WaitTimeoutError("", "", f"{say()} after {timeout_s:g} s")
                self._changed.wait(deadline.remaining())
