"""uvicorn's websockets, with one frame for a whole house: what goes to many pages is framed once and written to each."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN


class Protocol(WebSocketsSansIOProtocol):
    """A message marked `shared` keeps its frame, so that the next socket has it ready. Without this class the mark means nothing."""

    async def send(self, message: Any) -> None:
        if not message.get("shared") or not self._can_be_written():
            await super().send(message)
            return
        frame = message.get("frame")
        if frame is None:
            frame = message["frame"] = Frame(Opcode.TEXT, message["text"].encode()).serialize(mask=False)
        self.transport.write(frame)

    def _can_be_written(self) -> bool:
        """Open, not in the middle of anything, nothing waiting before it, and no extension that would change the frame."""
        return (
            self.handshake_complete
            and not self.close_sent
            and not self.disconnected
            and self.writable.is_set()
            and self.conn.state is OPEN
            and not self.conn.extensions
        )
