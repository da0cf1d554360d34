/** What was delivered: search, verdicts, and how each axis does over time. */

import { get } from "../api.js";
import { fill, h, say } from "../dom.js";
import { counted, dateTime, measure } from "../format.js";
import { trendPanel } from "../parts/trend_panel.js";
import { choice } from "../parts/choice.js";
import { verdictTag } from "../parts/verdict.js";

const MOST = 25;
const TYPING_MS = 250;

/** @returns {import("../router.js").Page} */
export function historyPage() {
  const search = /** @type {HTMLInputElement} */ (
    h("input", {
      id: "search",
      type: "search",
      placeholder: "plan, UID, delivery, room, state",
      spellcheck: "false",
    })
  );
  const verdict = choice("Verdict", "verdict", [
    ["", "All"],
    ["pass", "Pass"],
    ["fail", "Fail"],
    ["none", "None"],
  ]);
  const count = h("p", { class: "quiet-note", role: "status" });
  const body = h("tbody");
  const before = h("button", { type: "button" }, "Newer");
  const after = h("button", { type: "button" }, "Older");
  const trends = trendPanel();
  const element = h(
    "div",
    { class: "history" },
    h(
      "section",
      { class: "card", "aria-label": "Deliveries" },
      h(
        "div",
        { class: "card-head" },
        h("h2", {}, "Deliveries"),
        h("div", { class: "search" }, h("label", { for: "search" }, "Search"), search),
        verdict.element,
      ),
      count,
      h(
        "table",
        { class: "cards numbers deliveries" },
        h("caption", { class: "unseen" }, "Deliveries, newest first"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Started", "Plan", "Delivery", "Room", "Delivered", "State", "Verdict"].map((text) =>
              h("th", { scope: "col" }, text),
            ),
          ),
        ),
        body,
      ),
      h("div", { class: "row pages" }, before, after),
    ),
    trends.element,
  );
  let offset = 0;
  let asked = 0;
  let typing = 0;

  async function load() {
    asked += 1;
    const mine = asked;
    let found;
    try {
      found = await get("/deliveries", {
        search: search.value.trim(),
        verdict: verdict.value(),
        limit: MOST,
        offset,
      });
    } catch (problem) {
      say(count, problem instanceof Error ? problem.message : String(problem));
      return;
    }
    if (mine !== asked) return;
    const { items: rows, total } = found;
    say(
      count,
      rows.length
        ? `${counted(total, "delivery", "deliveries")}${rows.length < total ? `, ${offset + 1} to ${offset + rows.length}` : ""}`
        : "No delivery like that.",
    );
    fill(body, rows.map(row));
    before.hidden = offset === 0;
    after.hidden = offset + rows.length >= total;
  }

  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      offset = 0;
      load();
    }, TYPING_MS);
  });
  verdict.onChange(() => {
    offset = 0;
    load();
  });
  for (const [button, step] of /** @type {[HTMLElement, number][]} */ ([
    [before, -MOST],
    [after, MOST],
  ])) {
    button.addEventListener("click", () => {
      offset = Math.max(0, offset + step);
      load();
    });
  }
  load();
  return {
    element,
    title: "Deliveries",
    update: load,
    close() {
      clearTimeout(typing);
      trends.close();
    },
  };
}

/** @param {any} one */
function row(one) {
  const cells = [
    ["Plan", one.plan],
    ["Delivery", h("code", {}, one.delivery_id)],
    ["Room", one.room],
    ["Delivered", measure(one.delivered_mu, 1, "MU")],
    ["State", one.state],
    ["Verdict", verdictTag(one.verdict, one.state)],
  ];
  return h(
    "tr",
    {},
    h(
      "th",
      { scope: "row", "data-label": "Started" },
      h("a", { href: `#/deliveries/${one.delivery_id}` }, dateTime(one.started)),
    ),
    cells.map(([label, content]) => h("td", { "data-label": label }, content)),
  );
}
