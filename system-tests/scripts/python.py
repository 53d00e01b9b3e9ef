"""Checks the server at ADDRESS with the package `websockets`: python python.py ADDRESS"""

import asyncio
import json
import re
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 10


def soon(awaitable):
    return asyncio.wait_for(awaitable, PATIENCE)


async def check(name, awaitable):
    try:
        result = await awaitable
    except BaseException:
        print(f"FAILED: {name}")
        raise
    print(f"ok: {name}")
    return result


class Client:
    def __init__(self, socket, welcome):
        self.socket = socket
        self.id = welcome["id"]

    async def json(self):
        message = await soon(self.socket.recv())
        assert isinstance(message, str), message
        return json.loads(message)

    async def echoes(self, sent, original):
        await self.socket.send(sent)
        reply = await self.json()
        assert reply == {"type": "echo", "original": original}, reply

    async def ponged(self, payload):
        # The library matches pongs by their payload.
        await soon(await self.socket.ping(payload))


async def welcomed(address, path, clients):
    socket = await soon(connect(f"ws://{address}{path}"))
    welcome = json.loads(await soon(socket.recv()))
    assert welcome["type"] == "welcome", welcome
    assert re.fullmatch("[0-9a-f]{8}", welcome["id"]), welcome
    assert welcome["clients"] == clients, welcome
    return Client(socket, welcome)


async def binary_comes_back(client):
    sent = bytes([0x00, 0xFF, 0xC3, 0x28, 0x80])
    await client.socket.send(sent)
    assert await soon(client.socket.recv()) == sent


async def broadcast(sender, other):
    message = {"text": "Hi everyone!", "emoji": "🎉"}
    await sender.socket.send(json.dumps({"type": "broadcast", "message": message}))
    received = await other.json()
    assert received == {"type": "broadcast", "from": sender.id, "message": message}, received
    # Replies keep their order: had the broadcast come back, it would be in front of this echo.
    await sender.echoes("after the broadcast", "after the broadcast")


async def pings(client):
    for payload in [b"payload", b"\x00\xff" * 62]:
        await client.ponged(payload)


async def close(client):
    await soon(client.socket.close(1000, "Done"))
    assert client.socket.close_code == 1000, client.socket.close_code


async def stopped(client):
    print("ready")
    try:
        message = await soon(client.socket.recv())
        raise AssertionError(f"a message instead of the close: {message}")
    except ConnectionClosed as closed:
        assert closed.rcvd is not None and closed.rcvd.code == 1001, closed
        assert closed.rcvd_then_sent, closed


async def main(address):
    alice = await check("welcome", welcomed(address, "/ws", 1))
    bob = await check("welcome of a second client, on /", welcomed(address, "/", 2))
    assert alice.id != bob.id

    sent = {"type": "greeting", "text": "Grüße 👋", "list": [1, -2.5, None, {"deep": True}]}
    await check("echo of JSON", alice.echoes(json.dumps(sent), sent))
    await check("echo of text that is no JSON", alice.echoes("no {JSON}", "no {JSON}"))
    await check("echo of binary UTF-8 as text", alice.echoes("Grüße".encode(), "Grüße"))
    await check("echo of binary that is no UTF-8", binary_comes_back(alice))
    fragments = ["in three ", "frag", "ments"]
    await check("echo of a fragmented text", alice.echoes(fragments, "".join(fragments)))
    await check("a broadcast reaches the other and not the sender", broadcast(alice, bob))
    await check("pings are answered with their payload", pings(alice))
    await check("a clean close with code and reason", close(bob))
    await check("1001 when the server stops", stopped(alice))


asyncio.run(main(sys.argv[1]))
