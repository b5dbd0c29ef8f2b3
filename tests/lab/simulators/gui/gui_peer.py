"""`GuiPeer`: a GUI that is a bare socket, and says and reads texts."""

import itertools
import re
import socket
from types import TracebackType
from typing import Final, Self

from dcs_codec import Frame, FrameDecoder, Framing, NeedData
from dhs_lab.simulators.dcss import SimulatedDcss

DEADLINE_S: Final = 20.0
BLOCK: Final = 200
END: Final = "stog_dcss_end_update_all_device"
_SETTLES: Final = re.compile(r"stog_log note \S+ settle \d+")
_MARKS: Final = itertools.count(1)


def framed(text: str) -> bytes:
    """A text in a frame as most clients write it."""
    data = text.encode()
    return b"%12d %12d %b\0" % (len(data) + 1, 0, data)


class GuiPeer:
    """The client's end of one connection.

    Attributes:
        client_id: Number that DCSS gave it.
        pushed: Texts up to the end of the first push.
    """

    def __init__(self, dcss: SimulatedDcss) -> None:
        self.socket = socket.create_connection(("127.0.0.1", dcss.gui_port), timeout=DEADLINE_S)
        self.client_id = 0
        self.pushed: list[str] = []
        self._decoder = FrameDecoder(Framing.V2)

    @classmethod
    def logged_in(
        cls, dcss: SimulatedDcss, user: str = "alice", display: str = ":0", session: str = "S"
    ) -> Self:
        """A client that has read its first push."""
        peer = cls(dcss)
        assert peer.read() == "stoc_send_client_type"
        peer.say_login(f"gtos_client_is_gui {user} {session} localhost {display}")
        keyword, number = (peer.read() or "refused").split()
        assert keyword == "stog_login_complete"
        peer.client_id = int(number)
        peer.pushed = peer.read_to(END)
        peer.read_until_now()
        return peer

    def say_login(self, text: str) -> None:
        self.socket.sendall(text.encode().ljust(BLOCK, b"\0"))

    def say(self, *texts: str) -> None:
        self.socket.sendall(b"".join(map(framed, texts)))

    def ask(self, *texts: str) -> list[str]:
        """Say these, and read all that DCSS had to say until it had done them."""
        self.say(*texts)
        return self.read_until_now()

    def read(self) -> str | None:
        """The next text, None when the server hangs up."""
        while isinstance(frame := self._decoder.next_frame(), NeedData):
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self._decoder.receive_data(data)
        assert isinstance(frame, Frame)
        return frame.text.decode()

    def read_to(self, last: str) -> list[str]:
        """All texts up to this one."""
        texts = []
        while (text := self.read()) != last:
            assert text is not None, f"the server hung up before {last}"
            texts.append(text)
        return [*texts, last]

    def read_to_end(self) -> None:
        """Read until the server hangs up."""
        while self.read() is not None:
            pass

    def read_until_now(self) -> list[str]:
        """All that was said to it until DCSS had taken all that it has said.

        Left out are the lines by which a `DhsPeer` sees that it was heard.
        """
        mark = f"mark{next(_MARKS)}"
        self.say(mark)
        texts = self.read_to(f"stog_log error server Unrecognized command: {mark}.")[:-1]
        return [text for text in texts if not _SETTLES.fullmatch(text)]

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def without_clients(texts: list[str]) -> list[str]:
    """The texts without client lists, which come when anybody comes or goes."""
    return [text for text in texts if not text.startswith("stog_update_client")]
