const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

/** A connection that lived as long was no failed attempt. */
const STABLE_MS = 10_000;

/** A connection to a server, and the attempts to get it back. */
class Connection {
  #socket = null;
  /** Where it goes, as it was given. */
  url = "";
  #openedAt = null;
  #attempts = 0;
  #retry = null;
  /** Whether it is this page that ends the connection. */
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

  /** Connects, in place of the connection there is. */
  open(url) {
    this.url = url;
    this.#attempts = 0;
    this.#abandon("connecting again");
    this.#dial();
  }

  /** Connects now, if it waits to. */
  hurry() {
    if (!this.isWaiting) return;
    this.#stopWaiting();
    this.#dial();
  }

  /** Ends the connection, or the attempts to get it back; only the former is told to the observer. */
  close() {
    this.#stopWaiting();
    this.#leaving = true;
    this.#socket?.close(1000, "Done");
  }

  /** Gives up a connection that is dead, which its socket may find out only much later. */
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

  /** Waits with full jitter, so that the clients of a server that comes back do not come at once. */
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
