/** A plan before its delivery: what it holds, what was found, and how it shall be proposed. */

import { command } from "../api.js";
import { attempt, note } from "../announce.js";
import { fill, h } from "../dom.js";
import { counted, measure } from "../format.js";
import { room } from "../room.js";
import { mayOperate } from "../session.js";
import { usualFrameRate } from "./generated.js";
import { findingCounts, findingList } from "./findings.js";

/** @param {() => void} proposed */
export function planCard(proposed) {
  const element = h("section", { class: "card plan", "aria-label": "Plan", hidden: true });
  return {
    element,
    /** @param {any} plan */
    show(plan) {
      element.hidden = false;
      fill(element, ...content(plan, proposed));
      element.scrollIntoView({ block: "nearest" });
    },
  };
}

/** @param {any} plan @param {() => void} proposed */
function content(plan, proposed) {
  const { beams, findings } = plan;
  const total = beams.reduce(
    (/** @type {number} */ sum, /** @type {any} */ beam) => sum + beam.meterset_mu,
    0,
  );
  return [
    h(
      "div",
      { class: "card-head" },
      h("h2", {}, plan.label || "Plan without a label"),
      h(
        "span",
        { class: `tag ${plan.deliverable ? "pass" : "error"}` },
        plan.deliverable ? "\u2713 deliverable here" : "\u2716 refused here",
      ),
    ),
    h("p", { class: "uid" }, plan.plan_uid),
    h("p", {}, `${counted(beams.length, "beam")}, ${measure(total, 1, "MU")}; ${findingCounts(findings)}`),
    findingList(findings),
    beamTable(beams),
    plan.deliverable && form(plan, proposed),
  ];
}

/** @param {any[]} beams */
function beamTable(beams) {
  if (!beams.length) return null;
  return h(
    "table",
    { class: "cards numbers beams" },
    h("caption", {}, "Beams"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ["Beam", "Name", "Radiation", "Control points", "Meterset", "Lasts"].map((text) =>
          h("th", { scope: "col" }, text),
        ),
      ),
    ),
    h(
      "tbody",
      {},
      beams.map((beam) =>
        h(
          "tr",
          {},
          h("th", { scope: "row", "data-label": "Beam" }, beam.number),
          [
            ["Name", beam.name],
            ["Radiation", beam.radiation],
            ["Control points", beam.control_points],
            ["Meterset", measure(beam.meterset_mu, 1, "MU")],
            ["Lasts", measure(beam.duration_s, 0, "s")],
          ].map(([label, text]) => h("td", { "data-label": label }, text)),
        ),
      ),
    ),
  );
}

/** @param {any} plan @param {() => void} proposed */
function form(plan, proposed) {
  const groups = plan.fraction_groups;
  const group = /** @type {HTMLSelectElement} */ (
    h(
      "select",
      { id: "fraction-group" },
      groups.map((/** @type {number} */ number) => h("option", { value: number }, number)),
    )
  );
  const cine = /** @type {HTMLInputElement} */ (
    h("input", {
      id: "cine",
      type: "number",
      min: "0",
      max: String(room.description?.panel.maximum_frame_rate_hz ?? ""),
      step: "0.5",
      value: String(usualFrameRate()),
      inputmode: "decimal",
    })
  );
  /** @type {Box[]} */
  const boxes = plan.beams.map((/** @type {any} */ beam) => beamBox(beam));
  const showGroup = () =>
    boxes.forEach((one) => {
      one.element.hidden = groups.length > 1 && one.group !== Number(group.value);
    });
  group.addEventListener("change", showGroup);
  showGroup();
  const button = h("button", { type: "submit", class: "primary", disabled: !mayOperate() }, "Propose");
  const made = h(
    "form",
    { class: "propose" },
    h(
      "fieldset",
      {},
      h("legend", {}, "Beams to deliver"),
      boxes.map((one) => one.element),
    ),
    groups.length > 1 &&
      h("div", { class: "field" }, h("label", { for: "fraction-group" }, "Fraction group"), group),
    h("div", { class: "field" }, h("label", { for: "cine" }, "Cine images, frames/s (0: none)"), cine),
    h(
      "div",
      { class: "row" },
      button,
      h("span", { class: "quiet-note" }, "Nothing moves yet: a proposal is armed next."),
    ),
  );
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      await command("POST", "/queue", wanted(plan, groups, group, boxes, cine));
      note(`${plan.label} is proposed`);
      proposed();
    }, button);
  });
  return made;
}

/** @typedef {{number: number, group: number, box: HTMLInputElement, element: HTMLElement}} Box */

/** @param {any} beam @returns {Box} */
function beamBox(beam) {
  const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: true }));
  return {
    number: beam.number,
    group: beam.fraction_group,
    box,
    element: h("label", {}, box, ` ${beam.number} ${beam.name}`),
  };
}

/** @param {any} plan @param {number[]} groups @param {HTMLSelectElement} group @param {Box[]} boxes
 * @param {HTMLInputElement} cine */
function wanted(plan, groups, group, boxes, cine) {
  const there = boxes.filter((one) => !one.element.hidden);
  const chosen = there.filter((one) => one.box.checked).map((one) => one.number);
  if (!chosen.length) throw new Error("Choose at least one beam.");
  return {
    plan_id: plan.plan_id,
    ...(groups.length > 1 ? { fraction_group: Number(group.value) } : {}),
    ...(chosen.length < there.length ? { beams: chosen } : {}),
    ...(Number(cine.value) > 0 ? { cine_fps: Number(cine.value) } : {}),
  };
}
