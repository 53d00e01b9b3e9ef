/** The title and the advice that the page shows for each close code. */
const CLOSE_CODES = new Map([
  [1000, ["Closed normally", "The connection was closed as intended."]],
  [1001, ["The server went away", "It is shutting down or restarting."]],
  [1002, ["Protocol error", "One side violated the WebSocket protocol."]],
  [1003, ["Data not accepted", "The server does not accept this type of data."]],
  [1005, ["Closed without a code", "The Close frame contained no code."]],
  [1006, ["Connection lost", "The server is unreachable, or the network is down."]],
  [1007, ["Invalid data", "The data did not match the type of the message."]],
  [1008, ["Policy violation", "The policy of the server does not allow this connection."]],
  [1009, ["Message too big", "The message was larger than the server accepts."]],
  [1010, ["Extension missing", "The server does not support a required extension."]],
  [1011, ["Server error", "An internal error occurred in the server."]],
  [1012, ["The server restarts", "It should be available again soon."]],
  [1013, ["Try again later", "The server is overloaded, or this page received too slowly."]],
  [1014, ["Bad gateway", "The gateway received an invalid response from the server."]],
  [1015, ["TLS handshake failed", "The server's certificate may not be trusted."]],
  [4501, ["Wrong token", "The server does not accept this token: try another one."]],
  [4502, ["No token in time", "The server requires a token shortly after connecting."]],
  [4503, ["Disconnected by the server", "The token has expired, or an operator ended the session."]],
]);

/** The words for a server to which no connection was ever open: browsers do not tell a page why. */
const UNREACHED = ["Cannot connect", "No server accepts WebSockets at this address."];

/** Returns the title and the advice for the end of a connection. */
function closeWords(code, reached) {
  if (code === 1006 && !reached) return UNREACHED;
  return CLOSE_CODES.get(code) ?? [`Closed with code ${code}`, "The code is defined by the application."];
}
