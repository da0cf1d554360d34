/** Generated plans: for those who have none at hand. */

import { command } from "../api.js";
import { note } from "../announce.js";

export const TECHNIQUES = [
  ["vmat", "Arcs (VMAT)"],
  ["sliding-window", "Sliding window"],
  ["step-and-shoot", "Step and shoot"],
  ["picket-fence", "Picket fence"],
  ["open-field", "Open field"],
  ["winston-lutz", "Winston-Lutz"],
];

/** Make a plan and put it on the queue as a proposal. @param {string} technique */
export async function proposeGenerated(technique) {
  const plan = await command("POST", "/plans/generated", { technique });
  await command("POST", "/queue", { plan_id: plan.plan_id });
  note(`${plan.label} is proposed: arm it, then deliver it`);
  location.hash = "#/queue";
}
