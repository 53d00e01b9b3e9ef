// The server: the program that WS_DEMO names.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { soon } from "./expect.mjs";

export class Demo {
  #process;
  #ended;

  /** Starts it with these arguments, on a port that the system chooses unless one is given. */
  static async start(args = [], port = 0) {
    const demo = new Demo();
    demo.#process = spawn(process.env.WS_DEMO, ["serve", "--listen", `127.0.0.1:${port}`, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    demo.#ended = once(demo.#process, "exit");
    const kill = () => demo.#process.kill("SIGKILL");
    process.on("exit", kill);
    demo.#process.on("exit", () => process.off("exit", kill));
    const address = new Promise((resolve, reject) => {
      const read = (line) => {
        const admin = /metrics and stats on http:\/\/([0-9.:]+)/.exec(line);
        if (admin) demo.admin = admin[1];
        const found = /listening on http:\/\/([0-9.]+:(\d+))/.exec(line);
        if (found) resolve(found);
      };
      for (const output of [demo.#process.stdout, demo.#process.stderr]) {
        createInterface({ input: output }).on("line", read);
      }
      demo.#ended.then(([code]) => reject(new Error(`ws-demo ${args.join(" ")} ended with ${code}`)));
    });
    const [, host, number] = await soon(address, "the line with the server's address");
    demo.address = host;
    demo.port = Number(number);
    return demo;
  }

  /** Sends SIGTERM: how an operator stops it. */
  terminate() {
    this.#process.kill("SIGTERM");
  }

  async stopped() {
    this.terminate();
    return soon(this.#ended, "the end of the server");
  }
}
