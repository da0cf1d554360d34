/** What a screen reader is told, and the short notes that everyone sees. */

import { h, say } from "./dom.js";

const NOTE_MS = 8000;
const KEPT = 3;

/** When it suits: a change of state. What comes at once does not replace it. @param {string} text */
export function tell(text) {
  const place = /** @type {Element} */ (document.getElementById("polite"));
  place.append(h("p", {}, text));
  while (place.childElementCount > KEPT) place.firstElementChild?.remove();
}

/** At once: what needs a person. @param {string} text */
export function warn(text) {
  say(/** @type {Element} */ (document.getElementById("urgent")), text);
}

/** A note in the corner. @param {string} text @param {"info" | "error"} [kind] */
export function note(text, kind = "info") {
  const place = /** @type {Element} */ (document.getElementById("toasts"));
  const close = h("button", { type: "button", class: "quiet", "aria-label": "Close" }, "\u00d7");
  const shown = h("div", { class: `toast ${kind}` }, h("p", {}, text), close);
  close.addEventListener("click", () => shown.remove());
  place.append(shown);
  while (place.childElementCount > KEPT) place.firstElementChild?.remove();
  if (kind === "error") {
    warn(text);
  } else {
    tell(text);
    setTimeout(() => shown.remove(), NOTE_MS);
  }
}

/** Run a command of a person; what goes wrong is told in words.
 * @param {() => Promise<any>} work @param {HTMLElement | null} [button] busy meanwhile */
export async function attempt(work, button = null) {
  if (button?.getAttribute("aria-busy") === "true") return undefined;
  button?.setAttribute("aria-busy", "true");
  try {
    return await work();
  } catch (problem) {
    note(problem instanceof Error ? problem.message : String(problem), "error");
    return undefined;
  } finally {
    button?.removeAttribute("aria-busy");
  }
}
