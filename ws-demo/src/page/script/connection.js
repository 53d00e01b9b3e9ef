const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

/** After a connection that was open for this time, the delays start again from the first. */
const STABLE_MS = 10_000;

/** A connection to a server that reconnects. */
class Connection {
  #socket = null;
  /** The URL, as it was entered. */
  url = "";
  #openedAt = null;
  #attempts = 0;
  #retry = null;
  /** Whether this page is closing the connection. */
  #leaving = false;
  #observer;

  /** The observer has `connecting(url)`, `opened()`, `message(data)`, `ended(code, reason, delay)`. */
  constructor(observer) {
    this.#observer = observer;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  get isWaiting() {
    return this.#retry !== null;
  }

  /** Connects, and replaces the current connection. */
  open(url) {
    this.url = url;
    this.#attempts = 0;
    this.#abandon("connecting again");
    this.#dial();
  }

  /** Connects now if it is waiting to reconnect. */
  hurry() {
    if (!this.isWaiting) return;
    this.#stopWaiting();
    this.#dial();
  }

  /** Closes the connection, or stops reconnecting; the observer is notified only of the former. */
  close() {
    this.#stopWaiting();
    this.#leaving = true;
    this.#socket?.close(1000, "Done");
  }

  /** Abandons an unresponsive connection, which its socket may detect only much later. */
  lose() {
    this.#abandon("no answer");
    this.#ended(1006, "no answer to pings");
  }

  send(text) {
    if (this.isOpen) this.#socket.send(text);
  }

  #dial() {
    this.#leaving = false;
    this.#openedAt = null;
    let socket;
    try {
      socket = new WebSocket(this.url);
    } catch (error) {
      this.#observer.ended(null, error.message, null);
      return;
    }
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#observer.connecting(socket.url);
    socket.onopen = () => {
      this.#openedAt = performance.now();
      this.#observer.opened();
    };
    socket.onmessage = ({ data }) => this.#observer.message(data);
    socket.onclose = ({ code, reason }) => this.#ended(code, reason);
  }

  #ended(code, reason) {
    this.#socket = null;
    if (this.#openedAt !== null && performance.now() - this.#openedAt > STABLE_MS) this.#attempts = 0;
    this.#observer.ended(code, reason, this.#leaving || isFinal(code) ? null : this.#wait());
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
    const socket = this.#socket;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000, why);
    this.#socket = null;
  }
}
