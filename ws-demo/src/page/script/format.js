/** The number of UTF-16 code units of a message that the page shows. */
const MAX_SHOWN = 4096;

const encoder = new TextEncoder();

function byteLength(text) {
  return encoder.encode(text).length;
}

/** Formats a number of bytes in a short form. */
function bytes(count) {
  for (const [unit, size] of [["MiB", 1024 * 1024], ["KiB", 1024]]) {
    if (count >= size) return `${Number((count / size).toFixed(count % size === 0 ? 0 : 1))} ${unit}`;
  }
  return count === 1 ? "1 byte" : `${count} bytes`;
}

function milliseconds(time) {
  return `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;
}

function clock(date) {
  const two = (number) => String(number).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

function cut(text) {
  if (text.length <= MAX_SHOWN) return text;
  return `${text.slice(0, MAX_SHOWN)}… (${text.length.toLocaleString("en")} characters)`;
}

function hex(buffer) {
  const shown = [...new Uint8Array(buffer, 0, Math.min(buffer.byteLength, 64))];
  const digits = shown.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `${bytes(buffer.byteLength)}: ${digits}${buffer.byteLength > shown.length ? " …" : ""}`;
}

/** JSON longer than this, in UTF-16 code units, is laid out over several lines. */
const MAX_JSON_LINE = 60;

/** Returns a string as it is, and any other value as JSON. */
function words(value) {
  if (typeof value === "string") return value;
  const line = JSON.stringify(value) ?? "";
  return line.length <= MAX_JSON_LINE ? line : JSON.stringify(value, null, 2);
}
