/**
 * A client of ws-demo that reconnects, joins its rooms again, and receives what it missed meanwhile.
 *
 *     import { Client } from "/client.js";
 *
 *     const client = new Client();
 *     client.addEventListener("broadcast", ({ detail }) => console.log(detail.from, detail.message));
 *     client.open("wss://example.org/ws");
 *     client.join("news");
 *
 * Every event is a `CustomEvent`; its `detail` has:
 *
 * - `connecting`: `url`.
 * - `open`: nothing; the server may still require a token.
 * - `welcome`: `id`, `clients`. Requests are answered from now on.
 * - `message`: `data` (a string, or an `ArrayBuffer`), and `reply`: the message of the server that it
 *   contains, or `null`. It precedes the events below, and is dispatched for each message that arrived.
 * - `broadcast`: `from`, `message`, and in rooms `room`; with a history also `epoch` and `offset`; `raw` is
 *   the data. Each message is dispatched once, and none that this client has sent.
 * - `joined`: `room`, `clients`, and `again`: whether it had joined before it reconnected. Then, if the room
 *   has a history, `recovered` is `true` if all missed messages follow, `false` if some are lost.
 * - `left`: `room`.
 * - `refused`: `code`, `message`, `ref`: an error message of the server. A join that is `rate_limited` is repeated.
 * - `sent`: `data`, and `request` if it was sent by `request` or on its own; never the token.
 * - `close`: `code`, `reason`, `reached` (whether the server was ever reached), and `delay`: the time until
 *   the next attempt in milliseconds, or `null` if there is none. `code` is `null` if the URL is invalid.
 *
 * It reconnects after a random delay, at most 0.5 s at first and twice as long after each attempt, up to
 * 30 s (full jitter). It does not after `close()`, after a close code that would repeat (1000, 1002, 1003,
 * 1007, 1008, 1009, and from 4500 on except 4503), nor after six attempts at a server that was never reached.
 */

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

/** After a connection that was open for this time, the delays start again from the first. */
const STABLE_MS = 10_000;

const MAX_ATTEMPTS_UNREACHED = 6;

/** The number of its earlier ids that a client remembers. */
const MAX_IDS = 100;

/** The least time after which a room is joined again whose join exceeded the server's rate. */
const RATE_LIMITED_MS = 500;

/** The codes after which a new connection would end in the same way. */
const FINAL_CODES = new Set([1000, 1002, 1003, 1007, 1008, 1009]);

/** The token has expired, or the server disconnected the client: a new connection may be accepted. */
const DISCONNECTED = 4503;

export function isFinal(code) {
  return FINAL_CODES.has(code) || (code >= 4500 && code !== DISCONNECTED);
}

export class Client extends EventTarget {
  /** The URL that was passed to `open`. */
  url = "";
  #socket = null;
  #openedAt = null;
  #reached = false;
  #attempts = 0;
  #retry = null;
  /** Whether this client is closing the connection. */
  #leaving = false;
  #welcomed = false;
  #tokenFor;
  /**
   * The rooms to be in: whether each was `joined` once, and the `position` in its history, `{ epoch, offset }`,
   * if it has one.
   */
  #rooms = new Map();
  /** The ids that this client has had: what it sent itself is not dispatched when it recovers. */
  #ids = new Set();

  /** `tokenFor(url)` returns the token for a server, or `null`. */
  constructor({ tokenFor = () => null } = {}) {
    super();
    this.#tokenFor = tokenFor;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Whether it waits to reconnect. */
  get isWaiting() {
    return this.#retry !== null;
  }

  /** The joined rooms, sorted; also those that it joins again after reconnecting. */
  get rooms() {
    const joined = [...this.#rooms].filter(([, { joined }]) => joined);
    return joined.map(([room]) => room).sort((a, b) => a.localeCompare(b));
  }

  /** Connects, and replaces the current connection. Leaves all rooms if the server is a different one. */
  open(url) {
    if (this.url !== "" && url !== this.url) this.#rooms.clear();
    this.url = url;
    this.#reached = false;
    this.#attempts = 0;
    this.#abandon("connecting again");
    this.#dial();
  }

  /** Connects now if it waits to reconnect. */
  hurry() {
    if (!this.isWaiting) return;
    this.#stopWaiting();
    this.#dial();
  }

  /** Closes the connection, or stops reconnecting; `close` is dispatched only for the former. */
  close() {
    this.#stopWaiting();
    this.#leaving = true;
    this.#socket?.close(1000, "Done");
  }

  /** Abandons an unresponsive connection, which its socket may detect only much later, and reconnects. */
  lose() {
    this.#abandon("no answer");
    this.#ended(1006, "no answer to pings");
  }

  /** Sends the token. It is sent on its own when a connection opens; call this if it is known only later. */
  authenticate() {
    const token = this.#tokenFor(this.url);
    if (token === null || !this.isOpen) return false;
    this.#socket.send(JSON.stringify({ type: "auth", token }));
    return true;
  }

  /** Sends a string or binary data as it is; returns whether the connection is open. */
  send(data) {
    return this.#transmit(data);
  }

  /** Sends a request, for example `{ type: "rooms" }`. */
  request(request) {
    return this.#transmit(JSON.stringify(request), request);
  }

  /** Sends any JSON value to the other members of a room, or to all other clients. */
  broadcast(message, room) {
    return this.request({ type: "broadcast", room, message });
  }

  /** Joins a room, now and after each reconnection, until it is left or the server refuses. */
  join(room) {
    if (!this.#rooms.has(room)) this.#rooms.set(room, { joined: false });
    if (this.#welcomed) this.#requestJoin(room);
  }

  leave(room) {
    this.#rooms.delete(room);
    if (this.#welcomed) this.request({ type: "leave", room, ref: ["leave", room] });
  }

  #transmit(data, request) {
    if (!this.isOpen) return false;
    this.#socket.send(data);
    this.#dispatch("sent", { data, request });
    return true;
  }

  #requestJoin(room) {
    const since = this.#rooms.get(room).position;
    this.request({ type: "join", room, since, ref: ["join", room] });
  }

  #dial() {
    this.#leaving = false;
    this.#openedAt = null;
    let socket;
    try {
      socket = new WebSocket(this.url);
    } catch (error) {
      this.#dispatch("close", { code: null, reason: error.message, reached: false, delay: null });
      return;
    }
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => {
      this.#openedAt = performance.now();
      this.#reached = true;
      this.#dispatch("open", {});
      this.authenticate();
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => this.#ended(code, reason);
    this.#dispatch("connecting", { url: socket.url });
  }

  #receive(data) {
    const reply = typeof data === "string" ? parsed(data) : null;
    this.#dispatch("message", { data, reply });
    this.#handle(reply, data);
  }

  #handle(reply, raw) {
    switch (reply?.type) {
      case "welcome":
        return this.#handleWelcome(reply);
      case "joined":
        return this.#handleJoined(reply);
      case "left":
        this.#rooms.delete(reply.room);
        return this.#dispatch("left", { room: reply.room });
      case "broadcast":
        return this.#handleBroadcast(reply, raw);
      case "error":
        return this.#handleError(reply);
    }
  }

  #handleWelcome({ id, clients }) {
    this.#welcomed = true;
    this.#ids.add(id);
    if (this.#ids.size > MAX_IDS) this.#ids.delete(this.#ids.values().next().value);
    this.#dispatch("welcome", { id, clients });
    for (const room of this.#rooms.keys()) this.#requestJoin(room);
  }

  #handleJoined({ room, clients, epoch, offset, recovered }) {
    const { joined: again = false, position: known } = this.#rooms.get(room) ?? {};
    // If it has recovered, or was in the room already, earlier messages may still follow, and each advances the
    // position.
    const follows = known !== undefined && known.epoch === epoch && recovered !== false;
    const position = follows ? known : epoch === undefined ? undefined : { epoch, offset };
    this.#rooms.set(room, { joined: true, position });
    this.#dispatch("joined", { room, clients, again, recovered });
  }

  #handleBroadcast({ from, room, message, epoch, offset }, raw) {
    const joined = epoch === undefined ? undefined : this.#rooms.get(room);
    if (joined !== undefined) {
      const last = joined.position;
      if (last?.epoch === epoch && offset <= last.offset) return;
      joined.position = { epoch, offset };
    }
    if (!this.#ids.has(from)) this.#dispatch("broadcast", { from, room, message, epoch, offset, raw });
  }

  #handleError({ code, message, ref }) {
    const [verb, room] = Array.isArray(ref) ? ref : [];
    if (verb === "join" && code === "rate_limited") this.#joinLater(room);
    else if (verb === "join" || code === "not_in_room") this.#rooms.delete(room);
    this.#dispatch("refused", { code, message, ref });
  }

  /** Joins again after a time with jitter, so that many rooms are not refused again all at once. */
  #joinLater(room) {
    setTimeout(() => {
      if (this.#welcomed && this.#rooms.has(room)) this.#requestJoin(room);
    }, RATE_LIMITED_MS * (1 + Math.random()));
  }

  #ended(code, reason) {
    this.#socket = null;
    this.#welcomed = false;
    if (this.#openedAt !== null && performance.now() - this.#openedAt > STABLE_MS) this.#attempts = 0;
    const ends = this.#leaving || isFinal(code) || (!this.#reached && this.#attempts >= MAX_ATTEMPTS_UNREACHED - 1);
    const delay = ends ? null : this.#wait();
    this.#dispatch("close", { code, reason, reached: this.#reached, delay });
  }

  /** Waits with full jitter, so that clients do not reconnect to a restarted server all at once. */
  #wait() {
    const delay = Math.random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#retry = setTimeout(() => this.hurry(), delay);
    return delay;
  }

  #stopWaiting() {
    clearTimeout(this.#retry);
    this.#retry = null;
  }

  #abandon(why) {
    this.#stopWaiting();
    this.#welcomed = false;
    const socket = this.#socket;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000, why);
    this.#socket = null;
  }

  #dispatch(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
