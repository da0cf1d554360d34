/** Verdicts by sign and word, never by colour alone. */

import { h } from "../dom.js";

const WORDS = { pass: ["pass", "\u2713 pass"], fail: ["error", "\u2716 fail"] };

/** @param {string | null | undefined} verdict @param {string} [state] */
export function verdictTag(verdict, state = "") {
  const [kind, text] = WORDS[/** @type {keyof typeof WORDS} */ (verdict ?? "")] ?? [
    "info",
    state === "running" ? "\u25cf running" : "\u2013 none",
  ];
  return h("span", { class: `tag ${kind}` }, text);
}
