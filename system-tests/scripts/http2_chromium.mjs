// Checks the server at ADDRESS with a browser over TLS and HTTP/2:
// CHROMIUM=/usr/bin/chromium node http2_chromium.mjs ADDRESS

import assert from "node:assert/strict";
import { launch } from "./launch.mjs";
import { check, soon } from "./expect.mjs";

const address = process.argv[2];

// The certificate is the server's own.
const browser = await launch("--ignore-certificate-errors");
const page = await browser.newPage({ ignoreHTTPSErrors: true });

await check("the page comes over HTTP/2", async () => {
  const response = await soon(page.goto(`https://${address}/`), "the page");
  assert.equal(response.status(), 200);
  const protocol = await page.evaluate(() => performance.getEntriesByType("navigation")[0].nextHopProtocol);
  assert.equal(protocol, "h2");
});

/** Opens a WebSocket, sends each message when the one before has come back, and closes. */
async function converse(url, messages) {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const received = [];
  const closed = new Promise((resolve) => {
    socket.onclose = ({ code, wasClean }) => resolve({ code, wasClean });
  });
  socket.onmessage = ({ data }) => {
    received.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
    const next = messages.shift();
    if (next === undefined) socket.close(1000, "Done");
    else socket.send(typeof next === "string" ? next : new Uint8Array(next));
  };
  const close = await closed;
  return { extensions: socket.extensions, received, ...close };
}

const messages = ["Grüße 👋", [0, 255, 195, 40], "", "so much to say ".repeat(70_000)];
const result = await check("a conversation", () =>
  soon(
    page.evaluate(
      ([converse, url, messages]) => (0, eval)(`(${converse})`)(url, messages),
      [converse.toString(), `wss://${address}/ws`, messages],
    ),
    "the conversation",
  ),
);

await check("the WebSocket came over HTTP/2", () => assert.equal(result.received[0], "HTTP/2.0"));
await check("compression was agreed on", () => assert.match(result.extensions, /^permessage-deflate/));
await check("every message came back", () => assert.deepEqual(result.received.slice(1), messages));
await check("a clean close", () => {
  assert.deepEqual([result.code, result.wasClean], [1000, true]);
});
await browser.close();
