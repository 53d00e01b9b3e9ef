"""Inflates what PROGRAM sends, with C zlib at exactly the negotiated window:
python deflate_window.py PROGRAM
"""

import json
import re
import subprocess
import sys
import zlib

TRAILER = b"\x00\x00\xff\xff"
FIN, RSV1, MASKED = 0x80, 0x40, 0x80


class Inflater:
    """zlib checks a distance against its window only where it leads out of what the same call has
    put out. So each call gives one byte.
    """

    def __init__(self, bits):
        self.engine = zlib.decompressobj(-bits)

    def inflate(self, data):
        output = bytearray()
        for at in range(0, len(data), 32):
            piece = data[at : at + 32]
            while True:
                byte = self.engine.decompress(piece, 1)
                output += byte
                piece = self.engine.unconsumed_tail
                if not byte and not piece:
                    break
        return bytes(output)


def messages(wire, role):
    """The payloads of whole messages, as they are on the wire."""
    payload = None
    at = 0
    while at < len(wire):
        first, second = wire[at : at + 2]
        at += 2
        length = second & 0x7F
        if length >= 126:
            size = 2 if length == 126 else 8
            length = int.from_bytes(wire[at : at + size], "big")
            at += size
        assert bool(second & MASKED) == (role == "Client"), "masked or not"
        mask = bytes(4)
        if second & MASKED:
            mask = wire[at : at + 4]
            at += 4
        assert bool(first & RSV1) == (payload is None), "RSV1 in the first frame, and there alone"
        masked = wire[at : at + length]
        assert len(masked) == length, "a whole frame"
        at += length
        payload = (payload or b"") + bytes(b ^ mask[i % 4] for i, b in enumerate(masked))
        if first & FIN:
            yield payload
            payload = None
    assert payload is None, "a whole message"


def inflate_all(payloads, bits, takeover):
    inflater = Inflater(bits)
    for payload in payloads:
        if not takeover:
            inflater = Inflater(bits)
        yield inflater.inflate(payload + TRAILER)


def refuses(payloads, bits, takeover):
    try:
        for _ in inflate_all(payloads, bits, takeover):
            pass
    except zlib.error as error:
        assert "too far back" in str(error), error
        return True
    return False


def match(distance):
    """A message that copies three bytes from so far back (RFC 1951 §3.2)."""
    text = bytes(i * i % 251 for i in range(distance))
    stored = b""
    for at in range(0, len(text), 0xFFFF):
        piece = text[at : at + 0xFFFF]
        length = len(piece)
        stored += b"\x00" + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little")
        stored += piece
    # The codes for distances: four without extra bits, then two for each number of these.
    symbol, extra = (distance - 1, 0) if distance <= 4 else (None, (distance - 1).bit_length() - 2)
    if symbol is None:
        symbol = 2 * extra + 2 + ((distance - 1) >> extra & 1)
    bits = "0" + "10"  # not the last block, fixed codes; the least bit comes first
    bits += "0000001" + f"{symbol:05b}"
    bits += "".join(str((distance - 1) >> i & 1) for i in range(extra))
    bits += "0000000"  # the end of the block
    bits += "0" + "00"  # the beginning of an empty stored block
    bits += "0" * (-len(bits) % 8)
    block = bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))
    return stored + block, text + text[:3]


def check_the_check():
    """One byte beyond the window is refused, and none less."""
    for bits in range(9, 16):
        window = 1 << bits
        payload, text = match(window)
        assert list(inflate_all([payload], bits, True)) == [text], bits
        if bits < 15:
            payload, _ = match(window + 1)
            assert refuses([payload], bits, True), bits


def negotiated(extensions, role):
    name, *parameters = extensions.split("; ")
    assert name == "permessage-deflate", extensions
    side = role.lower()
    found = re.search(rf"{side}_max_window_bits=(\d+)", extensions)
    return int(found[1]) if found else 15, f"{side}_no_context_takeover" not in parameters


def main(program):
    check_the_check()
    print(f"ok: zlib {zlib.ZLIB_RUNTIME_VERSION} refuses the first byte beyond each window")
    seen = set()
    size = streams = 0
    with subprocess.Popen([program], stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            stream = json.loads(line)
            role = stream["role"]
            bits, takeover = negotiated(stream["extensions"], role)
            payloads = list(messages(bytes.fromhex(stream["wire"]), role))
            expected = [bytes.fromhex(message) for message in stream["messages"]]
            try:
                assert list(inflate_all(payloads, bits, takeover)) == expected
                # A window of 9 bits is used up to 250 bytes: the engine looks 262 bytes ahead.
                assert bits == 9 or refuses(payloads, bits - 1, takeover), "nothing leads far back"
            except BaseException:
                print(f"FAILED: {stream['name']}")
                raise
            seen.add((role, bits, takeover))
            size += sum(map(len, expected))
            streams += 1
    assert process.returncode == 0, process.returncode
    assert len(seen) == 2 * 7 * 2, f"of every role, window and takeover, only {seen}"
    print(f"ok: {streams} streams, {size} bytes, each within its window")


main(sys.argv[1])
