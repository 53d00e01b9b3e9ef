/** The number of texts that are kept. */
const MAX_TEXTS = 50;

/** The texts that were sent from a field, for ArrowUp and ArrowDown. */
class InputHistory {
  #field;
  #texts = [];
  /** The index of the text that the field shows; that of a new one is the number of texts. */
  #index = 0;
  /** What was being written when the first text was recalled. */
  #draft = "";

  constructor(field) {
    this.#field = field;
  }

  add(text) {
    if (text !== "" && text !== this.#texts.at(-1)) this.#texts.push(text);
    if (this.#texts.length > MAX_TEXTS) this.#texts.shift();
    this.#index = this.#texts.length;
    this.#draft = "";
  }

  /** Shows another text if the key asks for one and does not move the cursor within the field. */
  handles(key) {
    const { value, selectionStart: start, selectionEnd: end } = this.#field;
    if (start !== end) return false;
    if (key === "ArrowUp" && !value.slice(0, start).includes("\n")) return this.#show(this.#index - 1);
    if (key === "ArrowDown" && !value.slice(end).includes("\n")) return this.#show(this.#index + 1);
    return false;
  }

  #show(index) {
    if (index < 0 || index > this.#texts.length) return false;
    if (this.#index === this.#texts.length) this.#draft = this.#field.value;
    this.#index = index;
    this.#field.value = this.#texts[index] ?? this.#draft;
    return true;
  }
}
