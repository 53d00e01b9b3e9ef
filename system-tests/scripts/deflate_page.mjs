// A page in a browser has compressed messages echoed by the server at ADDRESS:
// CHROMIUM=/usr/bin/chromium node deflate_page.mjs ADDRESS

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { deflateRawSync } from "node:zlib";
import { launch } from "./launch.mjs";
import { check, soon } from "./expect.mjs";
import { message } from "./messages.mjs";

const [host, port] = process.argv[2].split(":");
const MESSAGES = 1000;

/** Listens on a port of its own. */
async function listening(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

/** Between the browser and the server, to count what passes. */
const wire = { up: 0, down: 0 };
const relay = createServer((browser) => {
  const server = connect({ host, port });
  browser.on("data", (data) => (wire.up += data.length)).pipe(server);
  server.on("data", (data) => (wire.down += data.length)).pipe(browser);
  browser.on("error", () => server.destroy());
  server.on("error", () => browser.destroy());
});

/** Content that no compressor makes smaller, unless it has seen it before. */
const noise = Array.from({ length: 4 }, (_, k) =>
  createHash("shake256", { outputLength: 700 }).update(String(k)).digest(),
);

/** Every kind: empty, below the threshold, larger than a window; text and binary. */
function nth(i) {
  switch (i % 10) {
    case 0:
      return i % 20 === 0 ? "" : new Uint8Array();
    case 1:
      return `short ${i}`;
    case 2:
    case 3:
      return new Uint8Array(Buffer.concat([Buffer.of(i & 0xff, i >> 8), noise[(i >> 3) % 4]]));
    case 4:
      return i % 100 === 4 ? Array.from({ length: 40 }, (_, k) => message(i + k)).join("\n") : message(i);
    case 5:
      return new Uint8Array(Buffer.from(message(i)));
    default:
      return message(i);
  }
}

const messages = Array.from({ length: MESSAGES }, (_, i) => nth(i));
const plain = messages.reduce((sum, data) => sum + Buffer.byteLength(data), 0);
/** The least that the messages take where each is compressed on its own. */
const alone = messages
  .map((data) => Math.min(deflateRawSync(data, { level: 9, memLevel: 9 }).length, Buffer.byteLength(data)))
  .reduce((sum, length) => sum + length, 0);

/** In the page: sends all, a few at a time, and compares what comes back. */
async function converse([url, encoded]) {
  const decode = ({ text, base64 }) => text ?? Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const messages = encoded.map(decode);
  const equal = (sent, data) => {
    if (typeof sent === "string") return data === sent;
    if (!(data instanceof ArrayBuffer) || data.byteLength !== sent.length) return false;
    return new Uint8Array(data).every((byte, at) => byte === sent[at]);
  };

  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onclose = ({ code }) => reject(new Error(`not connected: ${code}`));
  });
  const closed = new Promise((resolve) => {
    socket.onclose = ({ code, wasClean }) => resolve({ code, wasClean });
  });
  let [sent, received] = [0, 0];
  const wrong = [];
  const done = new Promise((resolve) => {
    const send = () => {
      while (sent < messages.length && sent - received < 16) socket.send(messages[sent++]);
    };
    socket.onmessage = ({ data }) => {
      if (!equal(messages[received], data)) wrong.push(received);
      received++;
      if (received === messages.length) resolve();
      send();
    };
    send();
  });
  await Promise.race([done, closed]);
  const { extensions } = socket;
  socket.close(1000);
  return { extensions, received, wrong, close: await closed };
}

const pages = createHttpServer((_, response) => response.setHeader("content-type", "text/html").end("<title>page</title>"));
const address = `ws://127.0.0.1:${await listening(relay)}`;
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${await listening(pages)}/`);
  const encoded = messages.map((data) =>
    typeof data === "string" ? { text: data } : { base64: Buffer.from(data).toString("base64") },
  );
  const result = await soon(page.evaluate(converse, [address, encoded]), "the conversation");

  await check("the browser has negotiated takeover both ways", () => {
    assert.match(result.extensions, /^permessage-deflate\b/);
    assert.doesNotMatch(result.extensions, /no_context_takeover/);
  });
  await check(`${MESSAGES} messages come back, equal and in order`, () => {
    assert.deepEqual(result.wrong, []);
    assert.equal(result.received, MESSAGES);
    assert.deepEqual(result.close, { code: 1000, wasClean: true });
  });
  await check("both ways took less than messages compressed one by one", () => {
    assert.ok(wire.up < alone && wire.down < alone, JSON.stringify({ wire, alone }));
  });
  console.log(`${result.extensions}: ${plain} bytes; ${alone} one by one, ${wire.up} sent, ${wire.down} received`);
} finally {
  await browser.close();
  relay.close();
  pages.close();
}
