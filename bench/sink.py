"""A mail server that takes everything and keeps nothing: `python sink.py [DELAY_MS]` prints its port, then serves.

One process of its own for ours and peers alike, with PIPELINING. The delay stands before each answer, as a network's
way there and back would.
"""

import asyncio
import sys

HELLO = b"250-sink\r\n250-PIPELINING\r\n250-SIZE 33554432\r\n250 8BITMIME\r\n"
END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One connection."""

    delay = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.waiting, self.in_data = transport, b"", False
        self.answer(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        answers = []
        while (cut := self.waiting.find(END if self.in_data else b"\r\n")) >= 0:
            said, self.waiting = self.waiting[:cut], self.waiting[cut + (len(END) if self.in_data else 2) :]
            answers.append(self.to_data() if self.in_data else self.to_command(said))
        if answers:
            self.answer(b"".join(answers))

    def to_data(self) -> bytes:
        self.in_data = False
        return b"250 2.0.0 Ok: queued as 4F3A2B1C0D\r\n"

    def to_command(self, said: bytes) -> bytes:
        match said[:4].upper():
            case b"EHLO":
                return HELLO
            case b"DATA":
                self.in_data = True
                return b"354 End data with <CR><LF>.<CR><LF>\r\n"
            case b"QUIT":
                return b"221 2.0.0 Bye\r\n"
            case _:
                return b"250 2.1.0 Ok\r\n"

    def answer(self, raw: bytes) -> None:
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.write, raw)
        else:
            self.write(raw)

    def write(self, raw: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(raw)
            if raw.startswith(b"221"):
                self.transport.close()


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    Sink.delay = float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0
    asyncio.run(serve())
