// The server's page in a browser, with its controls as a person uses them.

import assert from "node:assert/strict";

/** What the browser itself says when a server is not there, or about to go. */
const UNAVAILABLE =
  /net::ERR_(CONNECTION_(REFUSED|RESET|CLOSED)|SOCKET_NOT_CONNECTED|EMPTY_RESPONSE|INTERNET_DISCONNECTED)|Unexpected response code: 503/;

export class Page {
  #seen = 0;

  /** Opens the page of the server at `address` in a window of its own. */
  static async open(browser, address, options = {}) {
    const { token, ...context } = options;
    const page = new Page();
    page.context = await browser.newContext({ viewport: { width: 1180, height: 760 }, ...context });
    page.page = await page.context.newPage();
    page.complaints = [];
    page.page.setDefaultTimeout(15_000);
    page.page.on("pageerror", (error) => page.complaints.push(error.stack));
    page.page.on("console", (message) => {
      const text = message.text();
      if (["error", "warning"].includes(message.type()) && !UNAVAILABLE.test(text)) page.complaints.push(text);
    });
    await page.page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
        console.error(`policy violated: ${violatedDirective} ${blockedURI}`);
      });
    });
    const response = await page.page.goto(`http://${address}/`);
    assert.equal(response.status(), 200);
    return page;
  }

  /** Opens the page and waits until the server has welcomed it. */
  static async welcomed(browser, address, options) {
    const page = await Page.open(browser, address, options);
    await page.state("connected");
    await page.logged("welcome");
    page.id = await page.text("#identity");
    return page;
  }

  /** Ends the page, which must not have complained of anything. */
  async close() {
    await this.context.close();
    assert.deepEqual(this.complaints, [], "errors in the page");
  }

  async state(state) {
    await this.page.waitForSelector(`body[data-state="${state}"]`);
  }

  async text(selector) {
    return (await this.page.locator(selector).textContent()).trim();
  }

  async shows(selector, pattern) {
    await this.page.locator(selector).filter({ hasText: pattern, visible: true }).first().waitFor();
  }

  async hides(selector) {
    await this.page.locator(selector).waitFor({ state: "hidden" });
  }

  /** Unfolds what narrow windows hide, or folds it. */
  async showDetails(shown = true) {
    const button = this.page.locator("#details");
    if (!(await button.isVisible())) return;
    if ((await button.getAttribute("aria-expanded")) !== String(shown)) await button.click();
  }

  /** Writes to a target, by its label, and sends with the Enter key. */
  async say(text, target = "Echo to me") {
    await this.choose(target);
    await this.page.fill("#message", text);
    await this.page.press("#message", "Enter");
  }

  /** Selects a target by its label, or a room, as in `Room kitchen`. */
  async choose(target) {
    const [, room] = /^Room (.*)$/s.exec(target) ?? [];
    await this.page.selectOption("#target", room === undefined ? { label: target } : `room:${room}`);
  }

  async join(room) {
    await this.page.fill("#room", room);
    await this.page.press("#room", "Enter");
    await this.page.locator(`#rooms [aria-pressed="true"]`).filter({ hasText: room }).waitFor();
    await this.logged("joined", room);
  }

  /** Connects to another server. */
  async visit(url) {
    await this.page.fill("#url", url);
    await this.page.click("#connect");
  }

  chip(room) {
    return this.page.locator("#rooms button").filter({ hasText: room });
  }

  /** Waits for a log entry, behind those seen so far, that has all these parts. */
  async logged(...parts) {
    const find = ([seen, parts]) => {
      const entries = [...document.querySelectorAll("#entries li")].slice(seen);
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

  /** The entries behind those seen so far. */
  async log() {
    return (await this.page.locator("#entries li").allTextContents()).slice(this.#seen);
  }

  /** Lets `logged` and `log` look only at what comes from now on. */
  async forget() {
    this.#seen = 0;
    this.#seen = (await this.log()).length;
  }

  /**
   * Waits until all that was sent to this page before has come: replies keep their order, so it is
   * in front of this echo.
   */
  async settled() {
    const mark = `settled ${Math.random()}`;
    await this.say(mark);
    await this.logged("echo", mark);
  }
}
