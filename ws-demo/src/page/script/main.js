/** The interval at which the list of rooms is requested. */
const ROOMS_INTERVAL_MS = 10_000;

/** If no message arrives for this time, a ping shows whether the server requires a token. */
const SILENCE_MS = 400;

/** If still none arrives, the page asks the user for a token. */
const LONG_SILENCE_MS = 2000;

const [url, status] = ["url", "status"].map(element);
const log = new Log();
const composer = new Composer(send);
const client = new Client({ tokenFor: (server) => authentication.tokenFor(server) });
const rooms = new Rooms(client);
const latency = new Latency((t) => client.request({ type: "ping", t }), () => client.lose());
const notice = new Notice();
const authentication = new Authentication((server) => {
  if (client.isOpen && client.url === server) {
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
  if (address !== client.url) latency.forget();
  client.open(address);
  composer.offer(client.rooms);
}

function disconnect() {
  if (client.isWaiting) {
    client.close();
    showEnding(null);
  } else {
    show("closing", "Closing…");
    client.close();
  }
}

/** Sends what the user wrote. */
function send(label, text, raw, room) {
  client.send(raw);
  log.sent(label, text, raw, room);
  element("introduction").hidden = true;
}

function authenticate() {
  if (client.authenticate()) log.event("token sent");
}

/** Asks for a token. */
function ask(question, detail) {
  notice.hide();
  authentication.ask(client.url, question, detail);
  announce(`${question}. ${detail}`);
}

/** Shows a reply; `raw` is the message that contains it. */
const REPLIES = {
  welcome({ id, clients }, raw) {
    show("connected", "Connected");
    announce("Connected");
    const others = clients === 1 ? "the only client" : `one of ${words(clients)} clients`;
    log.received("welcome", `you are ${words(id)}, ${others}`, raw);
    element("identity").textContent = words(id);
    showClients(clients);
    authentication.hide();
    latency.start();
    rooms.start();
    // Requests that the client sends on its own come first: the list has the rooms that it joins again.
    queueMicrotask(() => rooms.refresh());
    roomsTimer = setInterval(() => document.hidden || rooms.refresh(), ROOMS_INTERVAL_MS);
  },
  auth_ok(_, raw) {
    log.received("auth_ok", "token accepted", raw);
  },
  echo({ original }, raw) {
    log.received("echo", words(original), raw);
  },
  // Shown when the client dispatches it, which is once.
  broadcast() {},
  pong({ t }, raw) {
    log.protocol("pong", raw);
    latency.pong(t);
  },
  joined({ room, clients, recovered }, raw) {
    const missed = { true: "; what was missed follows", false: "; what was missed is lost" }[recovered] ?? "";
    log.received("joined", `${words(room)}, ${words(clients)} in it${missed}`, raw);
  },
  left({ room }, raw) {
    log.received("left", words(room), raw);
  },
  entered({ room, client, user }, raw) {
    log.received("entered", words(user ?? client), raw, words(room));
  },
  exited({ room, client, user }, raw) {
    log.received("exited", words(user ?? client), raw, words(room));
  },
  rooms({ rooms: list, total, clients }, raw) {
    log.protocol("rooms", raw);
    if (clients !== undefined) showClients(clients);
    if (!Array.isArray(list)) return;
    const named = list.filter((entry) => typeof entry?.room === "string");
    rooms.hasList(named.map(({ room, clients }) => [room, clients]), Number.isInteger(total) ? total : named.length);
  },
  error({ code, message }, raw) {
    if (code === "auth_required") {
      log.received("auth_required", words(message), raw);
      show("asking", "Token required");
      ask("This server requires a token", "It is sent to this server only, and discarded when this page is closed.");
    } else {
      log.problem(words(code), words(message), raw);
    }
  },
};

const EVENTS = {
  connecting({ url }) {
    show("connecting", "Connecting…");
    log.event(`connecting to ${url}`);
  },
  open() {
    show("connected", "Connected");
    log.event("connected");
    composer.limit = isHome() ? homeLimit() : null;
    if (authentication.tokenFor(client.url) !== null) log.event("token sent");
    silence = [
      setTimeout(() => client.request({ type: "ping" }), SILENCE_MS),
      setTimeout(() => ask("No message from the server", "It may require a token."), LONG_SILENCE_MS),
    ];
  },
  message({ data, reply }) {
    endSilence();
    if (typeof data !== "string") {
      log.received("binary", hex(data));
    } else if (Object.hasOwn(REPLIES, reply?.type)) {
      REPLIES[reply.type](reply, data);
    } else {
      log.received("message", reply === null ? data : words(reply), data);
    }
  },
  broadcast({ from, room, message, raw }) {
    log.received(words(from), words(message ?? null), raw, room === undefined ? "" : words(room));
  },
  joined({ room, clients, recovered, again }) {
    rooms.hasJoined(room, clients);
    composer.offer(client.rooms);
    if (!again) composer.select(room);
  },
  left() {
    rooms.draw();
    composer.offer(client.rooms);
    rooms.refresh();
  },
  refused({ message, ref }) {
    if (Array.isArray(ref)) rooms.hasFailed(words(message));
    composer.offer(client.rooms);
  },
  close({ code, reason, reached, delay }) {
    leaveServer();
    const [title, advice] = code === null ? ["Not an address", reason] : closeWords(code, reached);
    const because = code === null ? "" : `${code}${reason && `, “${isolated(reason)}”`}`;
    ending = { title, because, advice };
    log.event(`disconnected: ${title}${because && ` (${because})`}`);
    showEnding(delay);
    if (code === 4501) authentication.forget();
    if (code === 4501 || code === 4502) ask(`${title} · ${because}`, advice);
  },
};

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
  // The reason of the last end stays in view until the next connection is open.
  if (state === "connecting") notice.connect();
  else notice.hide();
  showButtons();
  composer.enable(state === "connected");
}

/** "Connect" is shown for a different URL; for the current one, the notice has a button. */
function showButtons() {
  const idle = document.body.dataset.state === "disconnected";
  element("connect").hidden = url.value.trim() === client.url;
  element("disconnect").disabled = idle || client.isWaiting;
}

function showClients(clients) {
  element("clients").textContent = words(clients);
}

function announce(text) {
  element("announcer").textContent = text;
}

/** The WebSocket beside this page, which may be below a path: `/` and `/ws`, or `/demo/` and `/demo/ws`. */
function home() {
  const beside = new URL("ws", location.href);
  beside.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return beside.href;
}

/** Returns whether the server is the one that served this page. */
function isHome() {
  return client.url === home();
}

function homeLimit() {
  return Number(document.querySelector('meta[name="max-message"]').content);
}

for (const [type, handle] of Object.entries(EVENTS)) {
  client.addEventListener(type, ({ detail }) => handle(detail));
}
client.addEventListener("sent", ({ detail: { request } }) => {
  if (request !== undefined) log.protocol(request.type, JSON.stringify(request));
});
element("connection").addEventListener("submit", (event) => {
  event.preventDefault();
  connect();
});
url.addEventListener("input", showButtons);
for (const id of ["disconnect", "stay"]) element(id).addEventListener("click", disconnect);
element("retry").addEventListener("click", () => (client.isWaiting ? client.hurry() : connect()));
element("details").addEventListener("click", ({ currentTarget: button }) => {
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  document.body.classList.toggle("with-details", open);
  // It scrolls, also while none of its controls can have the focus.
  element("aside").tabIndex = open ? 0 : -1;
});
addEventListener("online", () => client.hurry());

url.value = home();
connect();
