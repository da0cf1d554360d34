/** Generated plans: for those who have none at hand. */

import { command } from "../api.js";
import { note } from "../announce.js";
import { sentence } from "../format.js";
import { room } from "../room.js";

/** What is offered first. */
export const FIRST = "vmat";

/** Enough to see an image come, frames/s. */
const USUAL_FPS = 5;

/** How many cine frames/s are offered first: what the room's panel gives, up to the usual. */
export function usualFrameRate() {
  return Math.min(USUAL_FPS, room.description?.panel.maximum_frame_rate_hz ?? USUAL_FPS);
}

/** @param {string} technique as the API names it */
export function techniqueName(technique) {
  return technique === "vmat" ? "Arcs (VMAT)" : sentence(technique.replaceAll("-", " "));
}

/** Make a plan and put it on the queue as a proposal, with cine images. @param {string} technique */
export async function proposeGenerated(technique) {
  const plan = await command("POST", "/plans/generated", { technique });
  await command("POST", "/queue", { plan_id: plan.plan_id, cine_fps: usualFrameRate() });
  note(`${plan.label} is proposed: arm it, then deliver it`);
  location.hash = "#/queue";
}
