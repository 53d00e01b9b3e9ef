"""Echoes over TLS: python tls_server.py PORT CHAIN KEY

A request without the field `X-Test` is refused.
"""

import asyncio
import http
import ssl
import sys

from websockets.asyncio.server import serve


async def echo(socket):
    async for message in socket:
        await socket.send(message)


def check(connection, request):
    if "X-Test" not in request.headers:
        return connection.respond(http.HTTPStatus.FORBIDDEN, "no X-Test\n")


async def main(port, chain, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    context.set_alpn_protocols(["http/1.1"])
    async with serve(echo, "127.0.0.1", int(port), ssl=context, process_request=check) as server:
        await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
