/** The number of rooms shown that this page has not joined. */
const MAX_OTHER_ROOMS = 24;

/** The number of rooms that are requested: those beside the joined ones, of which there are 64 by default. */
const LISTED_ROOMS = 64 + MAX_OTHER_ROOMS;

/** The rooms of the server, and which of them this page has joined. */
class Rooms {
  #list = element("rooms");
  #name = element("room");
  #error = element("room-error");
  /** The number of clients in each room. */
  #clients = new Map();
  /** The number of rooms of the server, which may be more than it lists. */
  #total = 0;
  /** The joined rooms, kept across a lost connection to join them again. */
  #joined = new Set();
  #usable = false;
  /** What the list shows, to redraw it only on a change: the user may be about to press a button in it. */
  #drawn = "";
  #send;
  #onChange;

  /** `send(request)` sends a request; `onChange()` is called after each change of `joined`. */
  constructor(send, onChange) {
    this.#send = send;
    this.#onChange = onChange;
    element("join").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#error.textContent = "";
      this.#join(this.#name.value);
    });
    this.#name.addEventListener("input", () => (this.#error.textContent = ""));
    this.#draw();
  }

  /** The joined rooms, sorted. */
  get joined() {
    return [...this.#joined].sort((a, b) => a.localeCompare(b));
  }

  /** Joins the rooms again after connecting. */
  start() {
    this.#usable = true;
    for (const room of this.joined) this.#join(room);
    this.refresh();
    this.#draw();
  }

  stop() {
    this.#usable = false;
    this.#clients.clear();
    this.#total = 0;
    this.#draw();
  }

  /** Discards the joined rooms, before connecting to a different server. */
  forget() {
    this.#joined.clear();
    this.#changed();
  }

  refresh() {
    this.#send({ type: "rooms", limit: LISTED_ROOMS });
  }

  hasJoined(room, clients) {
    this.#joined.add(room);
    this.#clients.set(room, clients);
    if (this.#name.value === room) this.#name.value = "";
    this.#error.textContent = "";
    this.#changed();
  }

  hasLeft(room) {
    this.#joined.delete(room);
    this.refresh();
    this.#changed();
  }

  hasList(rooms, total) {
    this.#clients = new Map(rooms);
    this.#total = total;
    this.#draw();
  }

  /** Handles the error of a request, which `ref` identifies as `[verb, room]`. */
  hasFailed([verb, room], code, why) {
    this.#error.textContent = why;
    const outside = verb === "join" || code === "not_in_room";
    if (outside && this.#joined.delete(room)) this.#changed();
  }

  #join(room) {
    this.#send({ type: "join", room, ref: ["join", room] });
  }

  #leave(room) {
    this.#send({ type: "leave", room, ref: ["leave", room] });
  }

  #changed() {
    this.#draw();
    this.#onChange();
  }

  #draw() {
    const joined = this.joined;
    const others = [...this.#clients].filter(([room]) => !this.#joined.has(room));
    others.sort(([a, few], [b, many]) => many - few || a.localeCompare(b));
    const shown = [...joined, ...others.slice(0, MAX_OTHER_ROOMS).map(([room]) => room)];
    const drawn = JSON.stringify([this.#usable, joined, shown.map((room) => [room, this.#clients.get(room)])]);
    if (drawn !== this.#drawn) this.#drawChips(shown);
    this.#drawn = drawn;
    this.#list.hidden = shown.length === 0;
    element("no-rooms").hidden = shown.length > 0;
    const hidden = this.#usable ? this.#total - shown.length : 0;
    element("more-rooms").hidden = hidden <= 0;
    element("more-rooms").textContent = `and ${hidden.toLocaleString("en")} more`;
    for (const control of element("join").elements) control.disabled = !this.#usable;
  }

  #drawChips(rooms) {
    const focused = document.activeElement?.closest("#rooms button")?.dataset.room;
    this.#list.replaceChildren(...rooms.map((room) => this.#chip(room)));
    if (focused === undefined) return;
    [...this.#list.querySelectorAll("button")].find(({ dataset }) => dataset.room === focused)?.focus();
  }

  #chip(room) {
    const joined = this.#joined.has(room);
    const clients = this.#clients.get(room);
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "chip";
    chip.disabled = !this.#usable;
    chip.dataset.room = room;
    chip.setAttribute("aria-pressed", String(joined));
    chip.title = joined ? `Leave ${room}` : `Join ${room}`;
    const name = document.createElement("bdi");
    name.textContent = room;
    chip.append(name);
    if (clients !== undefined) {
      chip.append(span("count", String(clients)));
      chip.setAttribute("aria-label", `${room}, ${clients} ${clients === 1 ? "client" : "clients"}`);
    }
    chip.addEventListener("click", () => (joined ? this.#leave(room) : this.#join(room)));
    const item = document.createElement("li");
    item.append(chip);
    return item;
  }
}
