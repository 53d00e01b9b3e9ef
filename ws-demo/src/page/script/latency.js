const PING_INTERVAL_MS = 1000;

/** The number of ticks without a pong after which the connection counts as lost. */
const MAX_SILENT_TICKS = 20;

const MAX_SAMPLES = 60;

/** Pings the server, and shows the round-trip times. */
class Latency {
  #value = element("latency");
  #range = element("latency-range");
  #curve = element("curve");
  #samples = [];
  #timer = null;
  /** When the ping was sent whose pong is pending; `null` if none is. */
  #outstanding = null;
  #silentTicks = 0;
  #ping;
  #onSilence;

  /** `ping(time)` sends a ping; `onSilence()` is called when no pong has arrived for too long. */
  constructor(ping, onSilence) {
    this.#ping = ping;
    this.#onSilence = onSilence;
  }

  start() {
    this.stop();
    this.#timer = setInterval(() => this.#tick(), PING_INTERVAL_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
    this.#outstanding = null;
    this.#silentTicks = 0;
    this.#value.textContent = "–";
    this.#value.classList.remove("problem");
  }

  /** Discards the samples, before connecting to a different server. */
  forget() {
    this.#samples = [];
    this.#range.textContent = "";
    for (const path of this.#curve.children) path.removeAttribute("d");
  }

  /** Handles a pong, which repeats the time of its ping. */
  pong(time) {
    if (time !== this.#outstanding) return;
    this.#outstanding = null;
    this.#silentTicks = 0;
    this.#samples.push(performance.now() - time);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
    this.#show();
  }

  // Ticks are counted, not time: after a page was frozen, both ticks and pongs are pending.
  #tick() {
    if (this.#outstanding === null) {
      this.#outstanding = performance.now();
      this.#ping(this.#outstanding);
      return;
    }
    this.#silentTicks += 1;
    this.#value.classList.add("problem");
    this.#value.textContent = "no answer";
    if (this.#silentTicks === MAX_SILENT_TICKS) this.#onSilence();
  }

  #show() {
    const sorted = [...this.#samples].sort((a, b) => a - b);
    const [median, most] = [sorted[sorted.length >> 1], sorted[sorted.length - 1]];
    this.#value.classList.remove("problem");
    this.#value.textContent = milliseconds(this.#samples.at(-1));
    this.#range.textContent = `median ${milliseconds(median)} · most ${milliseconds(most)}`;
    this.#curve.setAttribute("aria-label", `The last ${sorted.length} answers: ${this.#range.textContent}`);
    this.#draw(most);
  }

  #draw(most) {
    const { width, height } = this.#curve.viewBox.baseVal;
    const step = width / (MAX_SAMPLES - 1);
    const start = width - step * (this.#samples.length - 1);
    const points = this.#samples.map((sample, index) => {
      const y = height - 3 - (sample / Math.max(most, 1)) * (height - 8);
      return `${(start + index * step).toFixed(1)} ${y.toFixed(1)}`;
    });
    const line = points.length === 1 ? `M${points[0]}h0` : `M${points.join("L")}`;
    this.#curve.querySelector(".line").setAttribute("d", line);
    this.#curve.querySelector(".area").setAttribute("d", `${line}V${height}H${start.toFixed(1)}Z`);
  }
}
