/** Asks for a token, and remembers which server it is for. */
class Authentication {
  #question = element("authentication");
  #field = element("token");
  /** The server that requires the token. */
  #asking = null;
  #known = null;

  /** `onToken(url)` is called when a token for the server was entered. */
  constructor(onToken) {
    this.#question.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#known = { url: this.#asking, token: this.#field.value };
      onToken(this.#asking);
    });
  }

  ask(url, question, detail) {
    if (url !== this.#asking) this.#field.value = "";
    this.#asking = url;
    element("question").textContent = question;
    element("question-detail").textContent = detail;
    this.#question.hidden = false;
    // A message that is being written keeps the focus.
    if (element("message").value === "") this.#field.select();
  }

  hide() {
    this.#question.hidden = true;
  }

  /** Discards the token, which the server has refused. */
  forget() {
    this.#known = null;
  }

  /** Returns the token if it is for this server, otherwise `null`. */
  tokenFor(url) {
    return this.#known?.url === url ? this.#known.token : null;
  }
}
