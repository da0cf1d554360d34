/** Light or dark: as the system has it, or as chosen here. */

import { h, mark, say } from "./dom.js";

const listeners = new Set();
const system = window.matchMedia("(prefers-color-scheme: dark)");

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : system.matches;
}

/** Told when the colours change. @param {() => void} listener @returns {() => void} ends it */
export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A colour of the style sheet by its name. @param {string} name */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** @returns {HTMLElement} the switch */
export function themeSwitch() {
  const button = h("button", { type: "button", class: "quiet", onclick: turn }, "");
  const show = () => {
    say(button, isDark() ? "Light" : "Dark");
    mark(button, "aria-label", `Use ${isDark() ? "light" : "dark"} colours`);
  };
  onTheme(show);
  show();
  return button;
}

function turn() {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  window.localStorage.setItem("theme", next);
  changed();
}

function changed() {
  for (const listener of listeners) listener();
}

system.addEventListener("change", changed);
