// Checks the server at ADDRESS with a browser and the server's own page:
// CHROMIUM=/usr/bin/chromium node chromium.mjs ADDRESS

import assert from "node:assert/strict";
import { launch } from "./browser.mjs";
import { check, soon } from "./expect.mjs";

const address = process.argv[2];
const url = `ws://${address}/ws`;

const browser = await launch();

/** The page's controls, as a person uses them. */
class Page {
  #seen = 0;

  constructor(page) {
    this.page = page;
    this.errors = [];
    page.setDefaultTimeout(10_000);
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("console", (message) => {
      if (/Content Security Policy/.test(message.text())) this.errors.push(message.text());
    });
  }

  static async open() {
    const page = new Page(await browser.newPage());
    const response = await page.page.goto(`http://${address}/`);
    assert.equal(response.status(), 200);
    return page;
  }

  async connect() {
    await this.page.fill("#url", url);
    await this.page.click("#connect");
    await this.status(/^connected/);
  }

  async status(pattern) {
    const matches = ([source]) =>
      new RegExp(source).test(document.querySelector("#status").textContent.trim());
    await this.page.waitForFunction(matches, [pattern.source]);
  }

  async type(text, button) {
    await this.page.fill("#message", text);
    await this.page.click(button);
  }

  /** Waits for a log entry, behind those seen so far, that has all these parts. */
  async logged(...parts) {
    const find = ([seen, parts]) => {
      const entries = [...document.querySelectorAll("#log li")].slice(seen);
      return entries.map((entry) => entry.textContent).find((text) => parts.every((part) => text.includes(part)));
    };
    try {
      const entry = await this.page.waitForFunction(find, [this.#seen, parts]);
      return await entry.jsonValue();
    } catch (error) {
      const log = (await this.log()).map((text) => `\n  ${text}`).join("");
      throw new Error(`no entry with ${parts.join(" and ")} in the page's log:${log}`, { cause: error });
    }
  }

  async log() {
    return this.page.locator("#log li").allTextContents();
  }

  /** Lets `logged` look only at what comes from now on. */
  async forget() {
    this.#seen = (await this.log()).length;
  }
}

/** Checks with bare sockets of the browser's, inside the page. */
async function bareSockets(page) {
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
  }, url);
}

/** Remembers each text that the status has from now on. */
function watchStatus(page) {
  return page.evaluate(() => {
    const status = document.querySelector("#status");
    window.statuses = [];
    new MutationObserver(() => window.statuses.push(status.textContent.trim())).observe(status, {
      characterData: true,
      childList: true,
      subtree: true,
    });
  });
}

const alice = await check("the page opens", () => Page.open());
await check("the page connects", async () => {
  await alice.connect();
  assert.match(await alice.logged("welcome"), /[0-9a-f]{8}/);
});

const bob = await check("a second page connects", async () => {
  const page = await Page.open();
  await page.connect();
  await page.logged("welcome");
  return page;
});

await check("the page sends JSON and shows its echo", async () => {
  await alice.forget();
  await alice.type('{"type":"greeting","text":"<b>Grüße</b>"}', "#send");
  await alice.logged('"echo"', '"original"', "<b>Grüße</b>");
});
await check("the page sends text and shows its echo", async () => {
  await alice.forget();
  await alice.type("no {JSON}", "#send");
  await alice.logged('"echo"', '"original"', "no {JSON}");
});

await check("a broadcast reaches the other page and not the sender's", async () => {
  await alice.forget();
  await bob.forget();
  await alice.type("Hi everyone!", "#broadcast");
  await bob.logged('"broadcast"', '"from"', "Hi everyone!");
  // Replies keep their order: had the broadcast come back, it would be in front of this echo.
  await alice.type("after the broadcast", "#send");
  await alice.logged('"echo"', '"original"', "after the broadcast");
  assert.equal((await alice.log()).filter((text) => text.includes('"from"')).length, 0);
});

await check("the page disconnects", async () => {
  await bob.page.click("#disconnect");
  await bob.status(/^disconnected/);
  await bob.connect();
});

await check("bare sockets: welcome, echoes, broadcast, clean close", async () => {
  const results = await soon(bareSockets(alice.page), "the checks in the page");
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

await check("1001 when the server stops, and the page says so", async () => {
  await watchStatus(alice.page);
  console.log("ready");
  const closed = await soon(alice.page.evaluate(() => window.bareSocketClosed), "the close");
  assert.equal(closed.code, 1001);
  assert.equal(closed.wasClean, true);
  await alice.page.waitForFunction(() => window.statuses.some((text) => text.startsWith("disconnected")));
});

await check("no errors in the pages", () => assert.deepEqual([...alice.errors, ...bob.errors], []));
await browser.close();
