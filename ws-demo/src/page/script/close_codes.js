/** What a close code says to whoever looks at the page, and what follows from it. */
const CLOSE_CODES = new Map([
  [1000, ["Closed normally", "Nothing more was to be said."]],
  [1001, ["The server went away", "It is stopping, or starting anew."]],
  [1002, ["Protocol error", "One side broke the rules of the protocol."]],
  [1003, ["Data not accepted", "The server does not take this kind of data."]],
  [1005, ["Closed without a code", "The server gave no reason."]],
  [1006, ["Connection lost", "The server cannot be reached, or the network is down."]],
  [1007, ["Invalid data", "The data did not fit the type of the message."]],
  [1008, ["Against the server's policy", "The server does not want this connection."]],
  [1009, ["Message too big", "The message was larger than the server accepts."]],
  [1010, ["Extension missing", "The server does not offer what is needed."]],
  [1011, ["The server failed", "Something went wrong inside the server."]],
  [1012, ["The server restarts", "It should be back in a moment."]],
  [1013, ["Try again later", "The server is busy, or this page was too slow for it."]],
  [1014, ["A gateway failed", "The server behind it gave no proper answer."]],
  [1015, ["TLS failed", "The server's certificate was not accepted."]],
  [4501, ["Wrong token", "The server knows no such token: try another one."]],
  [4502, ["No token in time", "The server wants one, and does not wait long for it."]],
]);

/** After these a new connection would end just the same. */
const FINAL_CODES = new Set([1000, 1002, 1003, 1007, 1008, 1009]);

function isFinal(code) {
  return FINAL_CODES.has(code) || code >= 4500;
}

/** A code's title and advice. */
function closeWords(code) {
  return CLOSE_CODES.get(code) ?? [`Closed with code ${code}`, "The code is the application's own."];
}
