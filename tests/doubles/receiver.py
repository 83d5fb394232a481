"""A receiver of webhooks on this machine, over TLS with a certificate of its own authority. What it answers is said by
whoever starts it: `b"HTTP/1.1 200 OK…"`, or a coroutine that writes as it likes.
"""

import asyncio
import datetime
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Behaviour = bytes | Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    """What came, request by request, and how it is answered from now on."""

    port: int = 0
    answer: Behaviour = OK
    requests: list[bytes] = field(default_factory=list)

    @property
    def bodies(self) -> list[bytes]:
        return [request.partition(b"\r\n\r\n")[2] for request in self.requests]

    def header(self, name: str, *, of: int = -1) -> str:
        lines = self.requests[of].partition(b"\r\n\r\n")[0].decode().split("\r\n")
        return next(line.partition(": ")[2] for line in lines if line.lower().startswith(f"{name.lower()}:"))

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            request = head + await reader.readexactly(int(length.partition(b":")[2]))
            self.requests.append(request)
            if isinstance(self.answer, bytes):
                writer.write(self.answer)
            else:
                await self.answer(request, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@contextmanager
def running_receiver(tls: ssl.SSLContext | None, answer: Behaviour = OK) -> Iterator[Receiver]:
    """On a port of 127.0.0.1 that is free, in a thread of its own."""
    receiver, loop = Receiver(answer=answer), asyncio.new_event_loop()

    async def begin() -> asyncio.Server:
        return await asyncio.start_server(receiver.take, "127.0.0.1", 0, ssl=tls)

    server = loop.run_until_complete(begin())
    receiver.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield receiver
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def authority_for(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for these names and addresses, and a client's that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{names[0]}.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)
