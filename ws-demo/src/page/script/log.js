/** The number of entries that are kept. */
const MAX_ENTRIES = 500;

/** Entries longer than this, in UTF-16 code units, are folded. */
const MAX_UNFOLDED = 600;
const MAX_UNFOLDED_LINES = 12;

/** The kinds of entries that each option of the filter shows. */
const KINDS = {
  usual: ["sent", "received", "event", "problem"],
  messages: ["sent", "received"],
  sent: ["sent"],
  received: ["received"],
  events: ["event", "problem"],
  all: ["sent", "received", "event", "problem", "protocol"],
};

/**
 * The messages and events of the connection.
 *
 * An entry has a `kind`, a `label`, a `text` and, if it was a message, the `raw` form of it and
 * perhaps a `room`. Content from peers is always rendered as text.
 */
class Log {
  #list = element("entries");
  #view = element("log");
  #filter = element("filter");
  #kind = element("kind");
  #raw = element("raw");
  #pause = element("pause");
  #newest = element("newest");
  #entries = [];
  #count = 0;
  #dropped = 0;
  /** The number of the first entry that the list does not show yet. */
  #drawn = 0;
  #scheduled = false;
  /** Whether the newest entry is kept in view: until the user scrolls up. */
  #following = true;
  /** The last scroll position, to detect scrolling up. */
  #top = 0;
  #unseen = 0;

  constructor() {
    this.#filter.addEventListener("input", () => this.#redraw());
    this.#kind.addEventListener("change", () => this.#redraw());
    this.#raw.addEventListener("click", () => {
      toggle(this.#raw);
      this.#redraw();
    });
    this.#pause.addEventListener("click", () => {
      toggle(this.#pause);
      this.#draw();
    });
    element("clear").addEventListener("click", () => {
      this.#entries = [];
      this.#dropped = 0;
      this.#drawn = this.#count;
      this.#redraw();
    });
    this.#newest.addEventListener("click", () => {
      this.#following = true;
      this.#follow();
    });
    this.#view.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.#view;
      if (scrollHeight - scrollTop - clientHeight < 40) this.#following = true;
      else if (scrollTop < this.#top) this.#following = false;
      this.#top = scrollTop;
      if (this.#following) this.#unseen = 0;
      this.#showNewest();
    });
    new ResizeObserver(() => this.#follow()).observe(this.#view);
    this.#redraw();
  }

  sent(label, text, raw, room) {
    this.#add({ kind: "sent", label, room, text, raw });
  }

  received(label, text, raw, room) {
    this.#add({ kind: "received", label, room, text, raw });
  }

  event(text) {
    this.#add({ kind: "event", label: "", text });
  }

  problem(label, text, raw) {
    this.#add({ kind: "problem", label, text, raw });
  }

  /** Adds a message that the page or the server sends automatically; kept only while these are shown. */
  protocol(label, raw) {
    if (this.#kind.value === "all") this.#add({ kind: "protocol", label, text: raw, raw });
  }

  #add({ kind, label, room = "", text, raw = text }) {
    const number = this.#count;
    this.#entries.push({ number, kind, label, room, text: cut(text), raw: cut(raw), time: new Date() });
    this.#count += 1;
    if (this.#entries.length > MAX_ENTRIES) {
      this.#entries.shift();
      this.#dropped += 1;
    }
    // Many messages may arrive between two animation frames.
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  #redraw() {
    this.#list.replaceChildren();
    this.#following = true;
    this.#append(this.#entries.filter(({ number }) => number < this.#drawn));
    this.#draw();
  }

  /** Updates the list, unless it is paused. */
  #draw() {
    const waiting = this.#count - this.#drawn;
    const paused = isOn(this.#pause);
    if (!paused) {
      this.#append(this.#entries.filter(({ number }) => number >= this.#drawn));
      this.#drawn = this.#count;
      this.#trim();
    }
    this.#pause.textContent = !paused ? "Pause" : waiting === 0 ? "Resume" : `Resume (${waiting} new)`;
    element("nothing").hidden = this.#list.childElementCount > 0;
    this.#follow();
  }

  #append(entries) {
    const matching = entries.filter((entry) => this.#matches(entry));
    this.#list.append(...matching.map((entry) => this.#item(entry)));
    if (!this.#following) this.#unseen += matching.length;
  }

  /** Removes entries from the list that are no longer kept. */
  #trim() {
    const oldest = this.#count - this.#entries.length;
    this.#list.querySelector(".dropped")?.remove();
    while (Number(this.#list.firstElementChild?.dataset.number) < oldest) {
      this.#list.firstElementChild.remove();
    }
    if (this.#dropped > 0) {
      const item = document.createElement("li");
      item.className = "dropped";
      item.textContent = `${this.#dropped.toLocaleString("en")} earlier entries are not kept`;
      this.#list.prepend(item);
    }
  }

  #matches({ kind, label, room, text, raw }) {
    if (!KINDS[this.#kind.value].includes(kind)) return false;
    const wanted = this.#filter.value.trim().toLowerCase();
    return wanted === "" || [label, room, text, raw].some((part) => part.toLowerCase().includes(wanted));
  }

  #item(entry) {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.dateTime = entry.time.toISOString();
    time.textContent = clock(entry.time);
    const direction = span("direction", { sent: "Sent", received: "Received", problem: "Problem" }[entry.kind] ?? "");
    item.className = entry.kind;
    item.dataset.number = entry.number;
    const text = isOn(this.#raw) ? entry.raw : entry.text;
    const label = span("label", "");
    label.append(foreign("name", entry.label));
    if (entry.room) {
      const room = span("room", " in ");
      room.append(foreign("name", entry.room));
      label.append(room);
    }
    item.append(time, direction, label, foreign("text", text));
    if (text.length > MAX_UNFOLDED || lines(text) > MAX_UNFOLDED_LINES) item.append(unfolding(item));
    return item;
  }

  #follow() {
    if (this.#following) {
      this.#view.scrollTop = this.#view.scrollHeight;
      this.#top = this.#view.scrollTop;
      this.#unseen = 0;
    }
    this.#showNewest();
  }

  #showNewest() {
    this.#newest.hidden = this.#following;
    this.#newest.textContent = this.#unseen > 0 ? `${this.#unseen} new ↓` : "Newest ↓";
  }
}

function lines(text) {
  return text.split("\n", MAX_UNFOLDED_LINES + 1).length;
}

/** Creates a button that shows a long entry completely. */
function unfolding(item) {
  const button = document.createElement("button");
  const show = (folded) => {
    item.classList.toggle("folded", folded);
    button.textContent = folded ? "Show all" : "Show less";
    button.setAttribute("aria-expanded", String(!folded));
  };
  button.type = "button";
  button.className = "fold";
  button.addEventListener("click", () => show(!item.classList.contains("folded")));
  show(true);
  return button;
}
