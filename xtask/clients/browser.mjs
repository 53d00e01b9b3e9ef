// The browser that the scripts drive.

import { chromium } from "playwright-core";

/** Starts the browser that CHROMIUM names. The switches keep it from asking for anything but our server. */
export function browser(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...more,
    ],
  });
}
