/** Shows why there is no connection, and when the next attempt starts, if any. */
class Notice {
  #notice = element("notice");
  #countdown = element("countdown");
  #progress = element("progress");
  #timer = null;

  /** `delay` is the time until the next attempt, in milliseconds; `null` if there will be none. */
  show({ title, because, advice }, delay) {
    this.hide();
    const again = delay !== null;
    element("ending").textContent = title;
    element("because").textContent = because;
    element("advice").textContent = advice;
    element("stay").hidden = this.#countdown.hidden = !again;
    element("retry").textContent = again ? "Connect now" : "Connect again";
    element("retry").disabled = false;
    this.#notice.hidden = false;
    if (again) this.#countDown(delay);
  }

  /** Shows that the next attempt has started, if the notice is shown. */
  connect() {
    this.#stop();
    this.#countdown.textContent = "Now";
    element("retry").disabled = true;
  }

  hide() {
    this.#stop();
    this.#notice.hidden = true;
  }

  #stop() {
    clearInterval(this.#timer);
    for (const animation of this.#progress.getAnimations()) animation.cancel();
  }

  #countDown(delay) {
    const end = performance.now() + delay;
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      this.#countdown.textContent = left === 0 ? "Now" : `In ${left} s`;
    };
    tick();
    this.#timer = setInterval(tick, 200);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.#progress.animate([{ transform: "none" }, { transform: "scaleX(0)" }], delay);
  }
}
