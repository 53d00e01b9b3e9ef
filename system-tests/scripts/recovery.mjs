// What a page misses while its network is away, it receives when it is back: in order, and once.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { Demo } from "./demo.mjs";
import { check } from "./expect.mjs";
import { Page } from "./page.mjs";
import { Relay } from "./relay.mjs";

const KEY = "a key for the backend of this check";

/** The time for which the network is away. */
const OUTAGE_MS = 10_000;

export async function checkRecovery(browser, folder) {
  const keyFile = path.join(folder, "api-key");
  await writeFile(keyFile, `${KEY}\n`);
  const args = ["--history", "100", "--admin-listen", "127.0.0.1:0", "--api-key-file", keyFile];
  for (const cut of [false, true]) {
    const connection = cut ? "lost" : "kept";
    await check(`a page whose network was away receives what it missed, its connection ${connection}`, () => {
      return outage(browser, args, cut);
    });
  }
  await check("a page learns that the history of a server is gone", () => restart(browser, args));
}

/** A backend, and what it has published to the room "news". */
class Backend {
  expected = [];
  #demo;

  constructor(demo) {
    this.#demo = demo;
  }

  async publish() {
    const message = `news ${this.expected.length}`;
    this.expected.push(message);
    const response = await fetch(`http://${this.#demo.admin}/api/publish`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ room: "news", message }),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
  }
}

/** What a page has received from the backend, in order. */
async function received(page) {
  const texts = await page.page.locator("#entries .received .text").allTextContents();
  return texts.filter((text) => text.startsWith("news "));
}

/** Two pages, of which the network of one is away while five messages are published. */
async function outage(browser, args, cut) {
  const demo = await Demo.start(args);
  const backend = new Backend(demo);
  const relay = await Relay.to(demo.port);
  const near = await Page.welcomed(browser, demo.address);
  const far = await Page.welcomed(browser, relay.address);
  for (const page of [near, far]) await page.join("news");
  assert.equal((await backend.publish()).delivered, 2);
  for (const page of [near, far]) await page.logged("server in news", "news 0");

  await far.context.setOffline(true);
  if (cut) {
    relay.cut();
    await far.state("waiting");
  }
  for (let missed = 0; missed < 5; missed += 1) await backend.publish();
  await near.logged("news 5");
  await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
  assert.deepEqual(await received(far), ["news 0"], "the network was away");
  await far.context.setOffline(false);
  if (cut) await far.logged("joined", "what was missed follows");
  await far.logged("news 5");
  await backend.publish();
  for (const page of [near, far]) {
    await page.logged("news 6");
    assert.deepEqual(await received(page), backend.expected);
    await page.close();
  }
  relay.close();
  await demo.stopped();
}

async function restart(browser, args) {
  const demo = await Demo.start(args);
  const page = await Page.welcomed(browser, demo.address);
  await page.join("news");
  await new Backend(demo).publish();
  await page.logged("news 0");
  await page.forget();
  await demo.stopped();
  const again = await Demo.start(args, demo.port);
  await page.logged("joined", "what was missed is lost");
  await new Backend(again).publish();
  await page.logged("server in news", "news 0");
  await page.close();
  await again.stopped();
}
