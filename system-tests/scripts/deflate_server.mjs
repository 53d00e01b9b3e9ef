// Echo servers with every choice of parameters: node deflate_server.mjs
//
// ws://ADDRESS/M/N makes choice M for what it sends and choice N for what it gets.

import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const WINDOWS = [9, 10, 11, 12, 13, 14, 15];

/** What refuses clients that forbid takeover comes first. */
const outgoing = [false, undefined, true].flatMap((serverNoContextTakeover) =>
  [undefined, false, ...WINDOWS].map((serverMaxWindowBits) => ({ serverNoContextTakeover, serverMaxWindowBits })),
);
const incoming = [false, undefined, true].flatMap((clientNoContextTakeover) =>
  [undefined, false, 8, ...WINDOWS].map((clientMaxWindowBits) => ({ clientNoContextTakeover, clientMaxWindowBits })),
);
const insisting = outgoing.filter((choice) => choice.serverNoContextTakeover === false).length;

const server = createServer();
server.on("upgrade", (request, stream, head) => {
  const [, m, n] = request.url.split("/");
  const perMessageDeflate = { threshold: 0, ...outgoing[m], ...incoming[n] };
  new WebSocketServer({ noServer: true, perMessageDeflate }).handleUpgrade(request, stream, head, (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("error", (error) => console.error(`${request.url}: ${error}`, perMessageDeflate));
  });
});
server.listen(0, "127.0.0.1", () => {
  const { address, port } = server.address();
  console.log(`serving ${address}:${port} ${outgoing.length} ${incoming.length} ${insisting}`);
});
