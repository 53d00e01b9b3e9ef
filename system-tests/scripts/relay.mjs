// A network between a page and a server, which can be cut.

import { createServer, connect } from "node:net";
import { once } from "node:events";

export class Relay {
  #server;
  #sockets = new Set();

  /** Forwards connections to a port on this machine. */
  static async to(port) {
    const relay = new Relay();
    relay.#server = createServer((client) => {
      const server = connect(port, "127.0.0.1");
      for (const [from, to] of [[client, server], [server, client]]) {
        relay.#sockets.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy());
        from.on("close", () => relay.#sockets.delete(from));
      }
    });
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    relay.address = `127.0.0.1:${relay.#server.address().port}`;
    return relay;
  }

  /** Ends the connections, without a word to either side's WebSockets. */
  cut() {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close() {
    this.cut();
    this.#server.close();
  }
}
