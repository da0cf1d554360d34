/** Generated plans: for those who have none at hand. */

import { command } from "../api.js";
import { note } from "../announce.js";
import { sentence } from "../format.js";

/** What is offered first. */
export const FIRST = "vmat";

/** @param {string} technique as the API names it */
export function techniqueName(technique) {
  return technique === "vmat" ? "Arcs (VMAT)" : sentence(technique.replaceAll("-", " "));
}

/** Make a plan and put it on the queue as a proposal. @param {string} technique */
export async function proposeGenerated(technique) {
  const plan = await command("POST", "/plans/generated", { technique });
  await command("POST", "/queue", { plan_id: plan.plan_id });
  note(`${plan.label} is proposed: arm it, then deliver it`);
  location.hash = "#/queue";
}
