/** How often the server is asked for its rooms. */
const ROOMS_INTERVAL_MS = 5000;

/** A server that says nothing for as long is asked whether it waits for a token. */
const SILENCE_MS = 400;

/** One that still says nothing speaks another language, or is particularly discreet. */
const LONG_SILENCE_MS = 2000;

const [url, status, token] = ["url", "status", "token"].map(element);
const log = new Log();
const composer = new Composer(send);
const rooms = new Rooms(request, () => composer.offer(rooms.joined));
const latency = new Latency((t) => request({ type: "ping", t }), () => connection.lose());
const connection = new Connection({ connecting, opened, message, ended });

/** The last end of a connection: a title, what was said about it, and advice. */
let ending = null;

/** What will be done if the server goes on being silent. */
let silence = [];
let roomsTimer = null;
let countdownTimer = null;

function connect() {
  forgetServer();
  connection.open(url.value.trim());
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

/** Sends a request that the page makes by itself, or for one of its controls. */
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
  if (token.value) authenticate();
  silence = [
    setTimeout(() => request({ type: "ping" }), SILENCE_MS),
    setTimeout(() => ask("The server is silent", "Perhaps it waits for a token."), LONG_SILENCE_MS),
  ];
}

/** The token is not in the log, not even in its raw form. */
function authenticate() {
  connection.send(JSON.stringify({ type: "auth", token: token.value }));
  log.event("token sent");
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
    stopAsking();
    latency.start();
    rooms.start();
    roomsTimer = setInterval(() => document.hidden || rooms.refresh(), ROOMS_INTERVAL_MS);
  },
  auth_ok(_, raw) {
    log.received("auth_ok", "the token is right", raw);
    stopAsking();
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
    if (Array.isArray(list)) rooms.hasList(list.map(({ room, clients }) => [words(room), clients]), total ?? list.length);
  },
  error({ code, message, ref }, raw) {
    if (code === "auth_required") {
      log.received("auth_required", words(message), raw);
      show("asking", "Token needed");
      ask("This server wants a token", "It is sent to this server only, and forgotten with this page.");
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
  forgetServer();
  const [title, advice] = code === null ? ["No connection", reason] : closeWords(code);
  const because = code === null ? "" : `${code}${reason && `, “${reason}”`}`;
  ending = { title, because, advice };
  log.event(`disconnected: ${title}${because && ` (${because})`}`);
  showEnding(delay);
  if (code === 4501 || code === 4502) ask(`${title} · ${because}`, advice);
}

/** Says why there is no connection, and when there will be another attempt, if ever. */
function showEnding(delay) {
  const again = delay !== null;
  show(again ? "waiting" : "disconnected", again ? "Reconnecting" : "Disconnected");
  element("ending").textContent = ending.title;
  element("because").textContent = ending.because;
  element("advice").textContent = ending.advice;
  element("stay").hidden = element("countdown").hidden = !again;
  element("retry").textContent = again ? "Connect now" : "Connect again";
  element("notice").hidden = false;
  announce(`${status.textContent}. ${ending.title}, ${ending.because}. ${ending.advice}`);
  if (again) countDown(delay);
}

/** Shows the time until the next attempt. */
function countDown(delay) {
  const end = performance.now() + delay;
  const show = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    element("countdown").textContent = left === 0 ? "Now" : `In ${left} s`;
  };
  show();
  countdownTimer = setInterval(show, 200);
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  element("progress").animate([{ transform: "none" }, { transform: "scaleX(0)" }], delay);
}

/** Asks for a token. */
function ask(question, detail) {
  element("question").textContent = question;
  element("question-detail").textContent = detail;
  element("authentication").hidden = false;
  element("notice").hidden = true;
  announce(`${question}. ${detail}`);
  // Who is writing goes on writing.
  if (element("message").value === "") token.select();
}

function stopAsking() {
  element("authentication").hidden = true;
}

function endSilence() {
  silence.forEach(clearTimeout);
  silence = [];
}

/** What is known of a server ends with the connection to it. */
function forgetServer() {
  endSilence();
  clearInterval(roomsTimer);
  latency.stop();
  rooms.stop();
  stopAsking();
  element("clients").textContent = element("identity").textContent = "–";
}

/** Shows the state, and what can be done in it. */
function show(state, text) {
  clearInterval(countdownTimer);
  for (const animation of element("progress").getAnimations()) animation.cancel();
  document.body.dataset.state = state;
  document.title = `${text} · WebSocket demo`;
  status.textContent = text;
  element("notice").hidden = true;
  showButtons();
  composer.enable(state === "connected");
}

/** Connecting is offered where there is something else to connect to than what is there. */
function showButtons() {
  const idle = document.body.dataset.state === "disconnected";
  element("connect").hidden = !idle && url.value.trim() === connection.url;
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

/** Whether the server is the one that this page is from. */
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
element("authentication").addEventListener("submit", (event) => {
  event.preventDefault();
  if (connection.isOpen) authenticate();
  else connect();
});
addEventListener("online", () => connection.hurry());

url.value = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
connect();
