/** The interval at which the list of rooms is requested. */
const ROOMS_INTERVAL_MS = 15000;

/** If no message arrives for this time, a ping shows whether the server requires a token. */
const SILENCE_MS = 400;

/** If still none arrives, the page asks the user for a token. */
const LONG_SILENCE_MS = 2000;

const [url, status] = ["url", "status"].map(element);
const log = new Log();
const composer = new Composer(send);
const rooms = new Rooms(request, () => composer.offer(rooms.joined));
const latency = new Latency((t) => request({ type: "ping", t }), () => connection.lose());
const connection = new Connection({ connecting, opened, message, ended });
const notice = new Notice();
const authentication = new Authentication((server) => {
  if (connection.isOpen && connection.url === server) {
    authenticate();
  } else {
    url.value = server;
    connect();
  }
});

/** How the last connection ended: a title, code and reason, and advice. */
let ending = null;

/** The timers that run while no message has arrived from the server. */
let silence = [];
let roomsTimer = null;

function connect() {
  const address = url.value.trim();
  leaveServer();
  if (address !== connection.url) {
    rooms.forget();
    latency.forget();
  }
  connection.open(address);
}

function disconnect() {
  if (connection.isWaiting) {
    connection.close();
    showEnding(null);
  } else {
    show("closing", "Closing…");
    connection.close();
  }
}

function send(label, text, raw, room) {
  connection.send(raw);
  log.sent(label, text, raw, room);
}

/** Sends a request of the page itself or of one of its controls. */
function request(request) {
  const text = JSON.stringify(request);
  connection.send(text);
  log.protocol(request.type, text);
}

function connecting(address) {
  show("connecting", "Connecting…");
  log.event(`connecting to ${address}`);
}

function opened() {
  show("connected", "Connected");
  announce("Connected");
  log.event("connected");
  composer.limit = isHome() ? homeLimit() : null;
  authenticate();
  silence = [
    setTimeout(() => request({ type: "ping" }), SILENCE_MS),
    setTimeout(() => ask("No message from the server", "It may require a token."), LONG_SILENCE_MS),
  ];
}

/** Sends the token, if there is one. The log never contains it, not even in raw form. */
function authenticate() {
  const token = authentication.tokenFor(connection.url);
  if (token === null) return;
  connection.send(JSON.stringify({ type: "auth", token }));
  log.event("token sent");
}

/** Asks for a token. */
function ask(question, detail) {
  notice.hide();
  authentication.ask(connection.url, question, detail);
  announce(`${question}. ${detail}`);
}

function message(data) {
  endSilence();
  if (typeof data !== "string") {
    log.received("binary", hex(data));
    return;
  }
  const reply = parsed(data);
  const show = Object.hasOwn(REPLIES, reply?.type) ? REPLIES[reply.type] : unknown;
  show(reply, data);
}

const REPLIES = {
  welcome({ id, clients }, raw) {
    show("connected", "Connected");
    const others = clients === 1 ? "the only client" : `one of ${words(clients)} clients`;
    log.received("welcome", `you are ${words(id)}, ${others}`, raw);
    element("identity").textContent = words(id);
    showClients(clients);
    authentication.hide();
    latency.start();
    rooms.start();
    roomsTimer = setInterval(() => document.hidden || rooms.refresh(), ROOMS_INTERVAL_MS);
  },
  auth_ok(_, raw) {
    log.received("auth_ok", "token accepted", raw);
  },
  echo({ original }, raw) {
    log.received("echo", words(original), raw);
  },
  broadcast({ from, room, message }, raw) {
    log.received(words(from), words(message ?? null), raw, room === undefined ? "" : words(room));
  },
  pong({ t }, raw) {
    log.protocol("pong", raw);
    latency.pong(t);
  },
  joined({ room, clients }, raw) {
    log.received("joined", `${words(room)}, ${words(clients)} in it`, raw);
    rooms.hasJoined(words(room), clients);
  },
  left({ room }, raw) {
    log.received("left", words(room), raw);
    rooms.hasLeft(words(room));
  },
  rooms({ rooms: list, total, clients }, raw) {
    log.protocol("rooms", raw);
    if (clients !== undefined) showClients(clients);
    if (!Array.isArray(list)) return;
    const named = list.filter((entry) => typeof entry?.room === "string");
    rooms.hasList(named.map(({ room, clients }) => [room, clients]), Number.isInteger(total) ? total : named.length);
  },
  error({ code, message, ref }, raw) {
    if (code === "auth_required") {
      log.received("auth_required", words(message), raw);
      show("asking", "Token required");
      ask("This server wants a token", "It is sent to this server only, and discarded when this page is closed.");
      return;
    }
    log.problem(words(code), words(message), raw);
    if (Array.isArray(ref)) rooms.hasFailed(ref, code, words(message));
  },
};

function unknown(_, raw) {
  log.received("message", raw, raw);
}

function ended(code, reason, delay) {
  leaveServer();
  const [title, advice] = code === null ? ["No connection", reason] : closeWords(code);
  const because = code === null ? "" : `${code}${reason && `, “${reason}”`}`;
  ending = { title, because, advice };
  log.event(`disconnected: ${title}${because && ` (${because})`}`);
  showEnding(delay);
  if (code === 4501) authentication.forget();
  if (code === 4501 || code === 4502) ask(`${title} · ${because}`, advice);
}

function showEnding(delay) {
  const again = delay !== null;
  show(again ? "waiting" : "disconnected", again ? "Reconnecting" : "Disconnected");
  notice.show(ending, delay);
  announce(`${status.textContent}. ${ending.title}, ${ending.because}. ${ending.advice}`);
}

function endSilence() {
  silence.forEach(clearTimeout);
  silence = [];
}

/** Clears what is shown of a server when its connection ends. */
function leaveServer() {
  endSilence();
  clearInterval(roomsTimer);
  latency.stop();
  rooms.stop();
  authentication.hide();
  element("clients").textContent = element("identity").textContent = "–";
}

/** Shows the state, and the controls that apply to it. */
function show(state, text) {
  document.body.dataset.state = state;
  document.title = `${text} · WebSocket demo`;
  status.textContent = text;
  notice.hide();
  showButtons();
  composer.enable(state === "connected");
}

/** "Connect" is shown for a different URL; for the current one, the notice has a button. */
function showButtons() {
  const idle = document.body.dataset.state === "disconnected";
  element("connect").hidden = url.value.trim() === connection.url;
  element("disconnect").hidden = idle || connection.isWaiting;
}

function showClients(clients) {
  element("clients").textContent = words(clients);
}

function announce(text) {
  element("announcer").textContent = text;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Returns whether the server is the one that served this page. */
function isHome() {
  return new URL(url.value.trim(), location.href).host === location.host;
}

function homeLimit() {
  return Number(document.querySelector('meta[name="max-message"]').content);
}

element("connection").addEventListener("submit", (event) => {
  event.preventDefault();
  connect();
});
url.addEventListener("input", showButtons);
for (const id of ["disconnect", "stay"]) element(id).addEventListener("click", disconnect);
element("retry").addEventListener("click", () => (connection.isWaiting ? connection.hurry() : connect()));
addEventListener("online", () => connection.hurry());

url.value = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
connect();
