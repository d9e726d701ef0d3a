"""A connection once it has been opened and logged in: holds conversations, one answer after the other.

Takes over the transport from whoever opened it. Nothing here costs a task, a future or a timer for each command: a
conversation is stepped where its answer is read, and one timer watches them all. Imports conversation.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Container
from typing import Any, TypeVar

from wsyf_scheduler.mail.conversation import Answer, Talk, Want

LINE_LENGTH = 8192  # bytes of one line of an answer; RFC 5321 §4.5.3.1.5 allows 512
ANSWER_LENGTH = 4 * LINE_LENGTH  # bytes of an answer of several lines

_T = TypeVar("_T")


class Wire(asyncio.BufferedProtocol):
    """An open connection; implements `conversation.Line`."""

    def __init__(self, transport: asyncio.Transport, extensions: Container[str], *, leftover: bool) -> None:
        """Take the transport over. `leftover`: whether the server has already said more than it was asked."""
        self.extensions = extensions
        self._transport, self._loop = transport, asyncio.get_running_loop()
        self._inlet = bytearray(LINE_LENGTH)  # asyncio's own would be 256 KiB, taken anew for every answer
        self._buffer, self._full, self._stray = b"", False, leftover
        self._talk: Talk[Any] | None = None
        self._want = Want.ANSWER
        self._result: asyncio.Future[Any] = self._loop.create_future()
        self._patience = self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._ear = select.poll()
        self._ear.register(transport.get_extra_info("socket"), select.POLLIN)
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=1)  # 0 would mean "always full" to TLS

    async def hold(self, talk: Talk[_T], timeout: float) -> _T:  # noqa: ASYNC109  one timer for all, see above
        """Hold a conversation and give what it comes to. `timeout`: seconds for each answer, or each chunk to leave."""
        self._talk, self._patience = talk, timeout
        self._result = self._loop.create_future()
        self._step(None)
        found: _T = await self._result
        return found

    def drop(self) -> None:
        """Close without flushing: what has not left by then, the final dot above all, must not leave later."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._transport.abort()

    # What a conversation sees

    @property
    def is_in_step(self) -> bool:
        """See `Line`."""
        return not self._buffer and not self._stray

    @property
    def is_silent(self) -> bool:
        """See `Line`.

        What can be read now, or came together with an earlier answer, is a farewell (421, or the end of the stream) or
        would be taken for the answer to what is said next.
        """
        return self.is_in_step and not self._transport.is_closing() and not self._ear.poll(0)

    @property
    def is_full(self) -> bool:
        """See `Line`."""
        return self._full

    def say(self, raw: bytes | memoryview) -> None:
        """See `Line`."""
        if self._transport.is_closing():
            raise ConnectionResetError
        self._transport.write(raw)

    # What the transport tells

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go: a view, since over TLS asyncio writes a second record into a slice of it."""
        del sizehint
        return memoryview(self._inlet)

    def buffer_updated(self, nbytes: int) -> None:
        """Step the conversation by each answer that is complete; what nobody waits for puts the line out of step."""
        self._buffer += self._inlet[:nbytes]
        if self._talk is not None and self._want is Want.ROOM:
            self._step(None)  # it will see that the line is out of step
        while self._talk is not None and self._want is Want.ANSWER and self._buffer:
            answer = self._take_answer()
            if answer is None:
                return
            self._step(answer)

    def eof_received(self) -> None:
        """The server has hung up: the transport closes itself, and connection_lost follows."""
        self._stray = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Whatever a conversation waits for will not come."""
        self._stray = True
        self._fail(exc if isinstance(exc, OSError) else ConnectionResetError())

    def pause_writing(self) -> None:
        """Something said waits to be handed to the system."""
        self._full = True

    def resume_writing(self) -> None:
        """All has been handed over. The conversation goes on in the next round of the loop, not within a write."""
        self._full = False
        self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        if self._talk is not None and self._want is Want.ROOM and not self._full:
            self._step(None)

    # Within

    def _step(self, answer: Answer | None) -> None:
        """Send into the conversation what it waited for, and arm the watch for what it wants next."""
        assert self._talk is not None
        try:
            self._want = self._talk.send(answer)
        except StopIteration as end:
            self._end(end.value)
        else:
            self._watch()

    def _fail(self, error: Exception) -> None:
        if self._talk is None:
            return
        try:
            self._want = self._talk.throw(error)
        except StopIteration as end:
            self._end(end.value)
        else:  # it goes on; where the connection is gone, whatever it says next fails
            self._watch()

    def _end(self, found: object) -> None:
        self._talk = None
        if not self._result.done():
            self._result.set_result(found)

    def _watch(self) -> None:
        self._deadline = self._loop.time() + self._patience
        if self._timer is None or self._timer.when() > self._deadline:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        """Time may be up: the deadline has moved on with every answer since the timer was set."""
        self._timer = None
        if self._talk is None:
            return
        if self._loop.time() < self._deadline:
            self._set_timer()
        else:
            self._fail(TimeoutError())

    def _take_answer(self) -> Answer | None:
        """Cut the first whole answer off the buffer; None where the rest of it is still to come."""
        buffer, start = self._buffer, 0
        texts = []
        while (end := buffer.find(b"\n", start)) >= 0:
            code = buffer[start : start + 3]
            if not (code.isdigit() and len(code) == 3) or end - start > LINE_LENGTH:  # noqa: PLR2004  three digits
                return self._take_rest()
            texts.append(buffer[start + 4 : end].strip())
            if buffer[start + 3 : start + 4] != b"-":
                self._buffer = buffer[end + 1 :]
                return Answer(int(code), b"\n".join(texts))
            start = end + 1
        return self._take_rest() if len(buffer) > ANSWER_LENGTH else None

    def _take_rest(self) -> Answer:
        """What makes no sense; nothing said on this connection can be understood after it."""
        raw, self._buffer, self._stray = self._buffer[:LINE_LENGTH], b"", True
        return Answer(0, raw)
