// Checks the server at ADDRESS over HTTP/2 with Node's own client: node http2.mjs ADDRESS

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http2 from "node:http2";
import { constants as zlib, deflateRawSync, inflateRawSync } from "node:zlib";
import { Inbox, check, soon } from "./expect.mjs";

const address = process.argv[2];
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const EXTENSION = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
// What every block flushed ends with, and a message leaves out (RFC 7692 §7.2.1).
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const FLUSH = { finishFlush: zlib.Z_SYNC_FLUSH };

/** A WebSocket in a stream, its frames written and read here. */
class Stream {
  inbox = new Inbox();
  #input = Buffer.alloc(0);

  static ask(session, headers = {}) {
    return session.request({
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":scheme": "http",
      ":authority": address,
      ":path": "/",
      "sec-websocket-version": "13",
      ...headers,
    });
  }

  static async open(session, headers) {
    const stream = new Stream();
    stream.stream = Stream.ask(session, headers);
    stream.stream.on("data", (data) => stream.#receive(data));
    stream.ended = once(stream.stream, "end");
    [stream.headers] = await soon(once(stream.stream, "response"), "the response");
    assert.equal(stream.headers[":status"], 200);
    return stream;
  }

  #receive(data) {
    this.#input = Buffer.concat([this.#input, data]);
    for (;;) {
      const [first, short] = this.#input;
      const header = { 126: 4, 127: 10 }[short] ?? 2;
      if (this.#input.length < header) return;
      const length = header === 2 ? short : header === 4 ? this.#input.readUInt16BE(2) : Number(this.#input.readBigUInt64BE(2));
      if (this.#input.length < header + length) return;
      const payload = this.#input.subarray(header, header + length);
      this.#input = this.#input.subarray(header + length);
      this.inbox.push({ first, payload });
    }
  }

  send(opcode, data, { compressed = false, fin = true } = {}) {
    let payload = Buffer.from(data);
    if (compressed) payload = deflateRawSync(payload, FLUSH).subarray(0, -TAIL.length);
    const mask = randomBytes(4);
    const size = payload.length < 126 ? 0 : payload.length < 65536 ? 2 : 8;
    const header = Buffer.alloc(2 + size);
    header[0] = opcode | (fin ? 0x80 : 0) | (compressed ? 0x40 : 0);
    header[1] = 0x80 | { 0: payload.length, 2: 126, 8: 127 }[size];
    if (size === 2) header.writeUInt16BE(payload.length, 2);
    if (size === 8) header.writeBigUInt64BE(BigInt(payload.length), 2);
    const masked = payload.map((byte, at) => byte ^ mask[at % 4]);
    this.stream.write(Buffer.concat([header, mask, masked]));
  }

  async receives(opcode, data) {
    const { first, payload } = await this.inbox.next();
    assert.equal(first & 0x8f, opcode | 0x80, "a whole frame with the right opcode");
    const compressed = (first & 0x40) !== 0;
    const message = compressed ? inflateRawSync(Buffer.concat([payload, TAIL]), FLUSH) : payload;
    assert.ok(message.equals(Buffer.from(data)), "the payload comes back");
    return { compressed, length: payload.length };
  }
}

async function refused(session, headers) {
  const stream = Stream.ask(session, headers);
  const [answer] = await soon(once(stream, "response"), "the response");
  stream.resume();
  await soon(once(stream, "close"), "the end");
  return answer;
}

const session = http2.connect(`http://${address}`);
await check("the server announces extended CONNECT", async () => {
  const [settings] = await soon(once(session, "remoteSettings"), "SETTINGS");
  assert.equal(settings.enableConnectProtocol, true);
});

const stream = await check("a WebSocket with permessage-deflate", async () => {
  const stream = await Stream.open(session, { "sec-websocket-extensions": EXTENSION });
  assert.match(stream.headers["sec-websocket-extensions"], /^permessage-deflate; server_no_context_takeover/);
  assert.equal(stream.headers["sec-websocket-accept"], undefined);
  return stream;
});

await check("echo of text and of binary data", async () => {
  stream.send(TEXT, "Grüße 👋");
  await stream.receives(TEXT, "Grüße 👋");
  const bytes = randomBytes(100_000);
  stream.send(BINARY, bytes);
  await stream.receives(BINARY, bytes);
});
await check("echo of a compressed message, compressed", async () => {
  const text = "so much to say ".repeat(70_000);
  stream.send(TEXT, text, { compressed: true });
  const { compressed, length } = await stream.receives(TEXT, text);
  assert.ok(compressed && length < text.length / 20, `${length} bytes`);
});
await check("echo of a fragmented message", async () => {
  stream.send(TEXT, "in two ", { fin: false });
  stream.send(0, "fragments");
  await stream.receives(TEXT, "in two fragments");
});
await check("a ping is answered", async () => {
  stream.send(PING, "payload");
  await stream.receives(PONG, "payload");
});

await check("many WebSockets in one connection", async () => {
  const streams = await Promise.all(Array.from({ length: 20 }, () => Stream.open(session)));
  streams.forEach((stream, i) => stream.send(TEXT, `number ${i}`));
  await Promise.all(streams.map((stream, i) => stream.receives(TEXT, `number ${i}`)));
  for (const { stream } of streams) stream.close(http2.constants.NGHTTP2_CANCEL);
});

await check("refusals", async () => {
  assert.equal((await refused(session, { ":protocol": "connect-udp" }))[":status"], 501);
  const old = await refused(session, { "sec-websocket-version": "8" });
  assert.deepEqual([old[":status"], old["sec-websocket-version"]], [426, "13"]);
  const get = await refused(session, { ":method": "GET", ":protocol": undefined });
  assert.deepEqual([get[":status"], get.allow], [405, "CONNECT"]);
});

await check("a clean close ends the stream", async () => {
  stream.send(CLOSE, [0x03, 0xe8]);
  await stream.receives(CLOSE, [0x03, 0xe8]);
  await soon(stream.ended, "the end of the stream");
  stream.stream.end();
});
session.close();
