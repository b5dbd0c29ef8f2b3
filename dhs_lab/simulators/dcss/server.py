"""`SimulatedDcss`: the server itself, its start and stop, and the logins of DHSs."""

import errno
import functools
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from dcs_codec import EncodeError, Message, decode_text
from dcs_codec.limits import MAX_NAME
from dhs_lab.simulators.dcss.changes import Changes
from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE, Database, HardwareHost
from dhs_lab.simulators.dcss.effects import Effects
from dhs_lab.simulators.dcss.faults import Fault, Faults
from dhs_lab.simulators.dcss.gui_port.audience import Audience
from dhs_lab.simulators.dcss.gui_port.desk import Desk
from dhs_lab.simulators.dcss.gui_port.desk_parts import Parts
from dhs_lab.simulators.dcss.gui_port.first_push import FirstPush, host_told
from dhs_lab.simulators.dcss.gui_port.gui_client import GuiSession
from dhs_lab.simulators.dcss.gui_port.gui_settings import GuiSettings
from dhs_lab.simulators.dcss.gui_port.local_gui import GuiRun, together
from dhs_lab.simulators.dcss.gui_port.masters import Masters
from dhs_lab.simulators.dcss.gui_port.permits import Permits
from dhs_lab.simulators.dcss.judge import (
    ANSWER_WITHIN_S,
    MOVE_TOLERANCE,
    Judge,
    Verdict,
    VerdictKind,
)
from dhs_lab.simulators.dcss.registration import dependencies, registrations
from dhs_lab.simulators.dcss.run_table import RunTable
from dhs_lab.simulators.dcss.scripting import Scripting
from dhs_lab.simulators.dcss.scripting_engine.engine import Engine
from dhs_lab.simulators.dcss.session import Session
from dhs_lab.simulators.dcss.sessions import Sessions
from dhs_lab.simulators.dcss.traffic import Traffic
from dhs_runtime.lowlevel import (
    MAX_CONNECTIONS,
    Deadline,
    DhsError,
    HostPort,
    NotConnectedError,
    StopToken,
    TcpListener,
    ThreadGroup,
    get_logger,
)

if TYPE_CHECKING:
    from dhs_lab.simulators.dcss.gui_port.port import GuiPort

logger = get_logger(__name__)

_JOIN_S: Final = 1.0
DUPLICATE_S: Final = 3.0  # dcss waits this long before it closes a second DHS with the same name


class SimulatedDcss(Scripting):
    """A DCSS with these hardware hosts in its database, for any number of DHSs at once.

    Attributes:
        traffic: The messages to and from hardware hosts, also the scripting engine, as text.
        faults: The faults on the wire.
    """

    def __init__(
        self,
        hosts: Iterable[HardwareHost],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        patience: float = 1.0,
        reset_range: float = 0.0,
        faults: Iterable[Fault | str] = (),
        seed: int = 0,
        nodelay: bool = False,
        answer_within_s: float = ANSWER_WITHIN_S,
        move_tolerance: float = MOVE_TOLERANCE,
        gui_port: int | None = None,
        gui: GuiSettings | None = None,
    ) -> None:
        """A server that is not started.

        Args:
            hosts: Its database; their devices are changed in place.
            host: Address to listen on.
            port: Hardware port; 0 picks a free one.
            patience: Factor for the delay of 3 s before a second DHS with the same name is closed.
            reset_range: `motor.circular.reset_range` of dcss's configuration, degrees.
            faults: Faults from the start; more can be added to `self.faults` at any time.
            seed: Seed of the faults' random numbers.
            nodelay: Send each message in one piece, at once. A dcss sends header and text apart,
                without TCP_NODELAY, which costs 40 ms if the peer's system delays its ACK.
            answer_within_s: A command, except an operation, without an answer after this many
                seconds is a verdict.
            move_tolerance: How far a move may end from its goal, scaled; at least one step.
            gui_port: GUI port, at the same address; 0 picks a free one, None for no GUI port.
            gui: How that port treats its clients, and what it sends them in addition to devices.

        Raises:
            ConfigError: Two hosts or devices have the same name, or a text is not a fault.
        """
        self.faults = Faults(faults, seed=seed)
        changes = Changes()
        self.traffic = Traffic(changes)
        settings = gui or GuiSettings()
        database = Database(hosts, records=settings.records, runs=settings.runs)
        sessions, runs = Sessions(database.hosts, changes), RunTable()
        audience = Audience(changes)
        judge = Judge(
            lambda: self.traffic.now_s,
            changes,
            answer_within_s=answer_within_s,
            move_tolerance=move_tolerance,
        )
        super().__init__(database, sessions, runs, judge, changes=changes, tell=audience.tell)
        self._effects = Effects(
            database, sessions, runs, judge, reset_range=reset_range, tell=audience.tell
        )
        self._audience = audience
        self._gui = self._new_gui_port(settings, host, gui_port)
        self._nodelay = nodelay
        self._patience = patience
        self._listener = self._new_listener(host, port)
        self._stop, self._threads = StopToken(), ThreadGroup()

    def _new_listener(self, host: str, port: int) -> TcpListener:
        return TcpListener(
            self._serve,
            name="simulated-dcss",
            host=host,
            port=port,
            max_connections=MAX_CONNECTIONS + 2 * len(self._database.hosts),  # old ones may linger
        )

    def _new_gui_port(self, settings: GuiSettings, host: str, port: int | None) -> "GuiPort | None":
        """The scripting engine, the rules for GUIs, and the GUI port if there is one."""
        engine = Engine(
            self,
            self._database,
            self._sessions,
            tell=self._audience.tell,
            answer=self._take_from_engine,
            record=functools.partial(self.traffic.add, SCRIPTING_ENGINE),
        )
        self._engine = engine
        self._audience.foresee, self._audience.hear = engine.foresee, engine.hear
        self._sessions.engine = engine.obey
        parts = Parts(
            control=self,
            database=self._database,
            sessions=self._sessions,
            engine=engine,
            audience=self._audience,
            masters=Masters(self._audience),
            permits=Permits(self._database, settings),
        )
        self._desk = Desk(parts)
        if port is None:
            return None
        from dhs_lab.simulators.dcss.gui_port.port import GuiPort  # noqa: PLC0415 - slow

        push = FirstPush(self._database, self._sessions, self._audience)
        return GuiPort(self._audience, push, self._desk.take, settings, host=host, port=port)

    # -- life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen; raises OSError if the port is taken, or there is no thread left."""
        if self._listener.is_open:
            return
        self._stop = StopToken()
        self._listener.open()
        self._engine.open()
        try:
            self._judge.start()
            if self._gui is not None:
                self._gui.start()
        except RuntimeError as error:
            self.stop()
            raise OSError(errno.EAGAIN, str(error)) from error
        except OSError:
            self.stop()
            raise
        logger.info("simulated DCSS listens for hardware at %s", self.address)

    def stop(self, *, by_reset: bool = False) -> None:
        """Close every connection (FIN, or RST as when killed) and the port; it may start again."""
        self._stop.stop()
        self._engine.close()
        if self._gui is not None:
            self._gui.stop()
        if by_reset:
            for session in self._sessions.all():
                session.close(by_reset=True)
        self._listener.close()
        self._threads.join(Deadline.after(_JOIN_S))
        self._judge.stop()

    def __enter__(self) -> "SimulatedDcss":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """Hardware port."""
        return self._listener.port

    @property
    def address(self) -> str:
        """`HOST:PORT` of the hardware port."""
        return str(HostPort(self._listener.host, self._listener.port))

    @property
    def gui_port(self) -> int:
        """GUI port; raises DhsError if there is none."""
        return self._known_gui_port().port

    @property
    def gui_address(self) -> str:
        """`HOST:PORT` of the GUI port; raises DhsError if there is none."""
        return self._known_gui_port().address

    @property
    def gui_sessions(self) -> tuple[GuiSession, ...]:
        """The clients of the GUI port that are logged in, by their numbers."""
        return self._audience.sessions()

    def tell_guis(self, text: str) -> None:
        """Send any text to all GUIs, as if it came from a DHS or the scripting engine."""
        self._audience.tell(text)

    def _known_gui_port(self) -> "GuiPort":
        if self._gui is None:
            raise DhsError("this simulated DCSS has no GUI port: give gui_port, 0 for a free one")
        return self._gui

    @property
    def hosts(self) -> tuple[HardwareHost, ...]:
        """The database."""
        return tuple(self._database.hosts.values())

    # -- DHSs --------------------------------------------------------------------------------

    def wait_online(self, name: str, timeout_s: float, *, logins: int = 1) -> None:
        """Wait until this DHS is connected and has its devices, for at least the n-th time.

        Commands that are sent earlier may arrive before its devices, as from a real dcss.

        Raises:
            TimeoutError: It was not connected within `timeout_s` seconds.
        """
        self._sessions.wait_online(name, timeout_s, logins=logins)

    def wait_offline(self, name: str, timeout_s: float) -> None:
        """Wait until this DHS is not connected; raises like `wait_online`."""
        self._sessions.wait_offline(name, timeout_s)

    def online(self) -> tuple[str, ...]:
        """Names of the connected DHSs."""
        return self._sessions.online()

    def logins(self) -> dict[str, int]:
        """How often each DHS of the database has connected."""
        return self._sessions.logins()

    def session(self, name: str) -> Session:
        """The connection of this DHS.

        Raises:
            NotConnectedError: It is not connected.
        """
        return self._sessions.session(name)

    def disconnect(self, name: str, *, by_reset: bool = False) -> None:
        """Close the connection of this DHS; raises like `session`."""
        self.session(name).close(by_reset=by_reset)

    def send(self, name: str, message: Message) -> None:
        """Send any message to this DHS.

        Raises:
            NotConnectedError: It is not connected.
            EncodeError: The message does not fit the wire.
            StateError: No DCSS may send it.
        """
        self._sessions.send(name, message)

    def send_text(self, name: str, text: str) -> GuiRun | None:
        """Send any text to this DHS in a frame, even one that is invalid or refused to GUIs.

        Returns:
            As `from_gui`.

        Raises:
            NotConnectedError: It is not connected.
            EncodeError: No frame holds the text.
        """
        return together(self.forward(name, text))

    def take_text(self, name: str, text: str) -> None:
        """React as if this DHS had sent the text; raises NotConnectedError if it is offline."""
        self.session(name)
        with self.traffic.coming(name, text):
            self._effects.take(name, decode_text(text), text)

    # -- verdicts ----------------------------------------------------------------------------

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The last 10,000 verdicts, oldest first."""
        return self._judge.after(0)[1]

    def verdicts_after(self, seen: int) -> tuple[int, tuple[Verdict, ...]]:
        """Like `Traffic.after`, for verdicts."""
        return self._judge.after(seen)

    def unanswered(self) -> tuple[str, ...]:
        """The commands that wait for their first answer, as text."""
        return tuple(dict.fromkeys(run.asked for run in self._runs.unanswered()))

    # -- serving -----------------------------------------------------------------------------

    def _serve(self, sock: socket.socket, address: HostPort) -> None:
        session = Session(
            sock,
            self.traffic,
            self.faults,
            self._stop,
            threads=self._threads,
            nodelay=self._nodelay,
        )
        try:
            name = session.ask()
        except NotConnectedError:
            return
        if name is None:
            logger.info("%s sent no name in time; closed", address)
        elif len(name) > MAX_NAME:
            logger.warning("a real dcss might crash at a name of %d characters; closed", len(name))
        elif name not in self._database.hosts:
            logger.info("%s is not a hardware host of the database; closed", name)
        elif self.faults.refuses(name):
            logger.info("a fault refuses %s; closed", name)
        elif not self._log_in(name, session):
            logger.info("%s is connected already; the second connection is closed later", name)
            self._stop.wait(DUPLICATE_S * self._patience)
        else:
            self._talk(name, session)

    def _log_in(self, name: str, session: Session) -> bool:
        if name == SCRIPTING_ENGINE:
            return False
        session.accept(name, self._database.hosts[name].framing)
        return self._sessions.log_in(name, session)

    def _take_from_engine(self, text: str) -> None:
        """Take an answer of the scripting engine."""
        with self.traffic.coming(SCRIPTING_ENGINE, text):
            self._effects.take(SCRIPTING_ENGINE, decode_text(text), text)

    def _talk(self, name: str, session: Session) -> None:
        logger.info("%s is online", name)
        try:
            self._audience.tell(host_told(name, is_online=True))
            self._register(name, session)
            self._sessions.registered(name)
            while (message := session.next_message()) is not None:
                with self.traffic.coming(name, session.last_text):
                    self._effects.take(name, message, session.last_text)
            if session.failure:
                self._judge.find(name, VerdictKind.HAZARD, f"{session.failure}; closed")
        except NotConnectedError as error:
            logger.info("%s", error)
        finally:
            self._effects.lose(
                name,
                stopping=self._stop.is_stopping(),
                by_itself=not session.was_disturbed,
            )
            logger.info("%s is offline", name)

    def _register(self, name: str, session: Session) -> None:
        """Send a DHS its devices, then the dependencies of its motors."""
        devices = self._database.hosts[name].devices
        with self._database.lock:
            messages = [*registrations(devices), *((more, False) for more in dependencies(devices))]
        for message, line_end in messages:
            try:
                session.send(message, line_end=line_end)
            except EncodeError as error:
                logger.warning("%s not sent to %s: %s", message.keyword, name, error)
