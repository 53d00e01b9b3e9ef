// What the scripts for Node and for the browser share.

const PATIENCE_MS = 10_000;

/** Rejects when `promise` takes too long. */
export function soon(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Runs one check and prints its name. */
export async function check(name, body) {
  try {
    const result = await body();
    console.log(`ok: ${name}`);
    return result;
  } catch (error) {
    console.log(`FAILED: ${name}`);
    throw error;
  }
}

/** Messages in the order in which they came, for the next caller. */
export class Inbox {
  #messages = [];
  #waiting = [];

  push(message) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(message);
    else this.#messages.push(message);
  }

  next() {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift());
    return soon(new Promise((resolve) => this.#waiting.push(resolve)), "a message");
  }
}
