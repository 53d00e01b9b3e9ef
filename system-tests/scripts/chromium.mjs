// Checks the server at ADDRESS with the sockets of a browser, inside the server's own page:
// CHROMIUM=/usr/bin/chromium node chromium.mjs ADDRESS

import assert from "node:assert/strict";
import { check, soon } from "./expect.mjs";
import { launch } from "./launch.mjs";

const address = process.argv[2];
const browser = await launch();

/** Talks to the server from inside the page; one socket stays open. */
async function converse(page) {
  return page.evaluate(async (url) => {
    const opened = async () => {
      const socket = new WebSocket(url);
      socket.binaryType = "arraybuffer";
      const messages = [];
      const waiting = [];
      socket.onmessage = ({ data }) => (waiting.length > 0 ? waiting.shift()(data) : messages.push(data));
      const closed = new Promise((resolve) => {
        socket.onclose = ({ code, reason, wasClean }) => resolve({ code, reason, wasClean });
      });
      const next = () => (messages.length > 0 ? messages.shift() : new Promise((resolve) => waiting.push(resolve)));
      const welcome = JSON.parse(await next());
      return { socket, closed, next, welcome };
    };
    const bytes = new Uint8Array([0x00, 0xff, 0xc3, 0x28, 0x80]);

    const [alice, bob] = [await opened(), await opened()];
    const results = { welcomes: [alice.welcome, bob.welcome] };
    const exchange = async (sent) => {
      alice.socket.send(sent);
      return alice.next();
    };
    results.json = JSON.parse(await exchange('{"type":"greeting","text":"Grüße"}'));
    results.text = JSON.parse(await exchange("no {JSON}"));
    results.binaryText = JSON.parse(await exchange(new TextEncoder().encode("Grüße")));
    results.binary = [...new Uint8Array(await exchange(bytes))];
    alice.socket.send('{"type":"broadcast","message":"Hi everyone!"}');
    results.broadcast = JSON.parse(await bob.next());
    results.afterBroadcast = JSON.parse(await exchange("after the broadcast"));
    bob.socket.close(1000, "Done");
    results.close = await bob.closed;
    window.bareSocketClosed = alice.closed;
    return results;
  }, `ws://${address}/ws`);
}

const page = await check("the page opens", async () => {
  const page = await browser.newPage();
  assert.equal((await page.goto(`http://${address}/`)).status(), 200);
  // The page is a client itself, and counted before the others come.
  await page.waitForFunction(() => /^[0-9a-f]{8}$/.test(document.querySelector("#identity").textContent));
  return page;
});

await check("welcome, echoes, broadcast, clean close", async () => {
  const results = await soon(converse(page), "the checks in the page");
  const [first, second] = results.welcomes;
  assert.match(first.id, /^[0-9a-f]{8}$/);
  assert.equal(second.clients, first.clients + 1);
  assert.deepEqual(results.json, { type: "echo", original: { type: "greeting", text: "Grüße" } });
  assert.deepEqual(results.text, { type: "echo", original: "no {JSON}" });
  assert.deepEqual(results.binaryText, { type: "echo", original: "Grüße" });
  assert.deepEqual(results.binary, [0x00, 0xff, 0xc3, 0x28, 0x80]);
  assert.deepEqual(results.broadcast, { type: "broadcast", from: first.id, message: "Hi everyone!" });
  assert.deepEqual(results.afterBroadcast, { type: "echo", original: "after the broadcast" });
  assert.equal(results.close.code, 1000);
  assert.equal(results.close.wasClean, true);
});

await check("1001 when the server stops", async () => {
  console.log("ready");
  const closed = await soon(page.evaluate(() => window.bareSocketClosed), "the close");
  assert.equal(closed.code, 1001);
  assert.equal(closed.wasClean, true);
});
await browser.close();
