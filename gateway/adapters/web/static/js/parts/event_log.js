/** What the record says, event by event. */

import { get } from "../api.js";
import { fill, h, say } from "../dom.js";
import { dateTime } from "../format.js";

const MOST = 500;

/** @param {string} delivery */
export function eventLog(delivery) {
  const words = h("p", { class: "quiet-note" }, "Events are being read\u2026");
  const body = h("tbody");
  const element = h(
    "section",
    { class: "card", "aria-label": "Event log" },
    h("h2", {}, "Event log"), words,
    h("div", { class: "scrolled", tabindex: "0", role: "region", "aria-label": "Events" },
      h("table", { class: "numbers events" },
        h("caption", { class: "unseen" }, "Events in order"),
        h("thead", {}, h("tr", {}, ["Number", "At", "Event", "Beam", "What"].map((text) => h("th", { scope: "col" }, text)))), body)),
  );
  get(`/deliveries/${encodeURIComponent(delivery)}/events`).then((found) => {
    const events = Array.isArray(found) ? found : found.events ?? [];
    say(words, events.length > MOST ? `The first ${MOST} of ${events.length} events` : `${events.length} events`);
    fill(body, events.slice(0, MOST).map(row));
  }, (problem) => say(words, problem.message));
  return element;
}

/** @param {any} event */
function row(event) {
  const at = event.at ?? (event.at_ns ? event.at_ns / 1e6 : "");
  return h("tr", {},
    h("td", {}, event.sequence), h("td", {}, dateTime(at)), h("th", { scope: "row" }, event.kind),
    h("td", {}, event.beam ?? event.body?.beam ?? ""), h("td", { class: "body" }, told(event)));
}

/** @param {any} event */
function told(event) {
  const body = event.body ?? {};
  return body.text ?? body.reason ?? event.text ?? "";
}
