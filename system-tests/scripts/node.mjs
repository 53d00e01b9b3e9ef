// Checks the server at ADDRESS with the package `ws`: node node.mjs ADDRESS

import assert from "node:assert/strict";
import WebSocket from "ws";
import { Inbox, check, soon } from "./expect.mjs";

const address = process.argv[2];

class Client {
  inbox = new Inbox();

  constructor(path) {
    this.socket = new WebSocket(`ws://${address}${path}`);
    this.opened = new Promise((resolve, reject) => {
      this.socket.on("open", resolve);
      this.socket.on("error", reject);
    });
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.socket.on("message", (data, isBinary) => this.inbox.push({ data, isBinary }));
  }

  /** The next message, which must be a text of JSON. */
  async json() {
    const { data, isBinary } = await this.inbox.next();
    assert.equal(isBinary, false, "a text was expected");
    return JSON.parse(data.toString());
  }

  async echoes(sent, original) {
    this.socket.send(sent);
    assert.deepEqual(await this.json(), { type: "echo", original });
  }

  async ponged(payload) {
    const pong = new Promise((resolve) => this.socket.once("pong", resolve));
    this.socket.ping(payload);
    assert.deepEqual(await soon(pong, "a pong"), Buffer.from(payload));
  }
}

async function welcomed(path, clients) {
  const client = new Client(path);
  await soon(client.opened, "the handshake");
  const welcome = await client.json();
  assert.equal(welcome.type, "welcome");
  assert.match(welcome.id, /^[0-9a-f]{8}$/);
  assert.equal(welcome.clients, clients);
  client.id = welcome.id;
  return client;
}

await check("the page is served", async () => {
  const response = await soon(fetch(`http://${address}/`), "the page");
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type"), /^text\/html/);
});

const alice = await check("welcome", () => welcomed("/ws", 1));
const bob = await check("welcome of a second client, on /", async () => {
  const client = await welcomed("/", 2);
  assert.notEqual(client.id, alice.id);
  return client;
});

await check("echo of JSON", async () => {
  const sent = { type: "greeting", text: "Grüße 👋", list: [1, -2.5, null, { deep: true }] };
  await alice.echoes(JSON.stringify(sent), sent);
});
await check("echo of text that is no JSON", () => alice.echoes("no {JSON}", "no {JSON}"));
await check("echo of binary UTF-8 as text", () => alice.echoes(Buffer.from("Grüße"), "Grüße"));
await check("echo of binary that is no UTF-8", async () => {
  const bytes = Buffer.from([0x00, 0xff, 0xc3, 0x28, 0x80]);
  alice.socket.send(bytes);
  assert.deepEqual(await alice.inbox.next(), { data: bytes, isBinary: true });
});
await check("echo of a fragmented text", async () => {
  alice.socket.send("in three ", { fin: false });
  alice.socket.send("frag", { fin: false });
  await alice.echoes("ments", "in three fragments");
});

await check("a broadcast reaches the other and not the sender", async () => {
  const message = { text: "Hi everyone!", emoji: "🎉" };
  alice.socket.send(JSON.stringify({ type: "broadcast", message }));
  assert.deepEqual(await bob.json(), { type: "broadcast", from: alice.id, message });
  // Replies keep their order: had the broadcast come back, it would be in front of this echo.
  await alice.echoes("after the broadcast", "after the broadcast");
});

await check("pings are answered with their payload", async () => {
  await alice.ponged("payload");
  await alice.ponged("");
  await alice.ponged("x".repeat(125));
});

await check("a clean close with code and reason", async () => {
  bob.socket.close(1000, "Done");
  assert.equal((await soon(bob.closed, "the close")).code, 1000);
});

await check("1001 when the server stops", async () => {
  console.log("ready");
  assert.equal((await soon(alice.closed, "the close")).code, 1001);
});
