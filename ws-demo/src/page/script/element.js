function element(id) {
  return document.getElementById(id);
}

function span(className, text) {
  return textElement("span", className, text);
}

/** Creates an element with a text from elsewhere, whose direction does not affect what surrounds it. */
function foreign(className, text) {
  return textElement("bdi", className, text);
}

function textElement(name, className, text) {
  const created = document.createElement(name);
  created.className = className;
  created.textContent = text;
  return created;
}

/** Isolates a text from elsewhere where elements are not possible (Unicode Annex 9, §2.4). */
function isolated(text) {
  return `\u2068${text}\u2069`;
}

/** Returns whether a toggle button is pressed. */
function isOn(button) {
  return button.getAttribute("aria-pressed") === "true";
}

function toggle(button) {
  button.setAttribute("aria-pressed", String(!isOn(button)));
}
