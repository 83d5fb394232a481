"""Channels with `transport=httpx`: HTTP/2 where the upstream offers it, and no address that channels may not use."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamEnded
from pytest_django import Settings

from apps.relay.connection import Timeouts
from apps.relay.transports import new_transport
from tests.relay.snapshots import channel


def certificate(folder: Path) -> Path:
    """A key and a certificate of this machine's own, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "upstream")])
    today = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "upstream.pem"
    path.write_bytes(private + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


async def speak_http2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers each request with the method and path it came with."""
    connection, asked = H2Connection(H2Configuration(client_side=False)), {}
    connection.initiate_connection()
    writer.write(connection.data_to_send())
    while data := await reader.read(65_536):
        for event in connection.receive_data(data):
            if isinstance(event, RequestReceived):
                asked[event.stream_id] = dict(event.headers)
            if isinstance(event, StreamEnded):
                connection.send_headers(event.stream_id, [(":status", "200")])
                head = asked[event.stream_id]
                connection.send_data(event.stream_id, head[b":method"] + b" " + head[b":path"], end_stream=True)
        writer.write(connection.data_to_send())
    writer.close()


def test_an_upstream_that_offers_http_2_is_spoken_to_in_it(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOW_PRIVATE_UPSTREAMS = True
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    monkeypatch.setenv("NO_PROXY", "*")
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(pem)
    server_side.set_alpn_protocols(["h2"])

    async def main() -> tuple[int, bytes]:
        server = await asyncio.start_server(speak_http2, "127.0.0.1", 0, ssl=server_side)
        port = server.sockets[0].getsockname()[1]
        transport = new_transport(channel(base_url=f"https://127.0.0.1:{port}/v1", transport="httpx"))
        answer = await transport.send(b"POST", b"/v1/embeddings", [], b"{}", Timeouts())
        body = await answer.read(max_bytes=1_000)
        await transport.aclose()
        server.close()
        await asyncio.sleep(0.01)
        return answer.status, body

    assert asyncio.run(main()) == (200, b"POST /v1/embeddings")


@pytest.mark.parametrize("host", ["169.254.169.254", "127.0.0.1", "localhost"])
def test_a_name_that_leads_to_a_forbidden_address_is_not_connected_to(
    host: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOW_PRIVATE_UPSTREAMS = False
    monkeypatch.setenv("NO_PROXY", "*")

    async def main() -> None:
        transport = new_transport(channel(base_url=f"http://{host}:9/v1", transport="httpx"))
        await transport.send(b"POST", b"/v1/embeddings", [], b"{}", Timeouts())

    with pytest.raises(httpx.ConnectError, match="address that channels may not use"):
        asyncio.run(main())
