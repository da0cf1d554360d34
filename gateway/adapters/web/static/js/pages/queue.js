/** The queue: bring a plan, read its findings, propose it, arm it, deliver it. */

import { h } from "../dom.js";
import { onRoom, room } from "../room.js";
import { onSession } from "../session.js";
import { newPlan } from "../parts/new_plan.js";
import { planCard } from "../parts/plan_card.js";
import { queueList } from "../parts/queue_list.js";

/** @returns {import("../router.js").Page} */
export function queuePage() {
  const list = queueList();
  const card = planCard(() => list.refresh());
  const bring = newPlan((plan) => card.show(plan));
  const element = h(
    "div",
    { class: "queue" },
    h("div", { class: "queue-plan" }, bring.element, card.element),
    list.element,
  );
  let told = "";
  const end = onRoom(() => {
    const { state } = room.update ?? {};
    const key = `${state?.queue}|${state?.delivery_id}|${state?.busy}`;
    if (key === told) return;
    told = key;
    list.refresh();
  });
  const ended = onSession(() => {
    bring.update();
    list.refresh();
  });
  list.refresh();
  return {
    element,
    title: "Queue",
    update: () => list.refresh(),
    close() {
      end();
      ended();
      list.close();
    },
  };
}
