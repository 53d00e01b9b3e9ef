// Pictures of the page, for people to look at.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { Demo } from "./demo.mjs";
import { Page } from "./page.mjs";

const NARROW = { viewport: { width: 375, height: 760 }, deviceScaleFactor: 2 };

export const LOOKS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  narrow: { ...NARROW, colorScheme: "light" },
  "narrow-dark": { ...NARROW, colorScheme: "dark" },
};

/** Takes those of one look, into a folder; `auth` makes a server ask for a token. */
export async function takePictures(browser, look, folder, auth) {
  await mkdir(folder, { recursive: true });
  const picture = (page, name) => page.page.screenshot({ path: path.join(folder, `${name}-${look}.png`) });
  await conversation(browser, LOOKS[look], picture);
  await question(browser, LOOKS[look], auth, picture);
}

/** A conversation and its ends. */
async function conversation(browser, options, picture) {
  const demo = await Demo.start();
  const [bob, page] = [await Page.welcomed(browser, demo.address), await Page.welcomed(browser, demo.address, options)];
  await picture(page, "fresh");
  for (const room of ["rust", "kitchen", "a room with a name that is too long for its chip", "plain <b>text</b>"]) {
    await bob.join(room);
  }
  await page.join("kitchen");
  await page.join("rust");
  for (let round = 0; round < 4; round += 1) {
    await page.say("Hello?");
    await page.say('{"type":"greeting","text":"Grüße","list":[1,-2.5,null]}');
    await page.say("Is anybody here?", "Everyone else");
    await page.say("Tea is ready.", "Room kitchen");
    await bob.say("Hi everyone!", "Everyone else");
    await bob.say("I am on my way.", "Room kitchen");
    await bob.say(`A longer message ${"that takes more than one line ".repeat(5)}`, "Room rust");
    await bob.say("<script>alert(1)</script>", "Everyone else");
  }
  await page.say('{"type":"broadcast","room":"garden","message":"Is there cake?"}');
  await page.logged("not_in_room");
  // Some points for the curve.
  await page.page.waitForFunction(() => document.querySelector("#curve .line").getAttribute("d")?.split("L").length > 8);
  await picture(page, "conversation");

  await page.page.fill("#message", "x".repeat(1024 * 1024 + 1));
  await picture(page, "before-1009");
  await page.page.press("#message", "Enter");
  await page.shows("#because", /^1009/);
  await picture(page, "after-1009");

  await page.page.click("#retry");
  await page.state("connected");
  await page.page.evaluate(() => (Math.random = () => 0.999));
  await demo.stopped();
  for (const wait of ["In 1 s", "In 2 s", "In 4 s"]) {
    await page.shows("#countdown", wait);
    if (wait !== "In 4 s") await page.page.click("#retry");
  }
  await picture(page, "waiting");
  await page.close();
  await bob.close();
}

/** A server that wants a token. */
async function question(browser, options, auth, picture) {
  const demo = await Demo.start(auth);
  const page = await Page.open(browser, demo.address, options);
  await page.shows("#question", /./);
  await picture(page, "token");
  await page.page.fill("#token", "wrong horse");
  await page.page.press("#token", "Enter");
  await page.shows("#question", /4501/);
  await picture(page, "after-4501");
  await page.close();
  await demo.stopped();
}
