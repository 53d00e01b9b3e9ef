"""Echo servers with every choice of parameters: python deflate_server.py

ws://ADDRESS/M/N makes choice M for what it sends and choice N for what it gets.
"""

import asyncio
import itertools

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

WINDOWS = range(9, 16)
OUTGOING = [
    {"server_no_context_takeover": alone, "server_max_window_bits": bits}
    for alone, bits in itertools.product([False, True], [None, *WINDOWS])
]
INCOMING = [
    {
        "client_no_context_takeover": alone,
        "client_max_window_bits": bits,
        "require_client_max_window_bits": required,
    }
    for alone, bits, required in itertools.product(
        [False, True], [None, 8, *WINDOWS], [False, True]
    )
    if bits or not required
]


def choose(socket, request):
    _, m, n = request.path.split("/")
    factory = ServerPerMessageDeflateFactory(**OUTGOING[int(m)], **INCOMING[int(n)])
    socket.protocol.available_extensions = [factory]


async def echo(socket):
    try:
        async for message in socket:
            await socket.send(message)
    except ConnectionClosed as error:
        print(f"{socket.request.path}: {error}")


async def main():
    async with serve(echo, "127.0.0.1", 0, compression=None, process_request=choose) as server:
        [address] = [listener.getsockname() for listener in server.sockets]
        print(f"serving {address[0]}:{address[1]} {len(OUTGOING)} {len(INCOMING)} 0")
        await server.serve_forever()


asyncio.run(main())
