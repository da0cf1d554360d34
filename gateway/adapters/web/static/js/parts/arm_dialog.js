/** Arming: the second step, on purpose. What will be done is said again before. */

import { command, get } from "../api.js";
import { attempt, note } from "../announce.js";
import { fill, h } from "../dom.js";
import { counted, measure } from "../format.js";
import { room } from "../room.js";
import { findingCounts, findingList } from "./findings.js";

/** @param {any} item @param {boolean} twoPeople whether another person than who proposed has to arm
 * @param {() => void} done */
export async function armDialog(item, twoPeople, done) {
  const real = !room.description?.simulated;
  const plan = await get(`/plans/${item.plan_id}`).catch(() => null);
  const code = /** @type {HTMLInputElement} */ (
    h("input", { id: "arming-code", autocomplete: "off", spellcheck: "false", required: true })
  );
  if (!real) code.value = item.arming_code ?? "";
  const arm = h("button", { type: "submit", class: "arm" }, "Arm for 60 s");
  const cancel = h("button", { type: "button" }, "Cancel");
  const dialog = /** @type {HTMLDialogElement} */ (h("dialog", { "aria-labelledby": "arm-title" }));
  const form = h(
    "form",
    { method: "dialog", class: "stack" },
    h("h2", { id: "arm-title" }, `Arm ${item.label}?`),
    real &&
      h(
        "p",
        { class: "banner real" },
        h("span", {}, h("strong", {}, "Real hardware. "), "The room will move and beam."),
      ),
    twoPeople && h("p", {}, "Another person than ", h("strong", {}, item.requested_by), " has to arm."),
    h(
      "p",
      {},
      plan ? summary(plan) : "",
      ` Room ${room.description?.room ?? ""}${real ? "" : ", simulated"}.`,
    ),
    plan?.findings.length > 0 &&
      h(
        "details",
        {},
        h("summary", {}, `Findings: ${findingCounts(plan.findings)}`),
        findingList(plan.findings),
      ),
    h(
      "div",
      { class: "field" },
      h("label", { for: "arming-code" }, real ? `Type ${item.arming_code}` : "Arming code"),
      code,
    ),
    h("div", { class: "row" }, arm, cancel),
  );
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      await command("POST", `/queue/${encodeURIComponent(item.item)}/arm`, { armed_step: code.value.trim() });
      dialog.close();
      note(`${item.label} is armed for 60 s`);
      done();
    }, arm);
  });
  fill(dialog, form);
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {any} plan */
function summary(plan) {
  const beams = plan.beams;
  const total = beams.reduce(
    (/** @type {number} */ sum, /** @type {any} */ beam) => sum + beam.meterset_mu,
    0,
  );
  return `${counted(beams.length, "beam")}, ${measure(total, 1, "MU")}.`;
}
