"""One round of sending over several connections at once: a thread of its own, in which each lane has a connection.

Whoever posts and whoever sends meet in a queue each way. Imports conversation, dialing, wire, transport and the
letters' values.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

from wsyf_scheduler.mail import transport as rules
from wsyf_scheduler.mail.conversation import Transaction, fate_of
from wsyf_scheduler.mail.dialing import Dialer, leave
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Sent
from wsyf_scheduler.mail.settings import SmtpSettings
from wsyf_scheduler.mail.wire import Wire

LOOK_AGAIN = 0.05  # seconds


class Round:
    """What the poster's thread and the lanes have in common. The lock guards the end: no message may fall between."""

    def __init__(self, settings: SmtpSettings, may_leave: Callable[[Outgoing], bool]) -> None:
        """Nothing runs yet. `waiting`, `known`, `is_over` and `trouble` are for the poster to look at."""
        self.settings = settings
        self.waiting: deque[Outgoing] = deque()
        self.known: SimpleQueue[tuple[Outgoing, Sent | None]] = SimpleQueue()
        self.is_over = False
        self.trouble: BaseException | None = None
        self._may_leave = may_leave
        self._is_closing = False
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None  # while it runs
        self._idle: list[asyncio.Future[None]] = []
        self._lanes: list[Lane] = []

    # From the poster's thread

    def put(self, messages: list[Outgoing]) -> None:
        """Let the lanes have these; where the round is over, they are untried at once."""
        with self._lock:
            self.waiting.extend(messages)
            if self.is_over:
                self._give_back()
            elif self._loop is not None:
                self._loop.call_soon_threadsafe(self._wake)

    def close(self) -> None:
        """Let no lane take another message."""
        with self._lock:
            self._is_closing = True
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._break_off)
            else:  # not begun, or ended already
                self.is_over = True
                self._give_back()

    def run(self) -> None:
        """Send until the round is over or closed: the thread's whole life."""
        try:
            # A loop of our own: what the poster's thread does with its own event loop, if it has one, is its affair.
            with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
                runner.run(self._run())
        except BaseException as error:  # noqa: BLE001  raised again in the poster's thread
            self.trouble = self.trouble or error
        with self._lock:
            self.is_over = True
            self._give_back()

    async def _run(self) -> None:
        with self._lock:
            self._loop = asyncio.get_running_loop()
        try:
            self.dialer = Dialer(self.settings)
            async with asyncio.TaskGroup() as self._group:
                self._add_lane()
        finally:
            with self._lock:
                self._loop = None

    # From the lanes

    async def next(self) -> Outgoing | None:
        """Wait for the next message to send; None once no more are sent."""
        while not (self.is_over or self._is_closing):
            if self.waiting:
                return self.waiting.popleft()
            # The lane that became idle last is woken first: its connection is open, and those of others need not be.
            self._idle.append(asyncio.get_running_loop().create_future())
            await self._idle[-1]
        return None

    @property
    def takes_more(self) -> bool:
        """Whether a message that has been taken, but not begun, may be."""
        return not (self.is_over or self._is_closing)

    def allows(self, message: Outgoing) -> bool:
        """Ask the poster whether this may leave now; what that raises ends the round, and is raised again there."""
        try:
            return self._may_leave(message)
        except BaseException as error:  # noqa: BLE001  see above
            self.trouble = error
            self._end()
            return False

    def tell(self, message: Outgoing, fate: Sent | None) -> None:
        """Make a fate known; where it concerns all messages, the round is over."""
        stops = fate is not None and (
            rules.stops_batch(fate) or (self.settings.stop_when_busy and rules.asks_for_pause(fate))
        )
        self.is_over = self.is_over or stops  # before the poster can see the fate and put in more
        self.known.put((message, fate))
        if stops:
            self._end()

    def opened(self) -> None:
        """A connection is open and logged in: the others may try. Until then one alone does, lest all fail alike."""
        while len(self._lanes) < self.settings.connections:
            self._add_lane()

    def failed(self, message: Outgoing, fate: Sent) -> None:
        """A connection could not be opened for this message: that ends the round, unless another connection is open.

        Many servers limit connections: then whoever has one goes on, and takes the message too. A refused login ends
        the round in any case.
        """
        if not self.takes_more:
            self.tell(message, None)
        elif fate.outcome is not Outcome.AUTH and any(lane.is_up for lane in self._lanes):
            self.waiting.appendleft(message)
            self._wake()
        else:
            self.tell(message, fate)

    # Within the thread

    def _add_lane(self) -> None:
        lane = Lane(self)
        self._lanes.append(lane)
        lane.task = self._group.create_task(lane.run())

    def _wake(self) -> None:
        for _each in range(min(len(self.waiting), len(self._idle))):
            self._idle.pop().set_result(None)

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            self._give_back()
        self._break_off()

    def _break_off(self) -> None:
        """Nothing new is begun: who waits for a message leaves, and who still tries to connect does so in vain."""
        while self._idle:
            self._idle.pop().set_result(None)
        opening = [lane.task for lane in self._lanes if lane.is_opening and lane.task is not None]
        for task in opening:
            task.cancel()
        if opening:  # once more: Python 3.11's wait_for swallows a cancellation that meets the answer waited for
            asyncio.get_running_loop().call_later(LOOK_AGAIN, self._break_off)

    def _give_back(self) -> None:
        while self.waiting:
            self.known.put((self.waiting.popleft(), None))


class Lane:
    """One connection at a time, opened when the first message is taken, and anew after anything that is not clean."""

    def __init__(self, round_: Round) -> None:
        """Belong to a round; nothing is opened yet."""
        self._round, self._settings = round_, round_.settings
        self._wire: Wire | None = None
        self._carried = 0  # messages over this connection
        self.is_opening = False
        self.task: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        """Whether it has a connection."""
        return self._wire is not None

    async def run(self) -> None:
        """Send message after message; ends with the round, or where no connection can be had."""
        try:
            while (message := await self._round.next()) is not None:
                if not self._round.allows(message):
                    self._round.tell(message, None)
                    continue
                wire = self._reusable() or await self._open(message)
                if wire is None:
                    return
                await self._send(wire, message)
        finally:
            await self._hang_up()

    def _reusable(self) -> Wire | None:
        return self._wire if self._wire is not None and self._wire.is_silent else None

    async def _open(self, message: Outgoing) -> Wire | None:
        """Open a connection for this message; None where there is none, or no use for it, the message being settled."""
        self._drop()
        self.is_opening = True
        try:
            found = await self._round.dialer.dial()
        except asyncio.CancelledError:
            self._round.tell(message, None)
            return None
        finally:
            self.is_opening = False
        if isinstance(found, Sent):
            self._round.failed(message, found)
            return None
        self._wire, self._carried = found, 0
        if not self._round.takes_more:
            self._round.tell(message, None)
            return None
        self._round.opened()
        return found

    async def _send(self, wire: Wire, message: Outgoing) -> None:
        transaction = Transaction(self._settings, wire, message)
        try:
            sent = await wire.hold(transaction.run(), self._settings.timeout)
        except BaseException:  # the thread itself is ending
            self._round.tell(message, fate_of(ConnectionAbortedError(), transaction.phase, self._settings))
            raise
        self._carried += 1
        if not transaction.clean:
            self._drop()
        self._round.tell(message, sent)
        if self._carried == self._settings.per_connection:
            await self._hang_up()

    async def _hang_up(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            await leave(wire, self._settings)

    def _drop(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.drop()
