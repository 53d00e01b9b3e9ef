/** Asks for a token, and remembers for which server it is. */
class Authentication {
  #question = element("authentication");
  #field = element("token");
  /** The server that is asking. */
  #asking = null;
  #known = null;

  /** `onToken(url)` is called when there is a token for the server. */
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
    // Who is writing goes on writing.
    if (element("message").value === "") this.#field.select();
  }

  hide() {
    this.#question.hidden = true;
  }

  /** The token that was known is not good. */
  forget() {
    this.#known = null;
  }

  /** The token for this server and no other, if there is one. */
  tokenFor(url) {
    return this.#known?.url === url ? this.#known.token : null;
  }
}
