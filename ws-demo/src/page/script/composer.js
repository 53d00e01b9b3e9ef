const ECHO = "echo";
const EVERYONE = "everyone";
const ROOM = "room:";

/** The form that sends messages: target, text, and size. */
class Composer {
  #target = element("target");
  #message = element("message");
  #button = element("send");
  #size = element("size");
  #history = new InputHistory(this.#message);
  /** The size limit of the server in bytes; `null` if it is unknown. */
  #limit = null;
  #enabled = false;
  #tooBig = false;
  #send;

  /** `send(label, text, raw, room)` sends `raw`, which contains `text`; the log shows the others. */
  constructor(send) {
    this.#send = send;
    element("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#message.addEventListener("keydown", (event) => this.#key(event));
    this.#message.addEventListener("input", () => this.#measure());
    this.#target.addEventListener("change", () => this.#measure());
    this.offer([]);
  }

  enable(enabled) {
    this.#enabled = enabled;
    this.#measure();
  }

  set limit(limit) {
    this.#limit = limit;
    this.#measure();
  }

  /** Offers these rooms as targets. If the selected room is gone, the target is the echo. */
  offer(rooms) {
    const chosen = this.#target.value;
    const options = [
      [ECHO, "Echo to me"],
      [EVERYONE, "Everyone else"],
      ...rooms.map((room) => [ROOM + room, `Room ${isolated(room)}`]),
    ];
    this.#target.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
    this.#target.value = options.some(([value]) => value === chosen) ? chosen : ECHO;
    this.#measure();
  }

  /** Selects an offered room as the target. */
  select(room) {
    this.#target.value = ROOM + room;
    this.#measure();
  }

  get #room() {
    const { value } = this.#target;
    return value.startsWith(ROOM) ? value.slice(ROOM.length) : null;
  }

  #key(event) {
    // During composition, Enter belongs to the input method.
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (this.#history.handles(event.key)) {
      event.preventDefault();
      this.#measure();
    }
  }

  #submit() {
    if (this.#button.disabled) return;
    const text = this.#message.value;
    const [label, , raw] = this.#address(text);
    this.#send(label, text, raw, this.#room ?? undefined);
    this.#history.add(text);
    this.#message.value = "";
    this.#measure();
    this.#message.focus();
  }

  /** Returns a label and a hint for the target, and the message on the wire. */
  #address(message) {
    const room = this.#room;
    if (room !== null) {
      const hint = `Sent to the other clients in ${isolated(room)}.`;
      return ["you", hint, JSON.stringify({ type: "broadcast", room, message })];
    }
    if (this.#target.value === EVERYONE) {
      const hint = "Sent to all other clients: open this page in a second tab to see it.";
      return ["you to everyone", hint, JSON.stringify({ type: "broadcast", message })];
    }
    return ["you", "The server sends it back to you only. It may be JSON.", message];
  }

  #measure() {
    const [, hint, raw] = this.#address(this.#message.value);
    element("target-hint").textContent = hint;
    const size = byteLength(raw);
    const limit = this.#limit;
    this.#tooBig = limit !== null && size > limit;
    this.#button.disabled = !this.#enabled || this.#tooBig;
    this.#message.setAttribute("aria-invalid", String(this.#tooBig));
    this.#size.className = "small";
    if (this.#message.value === "") {
      this.#size.textContent = limit === null ? "" : `up to ${bytes(limit)}`;
    } else if (limit === null) {
      this.#size.textContent = bytes(size);
    } else if (size <= limit * 0.9) {
      this.#size.textContent = `${bytes(size)} of ${bytes(limit)}`;
    } else {
      const exact = (count) => count.toLocaleString("en");
      this.#size.classList.add(this.#tooBig ? "problem" : "warning");
      this.#size.textContent = `${exact(size)} of ${exact(limit)} bytes${this.#tooBig ? ": too big to send" : ""}`;
    }
  }
}
