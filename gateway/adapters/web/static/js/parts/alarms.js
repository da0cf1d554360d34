/** Alarms: what needs a person, until a person says that they know. */

import { command, get } from "../api.js";
import { attempt, note, warn } from "../announce.js";
import { fill, h, say } from "../dom.js";
import { clock, counted } from "../format.js";
import { mayOperate } from "../session.js";

const EVERY_MS = 5000;
const MOST = 20;

export function alarmPanel() {
  const title = h("h2", {}, "");
  const list = h("ul", { class: "alarms" });
  const bar = h("section", { class: "card alarm-bar", "aria-label": "Alarms to acknowledge", hidden: true }, title, list);
  const past = h("ul", { class: "alarms" });
  const element = h("section", { class: "card", "aria-label": "Acknowledged alarms" }, h("h2", {}, "Acknowledged alarms"), past);
  let seen = "";
  let sequence = -1;
  const told = new Set();
  let first = true;

  async function refresh() {
    let found;
    try {
      found = await get("/alarms");
    } catch {
      return;
    }
    const alarms = rows(found);
    const key = JSON.stringify([alarms, mayOperate()]);
    if (key === seen) return;
    seen = key;
    const open = alarms.filter((one) => !one.acknowledged);
    bar.hidden = open.length === 0;
    say(title, `${counted(open.length, "alarm")} to acknowledge`);
    for (const one of open) {
      if (!first && !told.has(one.id)) warn(`Alarm: ${one.text}`);
      told.add(one.id);
    }
    first = false;
    fill(list, open.slice(0, MOST).map((one) => alarm(one, refresh)));
    const known = alarms.filter((one) => one.acknowledged).slice(0, MOST);
    fill(past, known.length ? known.map((one) => alarm(one, refresh)) : h("li", { class: "quiet-note" }, "None."));
  }

  const timer = setInterval(() => document.hidden || refresh(), EVERY_MS);
  return {
    bar,
    element,
    refresh,
    /** The record has come so far. @param {number | undefined} now */
    nudge(now) {
      if (now === undefined || now === sequence) return;
      sequence = now;
      refresh();
    },
    close() {
      clearInterval(timer);
    },
  };
}

/** @param {any} found @returns {any[]} */
function rows(found) {
  const list = Array.isArray(found) ? found : found.alarms ?? found.items ?? [];
  return list.map((/** @type {any} */ one) => ({
    id: one.id ?? one.alarm,
    text: one.text ?? one.message,
    severity: one.severity ?? "warning",
    at: one.at,
    delivery: one.delivery_id,
    acknowledged: one.acknowledged_by ?? (one.acknowledged ? "somebody" : ""),
  }));
}

/** @param {any} one @param {() => void} refresh */
function alarm(one, refresh) {
  const button = h("button", { type: "button", class: "small", "aria-label": `Acknowledge: ${one.text}`, disabled: !mayOperate() }, "Acknowledge");
  button.addEventListener("click", () => attempt(async () => {
    await command("POST", `/alarms/${encodeURIComponent(one.id)}/acknowledge`, {});
    note("Alarm acknowledged");
    refresh();
  }, button));
  return h(
    "li",
    { class: `alarm ${one.acknowledged ? "known" : one.severity}` },
    h("p", {}, h("span", { class: "alarm-sign", "aria-hidden": "true" }, one.acknowledged ? "\u2713 " : "\u25b2 "), one.text),
    h("p", { class: "alarm-foot" },
      h("span", {}, one.at ? clock(one.at) : "", one.delivery ? [" \u00b7 ", h("a", { href: `#/deliveries/${one.delivery}` }, one.delivery)] : ""),
      one.acknowledged ? h("span", {}, `acknowledged by ${one.acknowledged}`) : button),
  );
}
