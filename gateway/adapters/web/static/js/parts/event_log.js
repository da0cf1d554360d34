/** What the record says, event by event. */

import { get } from "../api.js";
import { fill, h, say } from "../dom.js";
import { axisName, counted, dateTime } from "../format.js";

const MOST = 5000;

/** @param {string} delivery */
export function eventLog(delivery) {
  const words = h("p", { class: "quiet-note" }, "Events are being read\u2026");
  const body = h("tbody");
  const element = h(
    "section",
    { class: "card", "aria-label": "Event log" },
    h("h2", {}, "Event log"),
    words,
    h(
      "div",
      { class: "scrolled", tabindex: "0", role: "region", "aria-label": "Events" },
      h(
        "table",
        { class: "cards numbers events" },
        h("caption", { class: "unseen" }, "Events in order"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Number", "At", "Event", "Beam", "What"].map((text) => h("th", { scope: "col" }, text)),
          ),
        ),
        body,
      ),
    ),
  );
  all(delivery).then(
    (events) => {
      say(words, counted(events.length, "event"));
      fill(body, events.map(row));
    },
    (problem) => say(words, problem.message),
  );
  return element;
}

/** @param {string} delivery @returns {Promise<any[]>} */
async function all(delivery) {
  const events = [];
  for (let after = 0; events.length < MOST;) {
    const { items, last } = await get(`/deliveries/${encodeURIComponent(delivery)}/events`, { after });
    events.push(...items);
    if (!items.length || last === after) break;
    after = last;
  }
  return events;
}

/** @param {any} event */
function row(event) {
  return h(
    "tr",
    {},
    h("td", { "data-label": "Number" }, event.sequence),
    h("td", { "data-label": "At" }, dateTime(event.at)),
    h("th", { scope: "row", "data-label": "Event" }, event.kind),
    h("td", { "data-label": "Beam" }, event.beam ?? ""),
    h("td", { class: "body", "data-label": "What" }, told(event.body)),
  );
}

/** What an event holds, in one line. @param {Record<string, any>} body */
function told(body) {
  return Object.entries(body)
    .filter(
      ([name, value]) =>
        name !== "beam" && value !== "" && value !== null && !(Array.isArray(value) && !value.length),
    )
    .map(([name, value]) => `${axisName(name)} ${Array.isArray(value) ? value.join(" ") : value}`)
    .join(", ");
}
