// Talks to the echo server at ADDRESS over every choice of parameters: node deflate.mjs ADDRESS

import assert from "node:assert/strict";
import WebSocket from "ws";
import { Inbox, check, soon } from "./expect.mjs";
import { message } from "./messages.mjs";

const address = process.argv[2];
const MESSAGES = 200;
const WINDOWS = [9, 10, 11, 12, 13, 14, 15];

async function converse(offer) {
  const socket = new WebSocket(`ws://${address}`, {
    perMessageDeflate: { threshold: 0, ...offer },
  });
  const inbox = new Inbox();
  socket.on("message", (data, isBinary) => inbox.push({ data, isBinary }));
  const failed = new Promise((_, reject) => socket.on("error", reject));
  const opened = new Promise((resolve) => socket.on("open", resolve));
  await soon(Promise.race([opened, failed]), "the handshake");

  const { params } = socket._extensions["permessage-deflate"];
  if (offer.serverMaxWindowBits) {
    assert.ok(params.server_max_window_bits <= offer.serverMaxWindowBits, "the server's window");
  }
  if (offer.clientMaxWindowBits === false) {
    assert.equal(params.client_max_window_bits, undefined, "a window that was not offered");
  }
  assert.ok(!offer.serverNoContextTakeover || params.server_no_context_takeover);
  assert.ok(!offer.clientNoContextTakeover || params.client_no_context_takeover);

  let size = 0;
  for (let i = 0; i < MESSAGES; i++) socket.send(message(i));
  for (let i = 0; i < MESSAGES; i++) {
    const { data, isBinary } = await Promise.race([inbox.next(), failed]);
    assert.equal(isBinary, false);
    assert.equal(data.toString(), message(i));
    size += data.length;
  }
  assert.ok(socket._socket.bytesRead < size * 0.7, "the server's messages are compressed");
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.close(1000);
  assert.equal(await soon(closed, "the close"), 1000);
}

let count = 0;
for (const serverMaxWindowBits of [undefined, ...WINDOWS]) {
  await check(`server_max_window_bits ${serverMaxWindowBits ?? "not offered"}`, async () => {
    for (const clientMaxWindowBits of [false, undefined, ...WINDOWS]) {
      for (const serverNoContextTakeover of [false, true]) {
        for (const clientNoContextTakeover of [false, true]) {
          const offer = { clientNoContextTakeover, serverNoContextTakeover };
          if (serverMaxWindowBits) offer.serverMaxWindowBits = serverMaxWindowBits;
          if (clientMaxWindowBits !== undefined) offer.clientMaxWindowBits = clientMaxWindowBits;
          try {
            await converse(offer);
          } catch (error) {
            console.log(`with ${JSON.stringify(offer)}`);
            throw error;
          }
          count++;
        }
      }
    }
  });
}
console.log(`${count} connections, ${MESSAGES} messages each`);
