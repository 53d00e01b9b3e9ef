// Every state of the page, in windows of several sizes, light and dark: without violations of accessibility
// rules, with everything inside the window, and with nothing that moves by itself.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { Demo } from "./demo.mjs";
import { check } from "./expect.mjs";
import { Page } from "./page.mjs";

const SIZES = {
  "320x568": { width: 320, height: 568 },
  // A phone with its keyboard on the screen.
  "390x450": { width: 390, height: 450 },
  "844x390": { width: 844, height: 390 },
  "1280x800": { width: 1280, height: 800 },
};

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Checks all states; with a folder, pictures of them go there. */
export async function checkStates(browser, auth, token, folder) {
  if (folder) await mkdir(folder, { recursive: true });
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const options = { viewport, colorScheme, bypassCSP: true, reducedMotion: "reduce" };
      await check(`every state in ${size}, ${colorScheme}`, async () => {
        const state = (page, name) => inspect(page, name, folder && path.join(folder, `${name}-${size}-${colorScheme}.png`));
        await conversation(browser, options, state);
        await question(browser, options, auth, token, state);
      });
    }
  }
}

async function open(opening) {
  const page = await opening;
  await page.page.evaluate(axe);
  await page.page.evaluate(() => {
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const { hadRecentInput, sources, value } of list.getEntries()) {
        const moved = sources.map(({ node }) => node?.id || node?.className || node?.nodeName);
        if (!hadRecentInput) window.shifts.push(`${value.toFixed(4)}: ${moved.join(", ")}`);
      }
    }).observe({ type: "layout-shift" });
  });
  return page;
}

async function inspect(page, name, picture) {
  if (picture) await page.page.screenshot({ path: picture });
  const found = await page.page.evaluate(async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    const nodes = violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
    const { scrollWidth, scrollHeight } = document.documentElement;
    const outside = [];
    if (scrollWidth > innerWidth || scrollHeight > innerHeight) {
      outside.push(`${scrollWidth} x ${scrollHeight} in a window of ${innerWidth} x ${innerHeight}`);
    }
    for (const id of ["status", "message", "send", "log"]) {
      const { left, top, right, bottom, height } = document.getElementById(id).getBoundingClientRect();
      if (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight || height < 20) {
        outside.push(`${id}: ${[left, top, right, bottom].map(Math.round).join(", ")}`);
      }
    }
    return [...nodes, ...outside];
  });
  assert.deepEqual(found, [], name);
}

async function still(page, name) {
  // Shifts are reported after the frame that has them.
  await page.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  assert.deepEqual(await page.page.evaluate(() => window.shifts), [], `${name}: what moved`);
}

/** A conversation and its ends. */
async function conversation(browser, options, state) {
  const demo = await Demo.start();
  const bob = await Page.welcomed(browser, demo.address);
  const page = await open(Page.welcomed(browser, demo.address, options));
  await state(page, "fresh");
  await page.showDetails();
  for (const room of ["rust", "kitchen", "a-room-with-a-name-that-is-much-too-long-for-its-chip", "plain <b>text</b>", "שלום"]) {
    await bob.join(room);
  }
  await page.join("kitchen");
  await page.join("rust");
  await state(page, "details");
  await page.say("word".repeat(200));
  for (let round = 0; round < 3; round += 1) {
    await page.say('{"type":"greeting","text":"Grüße","list":[1,-2.5,null],"more":"so that it takes some lines"}');
    await page.say("Is anybody here?", "Everyone else");
    await bob.say("I am on my way.", "Room kitchen");
    await bob.say(`A longer message ${"that takes more than one line ".repeat(5)}`, "Room rust");
    await bob.say("<script>alert(1)</script>", "Everyone else");
    await bob.say("‏שלום! (مرحبا)", "Everyone else");
  }
  await page.logged("<script>");
  await page.say('{"type":"broadcast","room":"garden","message":"Is there cake?"}');
  await page.logged("not_in_room");
  await state(page, "conversation-with-details");
  await page.showDetails(false);
  await state(page, "conversation");
  await page.page.fill("#message", "x".repeat(1024 * 1024 + 1));
  await state(page, "too-big");
  await page.page.fill("#message", "");

  // From the loss of the connection to the next one nothing moves.
  await page.page.evaluate(() => {
    window.shifts = [];
    Math.random = () => 0.2;
  });
  await demo.stopped();
  await page.state("waiting");
  await state(page, "waiting");
  await page.page.evaluate(() => (Math.random = () => 0.999));
  const again = await Demo.start([], demo.port);
  await page.forget();
  await page.state("connected");
  await page.logged("welcome");
  await still(page, "reconnecting");

  await again.stopped();
  await page.state("waiting");
  await page.page.click("#stay");
  await page.state("disconnected");
  await state(page, "disconnected");
  await page.showDetails();
  await page.visit(`ws://${again.address}/other`);
  await page.state("waiting");
  await page.shows("#ending", /^Cannot connect$/);
  await state(page, "unreached");
  await page.close();
  await bob.close();
}

/** A server that requires a token. */
async function question(browser, options, auth, token, state) {
  const demo = await Demo.start(auth);
  const page = await open(Page.open(browser, demo.address, options));
  await page.shows("#question", /./);
  await state(page, "token");
  await page.page.fill("#token", `not ${token}`);
  await page.page.press("#token", "Enter");
  await page.shows("#question", /4501/);
  await state(page, "wrong-token");
  await page.close();
  await demo.stopped();
}
