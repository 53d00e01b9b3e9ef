// Checks the server's page in a browser, against servers that this script starts and stops:
// CHROMIUM=/usr/bin/chromium WS_DEMO=target/release/ws-demo node browser.mjs [FOLDER]
// With a folder, pictures of the page go there.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Demo } from "./demo.mjs";
import { check } from "./expect.mjs";
import { launch } from "./launch.mjs";
import { Page } from "./page.mjs";
import { checkRecovery } from "./recovery.mjs";
import { checkStates } from "./states.mjs";

const LIMIT = 1024 * 1024;
const TOKEN = "correct horse";

const browser = await launch();

/** Runs a check with a server of its own. */
function checkWith(args, name, body) {
  return check(name, async () => {
    const demo = await Demo.start(args);
    await body(demo);
    await demo.stopped();
  });
}

/** Pages that the server has welcomed, one after the other. */
async function welcomed(demo, count, options) {
  const pages = [];
  while (pages.length < count) pages.push(await Page.welcomed(browser, demo.address, options));
  return pages;
}

function closeAll(pages) {
  return Promise.all(pages.map((page) => page.close()));
}

await checkWith([], "two pages are welcomed and counted", async (demo) => {
  const [alice] = await welcomed(demo, 1);
  assert.match(alice.id, /^[0-9a-f]{8}$/);
  assert.equal(await alice.text("#clients"), "1");
  const [bob] = await welcomed(demo, 1);
  assert.notEqual(bob.id, alice.id);
  assert.equal(await bob.text("#clients"), "2");
  await alice.shows("#clients", /^2$/);
  await bob.close();
  await alice.shows("#clients", /^1$/);
  await alice.close();
});

await checkWith([], "a broadcast reaches the other page and not the sender's", async (demo) => {
  const [alice, bob] = await welcomed(demo, 2);
  await alice.say("Hi everyone!", "Everyone else");
  await bob.logged(alice.id, "Hi everyone!");
  await alice.settled();
  assert.deepEqual((await alice.log()).filter((entry) => entry.includes("Received") && entry.includes("Hi")), []);
  await closeAll([alice, bob]);
});

await checkWith([], "an echo reaches the sender's page and not the other", async (demo) => {
  const [alice, bob] = await welcomed(demo, 2);
  await alice.say("no {JSON}");
  await alice.logged("Received", "echo", "no {JSON}");
  await alice.say('{"type":"greeting","text":"Grüße"}');
  await alice.logged("Received", "echo", '{"type":"greeting","text":"Grüße"}');
  await bob.settled();
  assert.deepEqual((await bob.log()).filter((entry) => entry.includes("JSON") || entry.includes("Grüße")), []);
  await closeAll([alice, bob]);
});

await checkWith([], "a room's message reaches its members, of three pages", async (demo) => {
  const pages = await welcomed(demo, 3);
  const [alice, bob, carol] = pages;
  await alice.join("kitchen");
  await bob.join("kitchen");
  for (const page of pages) await page.chip("kitchen").filter({ hasText: "2" }).waitFor();
  assert.equal(await carol.chip("kitchen").getAttribute("aria-pressed"), "false");

  await alice.say("Tea is ready.", "Room kitchen");
  await bob.logged("Received", `${alice.id} in kitchen`, "Tea is ready.");
  for (const page of [alice, carol]) {
    await page.settled();
    assert.deepEqual((await page.log()).filter((entry) => entry.includes("Received") && entry.includes("Tea")), []);
  }

  // A room joined by its chip, and left by it.
  await carol.chip("kitchen").click();
  await carol.logged("joined", "kitchen, 3 in it");
  await carol.choose("Room kitchen");
  await carol.chip("kitchen").click();
  await carol.logged("left", "kitchen");
  assert.equal(await carol.page.inputValue("#target"), "echo", "who left a room does not write to everyone");
  await carol.say('{"type":"broadcast","room":"kitchen","message":"Is there tea?"}');
  await carol.logged("Problem", "not_in_room");

  // A room is gone with its last member.
  for (const page of [alice, bob]) await page.chip("kitchen").click();
  await carol.chip("kitchen").waitFor({ state: "detached" });
  await closeAll(pages);
});

await checkWith([], "a room's name that is none is explained beside the field", async (demo) => {
  const [page] = await welcomed(demo, 1);
  await page.page.fill("#room", "ü".repeat(100));
  await page.page.press("#room", "Enter");
  await page.shows("#room-error", /128 bytes/);
  assert.equal(await page.page.locator("#rooms li").count(), 0);
  await page.close();
});

await checkWith([], "markup in messages and in names stays text", async (demo) => {
  const [alice, bob] = await welcomed(demo, 2);
  const script = "<script>window.pwned = 1</script>";
  const image = "<img src=x onerror='window.pwned = 2'>";
  await alice.join(image);
  await alice.say(script, "Everyone else");
  await bob.logged(alice.id, script);
  await bob.chip(image).click();
  await bob.logged("joined", image);
  await bob.say(script, `Room ${image}`);
  await alice.logged(`in ${image}`, script);
  for (const page of [alice, bob]) {
    assert.equal(await page.page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.page.locator("script").count(), 1);
    assert.equal(await page.page.locator("img").count(), 0);
  }
  await closeAll([alice, bob]);
});

await checkWith([], "a message of 1 MiB passes; one byte more cannot be sent", async (demo) => {
  const [page] = await welcomed(demo, 1);
  await page.page.fill("#message", "x".repeat(LIMIT));
  assert.equal(await page.text("#size"), "1,048,576 of 1,048,576 bytes");
  await page.page.press("#message", "Enter");
  await page.logged("Received", "echo", "(1,048,576 characters)");
  await page.page.fill("#message", "x".repeat(LIMIT + 1));
  assert.equal(await page.text("#size"), "1,048,577 of 1,048,576 bytes: too big to send");
  assert.ok(await page.page.locator("#send").isDisabled());
  await page.page.press("#message", "Enter");
  assert.equal(await page.page.inputValue("#message"), "x".repeat(LIMIT + 1));
  await page.settled();
  await page.close();
});

await checkWith([], "a server with a smaller limit closes with 1009, for good", async (demo) => {
  const other = await Demo.start(["--max-message", "100", "--origin", "*"]);
  const [page] = await welcomed(demo, 1);
  await page.visit(`ws://${other.address}/ws`);
  await page.logged("welcome");
  await page.say("x".repeat(101));
  await page.state("disconnected");
  await page.shows("#because", /^1009/);
  await page.logged("disconnected", "Message too big (1009");
  assert.equal(await page.page.locator("#countdown").isVisible(), false);
  await page.page.click("#retry");
  await page.state("connected");
  await page.close();
  await other.stopped();
});

await checkWith(["--max-message", "100"], "the page knows another limit of the server, in bytes", async (demo) => {
  const [page] = await welcomed(demo, 1);
  assert.equal(await page.text("#size"), "up to 100 bytes");
  await page.page.fill("#message", "ü".repeat(40));
  assert.equal(await page.text("#size"), "80 bytes of 100 bytes");
  await page.page.fill("#message", "ü".repeat(51));
  assert.equal(await page.text("#size"), "102 of 100 bytes: too big to send");
  await page.close();
});

await checkWith([], "1001 is shown when the server stops; the page comes back with its rooms", async (demo) => {
  const [page] = await welcomed(demo, 1);
  await page.join("kitchen");
  await page.forget();
  // The longest of the first waits, so that it can be seen.
  await page.page.evaluate(() => (Math.random = () => 0.999));
  await demo.stopped();
  await page.logged("disconnected", "The server went away (1001");
  await page.state("waiting");
  await page.shows("#countdown", /^In \d+ s$/);
  const again = await Demo.start([], demo.port);
  await page.state("connected");
  await page.logged("welcome", "the only client");
  await page.chip("kitchen").filter({ hasText: "1" }).waitFor();
  assert.equal(await page.page.inputValue("#target"), "room:kitchen");
  await page.settled();
  await page.close();
  await again.stopped();
});

await checkWith([], "who disconnects stays so, and so does who stops trying", async (demo) => {
  const [page] = await welcomed(demo, 1);
  await page.page.click("#disconnect");
  await page.state("disconnected");
  await page.shows("#because", /^1000/);
  assert.equal(await page.page.locator("#countdown").isVisible(), false);
  await page.page.click("#retry");
  await page.state("connected");

  await page.page.evaluate(() => (Math.random = () => 0.999));
  await demo.stopped();
  await page.state("waiting");
  await page.page.click("#stay");
  await page.state("disconnected");
  assert.equal(await page.page.locator("#countdown").isVisible(), false);
  await page.close();
});

/** A page of the server in which scripts may import `/client.js`, as those of other sites may. */
async function scriptable(demo) {
  return Page.welcomed(browser, demo.address, { bypassCSP: true });
}

await checkWith([], "waits double up to 30 s, and some codes are final", async (demo) => {
  const page = await scriptable(demo);
  const opened = page.page.evaluate(async (url) => {
    const { Client, isFinal } = await import("/client.js");
    window.waits = [];
    const client = new Client();
    client.addEventListener("close", ({ detail: { delay } }) => {
      window.waits.push(delay);
      if (window.waits.length === 8) client.close();
      else setTimeout(() => client.hurry());
    });
    const opened = new Promise((resolve) => client.addEventListener("open", resolve, { once: true }));
    client.open(url);
    await opened;
    Math.random = () => 1;
    const codes = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 3000];
    return [...codes, 4000, 4499, 4500, 4501, 4503, 4999].filter(isFinal);
  }, `ws://${demo.address}/ws`);
  assert.deepEqual(await opened, [1000, 1002, 1003, 1007, 1008, 1009, 4500, 4501, 4999]);
  await demo.stopped();
  await page.page.waitForFunction(() => window.waits.length === 8);
  assert.deepEqual(await page.page.evaluate(() => window.waits), [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  await page.close();
});

await checkWith([], "/client.js joins its rooms again, and dispatches each message once", async (demo) => {
  const page = await scriptable(demo);
  const url = `ws://${demo.address}/ws`;
  const events = await page.page.evaluate(async (url) => {
    const { Client } = await import("/client.js");
    const clients = [new Client(), new Client()];
    const [alice, bob] = clients;
    const next = (client, type) => new Promise((resolve) => {
      client.addEventListener(type, ({ detail }) => resolve(detail), { once: true });
    });
    const events = [];
    for (const type of ["joined", "broadcast", "left", "refused", "close"]) {
      bob.addEventListener(type, ({ detail: { raw, delay, ...detail } }) => events.push([type, detail]));
    }
    for (const client of clients) {
      client.join("kitchen");
      const joined = next(client, "joined");
      client.open(url);
      await joined;
    }
    const { id } = await (async () => {
      const welcome = next(alice, "welcome");
      const joined = next(alice, "joined");
      alice.lose();
      alice.hurry();
      await joined;
      return welcome;
    })();
    let received = next(bob, "broadcast");
    alice.broadcast({ tea: true }, "kitchen");
    await received;
    received = next(bob, "broadcast");
    alice.broadcast("to all");
    await received;
    const left = next(bob, "left");
    bob.leave("kitchen");
    await left;
    const refused = next(bob, "refused");
    bob.broadcast("from outside", "kitchen");
    await refused;
    const closed = next(bob, "close");
    bob.close();
    await closed;
    alice.close();
    return JSON.parse(JSON.stringify(events).replaceAll(id, "alice"));
  }, url);
  assert.deepEqual(events, [
    ["joined", { room: "kitchen", clients: 2, again: false }],
    ["broadcast", { from: "alice", room: "kitchen", message: { tea: true } }],
    ["broadcast", { from: "alice", message: "to all" }],
    ["left", { room: "kitchen" }],
    ["refused", { code: "not_in_room", message: events[4]?.[1].message }],
    ["close", { code: 1000, reason: "", reached: true }],
  ]);
  await page.close();
});

await checkWith([], "/client.js loses nothing if a room is joined twice", async (demo) => {
  const page = await scriptable(demo);
  const messages = await page.page.evaluate(async () => {
    const { Client } = await import("/client.js");
    let socket = null;
    window.WebSocket = class {
      static OPEN = 1;
      readyState = 1;
      joins = [];

      constructor() {
        socket = this;
      }

      send(text) {
        this.joins.push(JSON.parse(text).since?.offset);
      }

      close() {}

      says(...messages) {
        for (const message of messages) this.onmessage({ data: JSON.stringify(message) });
      }
    };
    const at = (offset) => ({ room: "kitchen", epoch: "e", offset });
    const joined = (offset) => ({ type: "joined", clients: 2, ...at(offset) });
    const broadcast = (offset) => ({ type: "broadcast", from: "bob", message: offset, ...at(offset) });
    const messages = [];
    const client = new Client();
    client.addEventListener("broadcast", ({ detail: { message } }) => messages.push(message));
    client.addEventListener("welcome", () => client.join("kitchen"));
    client.join("kitchen");
    client.open("ws://demo.example/ws");
    socket.says({ type: "welcome", id: "alice", clients: 2 }, joined(4), joined(5), broadcast(5), broadcast(6));
    client.lose();
    client.hurry();
    socket.says({ type: "welcome", id: "alice2", clients: 2 }, { ...joined(8), recovered: true }, joined(9));
    socket.says(broadcast(7), broadcast(8), broadcast(9));
    client.close();
    return { joins: socket.joins, messages };
  });
  assert.deepEqual(messages, { joins: [6, 6], messages: [5, 6, 7, 8, 9] });
  await page.close();
});

await checkWith(["--msg-rate", "2", "--msg-burst", "2"], "/client.js joins all its rooms where requests are limited", async (demo) => {
  const page = await scriptable(demo);
  const joined = await page.page.evaluate(async (url) => {
    const { Client } = await import("/client.js");
    const client = new Client();
    const rooms = ["a", "b", "c", "d", "e"];
    for (const room of rooms) client.join(room);
    const all = new Promise((resolve) => {
      client.addEventListener("joined", () => client.rooms.length === rooms.length && resolve(client.rooms));
    });
    client.open(url);
    return all;
  }, `ws://${demo.address}/ws`);
  assert.deepEqual(joined, ["a", "b", "c", "d", "e"]);
  await page.close();
});

await checkWith([], "an address that was never reached is told apart, and not retried for ever", async (demo) => {
  const [page] = await welcomed(demo, 1);
  const closed = await Demo.start();
  await closed.stopped();
  await page.page.evaluate(() => (Math.random = () => 0));
  await page.visit(`ws://${closed.address}/ws`);
  await page.state("disconnected");
  await page.shows("#ending", /^Cannot connect$/);
  const log = await page.log();
  assert.equal(log.filter((entry) => entry.includes("connecting to") && entry.includes(closed.address)).length, 6);
  await page.page.fill("#url", "ws://[");
  await page.page.click("#connect");
  await page.shows("#ending", /^Not an address$/);
  await page.close();
});

await checkWith([], "the log can be filtered, paused, shown raw and cleared", async (demo) => {
  const [alice, bob] = await welcomed(demo, 2);
  await alice.say("an apple");
  await alice.logged("echo", "an apple");
  await alice.say("a pear");
  await alice.logged("echo", "a pear");

  const shown = () => alice.page.locator("#entries .text").allTextContents();
  await alice.page.fill("#filter", "APPLE");
  assert.deepEqual(await shown(), ["an apple", "an apple"]);
  await alice.page.selectOption("#kind", "received");
  assert.deepEqual(await shown(), ["an apple"]);
  await alice.page.click("#raw");
  assert.deepEqual(await shown(), ['{"type":"echo","original":"an apple"}']);
  await alice.page.click("#raw");
  await alice.page.selectOption("#kind", "usual");
  await alice.page.fill("#filter", "");

  await alice.page.click("#pause");
  const before = await alice.log();
  await bob.say("a plum", "Everyone else");
  await bob.say("a quince", "Everyone else");
  await alice.shows("#pause", /^Resume \(2 new\)$/);
  assert.deepEqual(await alice.log(), before);
  await alice.page.click("#pause");
  await alice.logged(bob.id, "a quince");
  assert.deepEqual((await shown()).slice(-2), ["a plum", "a quince"]);

  await alice.page.click("#clear");
  assert.deepEqual(await alice.log(), []);
  await alice.shows("#nothing", /./);
  await closeAll([alice, bob]);
});

await checkWith(["--msg-rate", "0"], "of very many entries the newest are kept, and the others are counted", async (demo) => {
  const [page] = await welcomed(demo, 1);
  await page.page.evaluate((url) => {
    const socket = new WebSocket(url);
    socket.onopen = () => {
      for (let message = 0; message < 2000; message += 1) socket.send(JSON.stringify({ type: "broadcast", message }));
    };
  }, `ws://${demo.address}/ws`);
  await page.logged("1999");
  const entries = await page.log();
  assert.equal(entries.length, 501);
  assert.match(entries[0], /^1,50\d earlier entries are not kept$/);
  await page.close();
});

await checkWith([], "latency is measured and drawn", async (demo) => {
  const [page] = await welcomed(demo, 1);
  await page.shows("#latency", /^\d+(\.\d)? ms$/);
  await page.page.waitForFunction(() => /L/.test(document.querySelector("#curve .line").getAttribute("d")));
  await page.shows("#latency-range", /^median .* ms · most .* ms$/);
  assert.match(await page.page.locator("#curve").getAttribute("aria-label"), /^The last \d+ answers: median/);
  assert.deepEqual((await page.log()).filter((entry) => /ping|pong/.test(entry)), []);
  await page.page.selectOption("#kind", "all");
  await page.logged("pong", '"t":');
  await page.close();
});

await checkWith([], "the keyboard is enough", async (demo) => {
  const [page] = await welcomed(demo, 1);
  const { keyboard } = page.page;
  assert.equal(await page.page.evaluate(() => document.activeElement.id), "message");
  await keyboard.type("two");
  await keyboard.press("Shift+Enter");
  await keyboard.type("lines");
  await keyboard.press("Enter");
  await page.logged("Received", "echo", "two\nlines");
  await keyboard.type("three");
  await keyboard.press("Enter");
  await keyboard.type("a draft");
  const shown = [];
  for (const key of ["ArrowUp", "ArrowUp", "ArrowDown", "ArrowDown"]) {
    await keyboard.press(key);
    shown.push(await page.page.inputValue("#message"));
  }
  assert.deepEqual(shown, ["three", "two\nlines", "three", "a draft"]);

  // Every control can be reached, and says what it is for.
  await page.join("kitchen");
  const names = new Set();
  await page.page.evaluate(() => document.activeElement.blur());
  for (let presses = 0; presses < 30; presses += 1) {
    await keyboard.press("Tab");
    names.add(await page.page.evaluate(() => {
      const { activeElement: active } = document;
      const label = active.labels?.[0]?.textContent ?? active.getAttribute("aria-label") ?? active.textContent;
      return `${active.id || active.className}: ${label.trim()}`;
    }));
  }
  const expected = [
    "url: Address of the server",
    "disconnect: Disconnect",
    "chip: kitchen, 1 client",
    "room: Name of a room",
    "filter: Show only entries with this text",
    "kind: Kind of entries",
    "raw: Raw",
    "pause: Pause",
    "clear: Clear",
    "log: Messages",
    "target: Send to",
    "message: Message",
    "send: Send",
  ];
  assert.deepEqual(expected.filter((name) => !names.has(name)), []);
  await page.close();
});

await checkWith([], "what happens is announced", async (demo) => {
  const [page] = await welcomed(demo, 1);
  assert.equal(await page.page.locator("#announcer").getAttribute("aria-live"), "polite");
  assert.equal(await page.page.locator("#log").getAttribute("role"), "log");
  assert.equal(await page.text("#announcer"), "Connected");
  await page.page.click("#disconnect");
  await page.shows("#ending", /^Closed normally$/);
  assert.match(await page.text("#announcer"), /^Disconnected\. Closed normally, 1000/);
  await page.close();
});

await checkWith([], "nothing moves for who wants no motion", async (demo) => {
  const [page] = await welcomed(demo, 1, { reducedMotion: "reduce" });
  await page.page.evaluate(() => (Math.random = () => 0.999));
  await demo.stopped();
  await page.state("waiting");
  assert.equal(await page.page.evaluate(() => document.getAnimations().length), 0);
  await page.close();
});

const folder = await mkdtemp(path.join(tmpdir(), "ws-demo-browser-"));
const tokenFile = path.join(folder, "token");
await writeFile(tokenFile, `${TOKEN}\n`);
const auth = ["--auth-token-file", tokenFile];

await checkWith(auth, "the page asks for a token, and the right one opens the door", async (demo) => {
  const page = await Page.open(browser, demo.address);
  await page.shows("#question", /./);
  assert.deepEqual((await page.log()).filter((entry) => entry.includes("welcome")), []);
  await page.page.fill("#token", TOKEN);
  await page.page.press("#token", "Enter");
  await page.logged("auth_ok");
  await page.logged("welcome");
  await page.hides("#authentication");
  await page.settled();
  await page.page.click("#raw");
  assert.deepEqual((await page.log()).filter((entry) => entry.includes(TOKEN)), [], "the token is in the log");

  // It is remembered as long as the page is open.
  await page.page.click("#disconnect");
  await page.state("disconnected");
  await page.forget();
  await page.page.click("#retry");
  await page.logged("welcome");
  await page.close();
});

await checkWith(auth, "a wrong token closes with 4501, for good", async (demo) => {
  const page = await Page.open(browser, demo.address);
  await page.shows("#question", /./);
  await page.page.fill("#token", "wrong horse");
  await page.page.press("#token", "Enter");
  await page.state("disconnected");
  await page.shows("#question", /^Wrong token · 4501/);
  await page.logged("disconnected", "Wrong token (4501");
  await page.page.fill("#token", TOKEN);
  await page.page.press("#token", "Enter");
  await page.logged("welcome");
  await page.close();
});

await checkWith([...auth, "--auth-timeout", "1s"], "no token in time closes with 4502, for good", async (demo) => {
  const page = await Page.open(browser, demo.address);
  await page.state("disconnected");
  await page.shows("#question", /^No token in time · 4502/);
  await page.logged("disconnected", "No token in time (4502");
  await page.page.fill("#token", TOKEN);
  await page.page.press("#token", "Enter");
  await page.logged("welcome");
  await page.close();
});

await checkWith([...auth, "--origin", "*"], "what is meant for one server does not go to another", async (other) => {
  const demo = await Demo.start(auth);
  const page = await Page.open(browser, demo.address);
  await page.shows("#question", /./);
  await page.page.fill("#token", TOKEN);
  await page.page.press("#token", "Enter");
  await page.logged("welcome");
  await page.join("kitchen");
  await page.forget();
  await page.visit(`ws://${other.address}/ws`);
  await page.shows("#question", /^This server requires a token$/);
  assert.equal(await page.page.inputValue("#token"), "");
  await page.page.fill("#token", TOKEN);
  await page.page.press("#token", "Enter");
  await page.logged("welcome", "the only client");
  await page.settled();
  const log = await page.log();
  assert.equal(log.filter((entry) => entry.includes("token sent")).length, 1);
  assert.deepEqual(log.filter((entry) => entry.includes("joined")), []);
  assert.equal(await page.page.locator("#rooms li").count(), 0);
  await page.close();
  await demo.stopped();
});

await checkRecovery(browser, folder);
await checkStates(browser, auth, TOKEN, process.argv[2]);
await rm(folder, { recursive: true });
await browser.close();
