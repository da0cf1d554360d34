/** The links to the room's devices, and the interlocks that stand. */

import { fill, h } from "../dom.js";
import { sentence } from "../format.js";

const DEVICES = ["linac", "couch", "imager"];
const KINDS = {
  ready: ["good", "\u25cf"],
  connecting: ["warn", "\u2026"],
  negotiating: ["warn", "\u2026"],
  backoff: ["bad", "\u25b2"],
  disconnected: ["none", "\u25cb"],
  closed: ["none", "\u25cb"],
};

export function linkPanel() {
  const links = h("ul", { class: "chips" });
  const interlocks = h("ul", { class: "chips" });
  const dropped = h("p", { class: "quiet-note" });
  const element = h(
    "section",
    { class: "card links", "aria-label": "Links and interlocks" },
    h("h2", {}, "Links"),
    links,
    h("h2", {}, "Interlocks"),
    interlocks,
    dropped,
  );
  let shown = "";
  return {
    element,
    /** @param {any} update @param {any} description */
    show(update, description) {
      const states = { ...(description?.links ?? {}), ...(update?.state?.links ?? {}) };
      const standing = update?.sample?.interlocks ?? [];
      const missed = update?.dropped ?? 0;
      const known = Boolean(update?.sample);
      const key = JSON.stringify([states, standing, missed, known]);
      if (key === shown) return;
      shown = key;
      fill(
        links,
        DEVICES.map((device) => link(device, states[device])),
      );
      fill(
        interlocks,
        standing.length
          ? standing.map((/** @type {string} */ name) => chip("bad", "\u25b2", name))
          : chip(
              known ? "good" : "none",
              known ? "\u2713" : "\u25cb",
              known ? "none stand" : "not known yet",
            ),
      );
      fill(dropped, missed > 0 && `This page was too slow for ${missed} updates; it shows the latest.`);
    },
  };
}

/** @param {string} device @param {string | {state?: string} | undefined} found */
function link(device, found) {
  const state = (typeof found === "string" ? found : found?.state) ?? "disconnected";
  const [kind, sign] = KINDS[/** @type {keyof typeof KINDS} */ (state)] ?? ["warn", "?"];
  return chip(kind, sign, `${sentence(device)} ${state}`);
}

/** @param {string} kind @param {string} sign @param {string} text */
function chip(kind, sign, text) {
  return h("li", { class: `chip ${kind}` }, h("span", { "aria-hidden": "true" }, `${sign} `), text);
}
