"""A mail server that goes wrong on demand."""

import asyncio
import re

from tests.chaos.receiver import Fault, Receiver

MARKER = b"Put here while it was leaving"
MESSAGE_ID = re.compile(rb"^Message-ID: <([0-9a-f-]{36})@", re.MULTILINE | re.IGNORECASE)
GREETING = b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
OK = b"250 OK\r\n"
REPLIES = {
    Fault.LATER: b"451 Later\r\n",
    Fault.REFUSED: b"550 No such user\r\n",
    Fault.BUSY: b"421 Too much\r\n",
}


class SmtpSink(Receiver):
    """Knows as much of RFC 5321 as it takes to be sent one message after the other."""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        fault = Fault.NONE
        while line := await reader.readline():
            command = line[:4].upper()
            if fault == Fault.SLOW:
                await asyncio.sleep(0.3)
            if command == b"RCPT":
                fault = self.next_fault(line.decode())
            if command == b"DATA" and fault not in {Fault.REFUSED, Fault.LATER}:
                if not await self._take_content(reader, writer, fault):
                    return
                continue
            reply, goes_on = self._reply(command, fault)
            writer.write(reply)
            await writer.drain()
            if not goes_on:
                return

    def _reply(self, command: bytes, fault: Fault) -> tuple[bytes, bool]:
        """Return the answer to a command, and whether the conversation goes on."""
        if command in {b"EHLO", b"HELO"}:
            return GREETING, True
        if command == b"RCPT":
            return REPLIES.get(fault, OK), fault != Fault.BUSY
        if command == b"DATA":
            return b"554 No valid recipients\r\n", True
        return (b"221 Bye\r\n", False) if command == b"QUIT" else (OK, True)

    async def _take_content(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault) -> bool:
        """Read a message and answer, or not; return whether the connection goes on."""
        writer.write(b"354 Go on\r\n")
        if fault == Fault.DROPPED_BEFORE:
            await reader.readexactly(1000)
            writer.transport.abort()
            return False
        content = await reader.readuntil(b"\r\n.\r\n")
        await asyncio.sleep(self.delay)
        if found := MESSAGE_ID.search(content):
            self.take(found[1].decode())
        self.contents_with_marker += MARKER in content
        if fault == Fault.DROPPED_AFTER:
            writer.transport.abort()
            return False
        writer.write(OK)
        await writer.drain()
        return True
