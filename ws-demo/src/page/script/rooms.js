/** The number of rooms shown that this page has not joined. */
const MAX_OTHER_ROOMS = 24;

/** The number of rooms that are requested: those beside the joined ones, of which there are 64 by default. */
const LISTED_ROOMS = 64 + MAX_OTHER_ROOMS;

/** The list of rooms, and the form to join one. */
class Rooms {
  #list = element("rooms");
  #name = element("room");
  #error = element("room-error");
  /** The number of clients in each room. */
  #clients = new Map();
  /** The number of rooms of the server, which may be more than it lists. */
  #total = 0;
  #usable = false;
  /** What the list shows, to redraw it only on a change: the user may be about to press a button in it. */
  #drawn = "";
  #client;

  constructor(client) {
    this.#client = client;
    element("join").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#error.textContent = "";
      client.join(this.#name.value);
    });
    this.#name.addEventListener("input", () => (this.#error.textContent = ""));
    this.draw();
  }

  /** Lets the user join and leave rooms, after connecting. */
  start() {
    this.#usable = true;
    this.draw();
  }

  stop() {
    this.#usable = false;
    this.#clients.clear();
    this.#total = 0;
    this.draw();
  }

  refresh() {
    this.#client.request({ type: "rooms", limit: LISTED_ROOMS });
  }

  hasJoined(room, clients) {
    this.#clients.set(room, clients);
    if (this.#name.value === room) this.#name.value = "";
    this.#error.textContent = "";
    this.draw();
  }

  hasList(rooms, total) {
    this.#clients = new Map(rooms);
    this.#total = total;
    this.draw();
  }

  hasFailed(why) {
    this.#error.textContent = why;
    this.draw();
  }

  draw() {
    const joined = this.#client.rooms;
    const isJoined = new Set(joined);
    const others = [...this.#clients].filter(([room]) => !isJoined.has(room));
    others.sort(([a, few], [b, many]) => many - few || a.localeCompare(b));
    const shown = [...joined, ...others.slice(0, MAX_OTHER_ROOMS).map(([room]) => room)];
    const drawn = JSON.stringify([this.#usable, joined, shown.map((room) => [room, this.#clients.get(room)])]);
    if (drawn !== this.#drawn) this.#drawChips(shown, isJoined);
    this.#drawn = drawn;
    this.#list.hidden = shown.length === 0;
    element("no-rooms").hidden = shown.length > 0;
    const hidden = this.#usable ? this.#total - shown.length : 0;
    element("more-rooms").hidden = hidden <= 0;
    element("more-rooms").textContent = `and ${hidden.toLocaleString("en")} more`;
    for (const control of element("join").elements) control.disabled = !this.#usable;
  }

  #drawChips(rooms, isJoined) {
    const focused = document.activeElement?.closest("#rooms button")?.dataset.room;
    this.#list.replaceChildren(...rooms.map((room) => this.#chip(room, isJoined.has(room))));
    if (focused === undefined) return;
    [...this.#list.querySelectorAll("button")].find(({ dataset }) => dataset.room === focused)?.focus();
  }

  #chip(room, joined) {
    const clients = this.#clients.get(room);
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "chip";
    chip.disabled = !this.#usable;
    chip.dataset.room = room;
    chip.setAttribute("aria-pressed", String(joined));
    chip.title = `${joined ? "Leave" : "Join"} ${isolated(room)}`;
    chip.append(foreign("name", room));
    if (clients !== undefined) {
      const unit = clients === 1 ? " client" : " clients";
      chip.append(span("unseen", ", "), span("count", String(clients)), span("unseen", unit));
    }
    chip.addEventListener("click", () => (joined ? this.#client.leave(room) : this.#client.join(room)));
    const item = document.createElement("li");
    item.append(chip);
    return item;
  }
}
