/** What is queued, and the step that each item wants next. */

import { command, get } from "../api.js";
import { attempt, note } from "../announce.js";
import { fill, h, say } from "../dom.js";
import { clock, moment } from "../format.js";
import { mayOperate } from "../session.js";
import { armDialog } from "./arm_dialog.js";

const EVERY_MS = 3000;
const OVER = ["delivered", "refused", "withdrawn"];
let twoPeople = false;
const SIGNS = {
  queued: "\u25cb",
  proposed: "\u25cb",
  armed: "\u25b2",
  delivering: "\u2622",
  delivered: "\u2713",
  refused: "\u2716",
  withdrawn: "\u2013",
};

export function queueList() {
  const open = h("ol", { class: "items" });
  const over = h("ol", { class: "items" });
  const overTitle = h("h2", {}, "Done with");
  const element = h(
    "section",
    { class: "card queue-list", "aria-label": "Queue" },
    h("h2", {}, "Queue"),
    open,
    overTitle,
    over,
  );
  let seen = "";

  async function refresh() {
    const found = await get("/queue").catch(() => null);
    if (!found) return;
    const { items } = found;
    twoPeople = found.two_people;
    const key = JSON.stringify([found, mayOperate()]);
    if (key === seen) return;
    seen = key;
    const waiting = items.filter((/** @type {any} */ one) => !OVER.includes(one.state));
    const ended = items
      .filter((/** @type {any} */ one) => OVER.includes(one.state))
      .reverse()
      .slice(0, 20);
    const focus = document.activeElement?.getAttribute("data-key");
    fill(
      open,
      waiting.length
        ? waiting.map((/** @type {any} */ one) => item(one, refresh))
        : h("li", { class: "quiet-note" }, "Nothing is queued."),
    );
    fill(
      over,
      ended.map((/** @type {any} */ one) => item(one, refresh)),
    );
    overTitle.hidden = ended.length === 0;
    if (focus)
      /** @type {HTMLElement | null} */ (element.querySelector(`[data-key="${CSS.escape(focus)}"]`))?.focus();
  }

  const timer = setInterval(() => document.hidden || refresh(), EVERY_MS);
  const seconds = setInterval(() => countDown(element), 500);
  return {
    element,
    refresh,
    close() {
      clearInterval(timer);
      clearInterval(seconds);
    },
  };
}

/** @param {any} one @param {() => void} refresh */
function item(one, refresh) {
  const own = one.plan_id !== null;
  return h(
    "li",
    { class: "item", "data-state": one.state, "data-item": one.item },
    h(
      "div",
      { class: "item-head" },
      h("strong", {}, one.label || one.item),
      h(
        "span",
        { class: `tag state-${one.state}` },
        `${SIGNS[/** @type {keyof typeof SIGNS} */ (one.state)] ?? "\u25cf"} ${one.state}`,
      ),
    ),
    h("p", { class: "quiet-note" }, people(one, own)),
    one.reason && h("p", { class: "reason" }, one.reason),
    h(
      "div",
      { class: "row" },
      own ? steps(one, refresh) : null,
      one.delivery_id &&
        h(
          "a",
          {
            class: "button small",
            href: one.state === "delivering" ? "#/live" : `#/deliveries/${one.delivery_id}`,
          },
          one.state === "delivering" ? "Watch" : "Open the delivery",
        ),
    ),
  );
}

/** @param {any} one @param {boolean} own */
function people(one, own) {
  const words = [
    own ? one.requested_by && `proposed by ${one.requested_by}` : `sent by ${one.source}`,
    `at ${clock(one.requested)}`,
    one.armed_by && `armed by ${one.armed_by}`,
  ];
  return words.filter(Boolean).join(", ");
}

/** @param {any} one @param {() => void} refresh */
function steps(one, refresh) {
  const path = `/queue/${encodeURIComponent(one.item)}`;
  const may = mayOperate();
  const withdraw = action(
    "Withdraw",
    `${one.item}-withdraw`,
    "small",
    may,
    async () => {
      await command("DELETE", path);
      note(`${one.label} is withdrawn`);
    },
    refresh,
  );
  if (one.state === "proposed") {
    const arm = h(
      "button",
      { type: "button", class: "primary", disabled: !may, "data-key": `${one.item}-arm` },
      "Arm\u2026",
    );
    arm.addEventListener("click", () => armDialog(one, twoPeople, refresh));
    return [arm, withdraw];
  }
  if (one.state === "armed") {
    const deliver = action(
      "Deliver now",
      `${one.item}-deliver`,
      "deliver",
      may,
      async () => {
        await command("POST", `${path}/deliver`);
        note(`${one.label} is being delivered`);
        location.hash = "#/live";
      },
      refresh,
    );
    return [deliver, withdraw, h("span", { class: "count-down", "data-until": one.armed_until }, "")];
  }
  return [];
}

/** @param {string} text @param {string} key @param {string} kind @param {boolean} may
 * @param {() => Promise<void>} work @param {() => void} refresh */
function action(text, key, kind, may, work, refresh) {
  const button = h("button", { type: "button", class: kind, disabled: !may, "data-key": key }, text);
  button.addEventListener("click", () => attempt(work, button).then(refresh));
  return button;
}

/** @param {HTMLElement} element */
function countDown(element) {
  for (const place of element.querySelectorAll("[data-until]")) {
    const left = (moment(place.getAttribute("data-until") ?? "").getTime() - Date.now()) / 1000;
    if (Number.isFinite(left))
      say(place, left > 0 ? `armed for ${Math.ceil(left)}\u202fs more` : "no longer armed");
  }
}
