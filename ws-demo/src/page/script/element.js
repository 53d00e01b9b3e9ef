"use strict";

function element(id) {
  return document.getElementById(id);
}

function span(className, text) {
  const span = document.createElement("span");
  span.className = className;
  span.textContent = text;
  return span;
}

/** Returns whether a toggle button is pressed. */
function isOn(button) {
  return button.getAttribute("aria-pressed") === "true";
}

function toggle(button) {
  button.setAttribute("aria-pressed", String(!isOn(button)));
}
