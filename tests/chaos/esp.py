"""A mail provider with Postmark's API (https://postmarkapp.com/developer/api/email-api) that goes wrong on demand."""

import asyncio
import json
from typing import Any

from tests.chaos.receiver import Fault, Receiver

Answer = tuple[int, dict[str, Any] | str, str]


class Esp(Receiver):
    """Takes one message a request."""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await _read(reader):
            message = json.loads(request)
            fault = self.next_fault(message["To"])
            await asyncio.sleep(self.delay)
            if fault in {Fault.NONE, Fault.NONSENSE, Fault.DROPPED_AFTER, Fault.SLOW}:
                self.take(message["Metadata"]["reference"])
            if fault == Fault.DROPPED_AFTER:
                # Longer than anybody waits.
                await asyncio.sleep(5)
                return
            writer.write(_response(*_answer(fault, message)))
            await writer.drain()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Return the body of the next request; nothing at the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    except asyncio.IncompleteReadError:
        return b""
    length = next(line for line in head.splitlines() if line.startswith("content-length:"))
    return await reader.readexactly(int(length.partition(":")[2]))


def _answer(fault: Fault, message: dict[str, Any]) -> Answer:
    match fault:
        case Fault.NONSENSE:
            return 200, "<html><body>Welcome!</body></html>", ""
        case Fault.BUSY:
            return 429, {"ErrorCode": 429, "Message": "Rate limit exceeded"}, "Retry-After: 1\r\n"
        case Fault.ACCOUNT:
            return 401, {"ErrorCode": 10, "Message": "Bad or missing server token"}, ""
        case Fault.REFUSED:
            # Anymail reads the address out of the sentence, up to the beginning of the next one.
            text = f"Found inactive addresses: {message['To']}.\nInactive recipients are ones that bounced."
            return 422, {"ErrorCode": 406, "Message": text}, ""
    facts = {"To": message["To"], "SubmittedAt": "2026-11-24T17:00:00Z", "MessageID": message["Metadata"]["reference"]}
    return 200, facts | {"ErrorCode": 0, "Message": "OK"}, ""


def _response(status: int, content: dict[str, Any] | str, headers: str) -> bytes:
    is_text = isinstance(content, str)
    body = (content if isinstance(content, str) else json.dumps(content)).encode()
    kind = "text/html" if is_text else "application/json"
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body
