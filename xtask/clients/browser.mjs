// How the scripts start the browser that CHROMIUM names.

import { chromium } from "playwright-core";

/** The switches keep the browser from asking for anything but our server. */
export function launch(...more) {
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
