"""Checks the echo server over TLS at PORT: python tls_client.py PORT AUTHORITY STRANGER

Its certificate is for `localhost` and of AUTHORITY, and not of STRANGER: both files of PEM.
"""

import asyncio
import ssl
import sys

from websockets.asyncio.client import connect

PATIENCE = 10


def soon(awaitable):
    return asyncio.wait_for(awaitable, PATIENCE)


async def echo(port, authority):
    context = ssl.create_default_context(cafile=authority)
    socket = await soon(connect(f"wss://localhost:{port}/", ssl=context))
    assert socket.transport.get_extra_info("ssl_object").version() == "TLSv1.3"
    for message in ["hello", "€" * 100_000, bytes(range(256)) * 1000, ""]:
        await socket.send(message)
        assert await soon(socket.recv()) == message
    await soon(await socket.ping(b"payload"))
    await soon(socket.close(1000, "Done"))
    assert socket.close_code == 1000, socket.close_code


async def stranger(port, authority):
    context = ssl.create_default_context(cafile=authority)
    try:
        await soon(connect(f"wss://localhost:{port}/", ssl=context))
        raise AssertionError("a server that nobody vouches for")
    except ssl.SSLCertVerificationError:
        pass


async def plain(port):
    """A client without TLS is told so, or dropped, at once."""
    reader, writer = await soon(asyncio.open_connection("localhost", port))
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    try:
        answer = await soon(reader.read())
    except ConnectionError:
        answer = b""
    assert not answer.startswith(b"HTTP"), answer
    writer.close()


async def main(port, authority, other):
    await echo(port, authority)
    print("ok: echo")
    await stranger(port, other)
    print("ok: stranger")
    await plain(port)
    print("ok: plain")


asyncio.run(main(*sys.argv[1:]))
