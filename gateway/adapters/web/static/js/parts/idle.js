/** What a room that does nothing offers. */

import { attempt } from "../announce.js";
import { h, mark } from "../dom.js";
import { mayOperate } from "../session.js";
import { FIRST, proposeGenerated } from "./generated.js";

export function idlePanel() {
  const offer = h("button", { type: "button", class: "primary" }, "Propose a generated arc plan");
  offer.addEventListener("click", () => attempt(() => proposeGenerated(FIRST), offer));
  const signIn = h("a", { class: "button", href: "#/sign-in" }, "Sign in to deliver");
  const element = h(
    "section",
    { class: "card idle", "aria-label": "Begin" },
    h(
      "div",
      {},
      h("h2", {}, "The room is free"),
      h("p", {}, "Have a generated plan delivered to see it work, or bring a plan of your own."),
    ),
    h("div", { class: "row" }, offer, signIn, h("a", { class: "button", href: "#/queue" }, "Open the queue")),
  );
  return {
    element,
    /** @param {any} update */
    show(update) {
      const free = Boolean(update) && !update.state?.delivery_id && update.state?.connected !== false;
      mark(element, "hidden", free ? null : "");
      mark(offer, "hidden", mayOperate() ? null : "");
      mark(signIn, "hidden", mayOperate() ? "" : null);
    },
  };
}
