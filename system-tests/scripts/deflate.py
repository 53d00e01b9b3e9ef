"""Talks to the echo server at ADDRESS over every choice of parameters: python deflate.py ADDRESS"""

import asyncio
import itertools
import json
import sys

from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

PATIENCE = 10
MESSAGES = 200
WINDOWS = range(9, 16)


def message(i):
    """Alike, and none like the other."""
    items = [
        {
            "id": (i * 7919 + k * 104729) % 100_003,
            "name": f"item {i} €",
            "tags": ["alpha", "beta", "😀"][k % 3 :],
            "value": (i * 31 + k) ** 0.5,
        }
        for k in range(1 + i % 12)
    ]
    return json.dumps({"type": "update", "sequence": i, "items": items}, ensure_ascii=False)


async def converse(address, server_bits, client_bits, server_alone, client_alone):
    # It refuses a response that does not fit the offer.
    offer = ClientPerMessageDeflateFactory(
        server_no_context_takeover=server_alone,
        client_no_context_takeover=client_alone,
        server_max_window_bits=server_bits,
        client_max_window_bits=client_bits,
    )
    uri = f"ws://{address}"
    async with connect(uri, compression=None, extensions=[offer]) as socket:
        [agreed] = socket.protocol.extensions
        assert agreed.remote_max_window_bits <= (server_bits or 15), agreed
        assert agreed.remote_no_context_takeover or not server_alone, agreed
        assert agreed.local_no_context_takeover or not client_alone, agreed

        async def send():
            for i in range(MESSAGES):
                await socket.send(message(i))

        async def receive():
            for i in range(MESSAGES):
                assert await socket.recv() == message(i), i

        await asyncio.gather(send(), receive())
    assert socket.close_code == 1000, socket.close_code


async def main(address):
    count = 0
    for server_bits in [None, *WINDOWS]:
        choices = itertools.product([None, True, *WINDOWS], [False, True], [False, True])
        for choice in choices:
            try:
                await asyncio.wait_for(converse(address, server_bits, *choice), PATIENCE)
            except BaseException:
                print(f"FAILED: with {server_bits}, {choice}")
                raise
            count += 1
        print(f"ok: server_max_window_bits {server_bits or 'not offered'}")
    print(f"{count} connections, {MESSAGES} messages each")


asyncio.run(main(sys.argv[1]))
