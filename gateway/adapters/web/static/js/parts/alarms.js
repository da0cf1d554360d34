/** Alarms: what needs a person, until a person says that they know. */

import { command, get } from "../api.js";
import { attempt, note, warn } from "../announce.js";
import { fill, h, say } from "../dom.js";
import { counted, dateTime } from "../format.js";
import { mayOperate } from "../session.js";

const MOST = 20;
/** So many at once, each in full: the room below stays in sight. */
const MOST_OPEN = 3;

/** @typedef {{alarm: string, at: string, severity: "error" | "warning", text: string, delivery_id: string,
 *             acknowledged_by: string | null}} Alarm */

export function alarmPanel() {
  const title = h("h2", {}, "");
  const list = h("ul", { class: "alarms" });
  const more = h("p", { class: "quiet-note" });
  const bar = h(
    "section",
    { class: "card alarm-bar", "aria-label": "Alarms to acknowledge", hidden: true },
    title,
    list,
    more,
  );
  const past = h("ul", { class: "alarms" });
  const element = h(
    "section",
    { class: "card", "aria-label": "Acknowledged alarms" },
    h("h2", {}, "Acknowledged alarms"),
    past,
  );
  let seen = "";
  let atLast = -1;
  const told = new Set();
  let first = true;

  async function refresh() {
    let found;
    try {
      found = await get("/alarms");
    } catch {
      return;
    }
    /** @type {Alarm[]} */
    const alarms = found.items;
    const key = JSON.stringify([alarms, mayOperate()]);
    if (key === seen) return;
    seen = key;
    const open = alarms.filter((one) => !one.acknowledged_by);
    bar.hidden = open.length === 0;
    say(title, `${counted(open.length, "alarm")} to acknowledge`);
    for (const one of open) {
      if (!first && !told.has(one.alarm)) warn(`Alarm: ${one.text}`);
      told.add(one.alarm);
    }
    first = false;
    fill(
      list,
      open.slice(0, MOST_OPEN).map((one) => alarm(one, refresh)),
    );
    more.hidden = open.length <= MOST_OPEN;
    say(more, `and ${open.length - MOST_OPEN} older`);
    const known = alarms.filter((one) => one.acknowledged_by).slice(0, MOST);
    fill(
      past,
      known.length ? known.map((one) => alarm(one, refresh)) : h("li", { class: "quiet-note" }, "None."),
    );
  }

  return {
    bar,
    element,
    refresh,
    /** So many are open now, as the feed tells. @param {number | undefined} open */
    nudge(open) {
      if (open === undefined || open === atLast) return;
      atLast = open;
      refresh();
    },
  };
}

/** @param {Alarm} one @param {() => void} refresh */
function alarm(one, refresh) {
  const button = h(
    "button",
    { type: "button", class: "small", "aria-label": `Acknowledge: ${one.text}`, disabled: !mayOperate() },
    "Acknowledge",
  );
  button.addEventListener("click", () =>
    attempt(async () => {
      await command("POST", `/alarms/${one.alarm}/acknowledge`, {});
      note("Alarm acknowledged");
      refresh();
    }, button),
  );
  return h(
    "li",
    { class: `alarm ${one.acknowledged_by ? "known" : one.severity}` },
    h(
      "p",
      {},
      h("span", { class: "alarm-sign", "aria-hidden": "true" }, one.acknowledged_by ? "\u2713 " : "\u25b2 "),
      one.text,
    ),
    h(
      "p",
      { class: "alarm-foot" },
      h(
        "span",
        {},
        `${dateTime(one.at)} \u00b7 `,
        h("a", { href: `#/deliveries/${one.delivery_id}` }, one.delivery_id),
      ),
      one.acknowledged_by ? h("span", {}, `acknowledged by ${one.acknowledged_by}`) : button,
    ),
  );
}
