/** The record of one delivery. */

import { get, url } from "../api.js";
import { fill, h } from "../dom.js";
import { axisName, dateTime, fixed, measure, sentence, signed } from "../format.js";
import { choice } from "../parts/choice.js";
import { errorPlots } from "../parts/error_plots.js";
import { eventLog } from "../parts/event_log.js";
import { fileList } from "../parts/file_list.js";
import { findingList } from "../parts/findings.js";
import { imagePanel } from "../parts/image_panel.js";
import { verdictTag } from "../parts/verdict.js";

const WORDS = {
  pass: "Within tolerance of the plan.",
  fail: "Not passed; no cause is named.",
  none: "Not judged yet.",
};

/** @param {string[]} rest @returns {import("../router.js").Page} */
export function deliveryPage([id = ""]) {
  const element = h(
    "div",
    { class: "delivery" },
    h("p", { class: "quiet-note" }, "The record is being read\u2026"),
  );
  /** @type {(() => void)[]} */
  const endings = [];
  let gone = false;
  get(`/deliveries/${encodeURIComponent(id)}`).then(
    (found) => {
      if (!gone) fill(element, ...content(id, found, endings));
    },
    (problem) =>
      fill(
        element,
        h("p", { class: "notice" }, problem.message),
        h("a", { href: "#/history" }, "All deliveries"),
      ),
  );
  return {
    element,
    title: `Delivery ${id}`,
    close() {
      gone = true;
      for (const end of endings) end();
    },
  };
}

/** @param {string} id @param {any} found @param {(() => void)[]} endings */
function content(id, found, endings) {
  const plots = h("div");
  return [
    head(id, found),
    h("section", { class: "card", "aria-label": "Beams" }, h("h2", {}, "Beams"), beamTable(found)),
    beamsWithErrors(found).length > 0 &&
      h(
        "section",
        { class: "card", "aria-label": "Errors" },
        h(
          "div",
          { class: "card-head" },
          h("h2", {}, "Errors over meterset"),
          beamChoice(id, found, plots, endings),
        ),
        plots,
      ),
    h("div", { class: "columns" }, imagePanel(id).element, fileList(id)),
    found.findings.length > 0 &&
      h(
        "section",
        { class: "card", "aria-label": "Findings" },
        h("h2", {}, "Findings"),
        findingList(found.findings),
      ),
    eventLog(id),
  ];
}

/** @param {string} id @param {any} found */
function head(id, found) {
  const { verdict, causes } = found;
  const facts = [
    ["Plan", found.plan],
    ["Fraction", `${found.fraction} of group ${found.fraction_group}`],
    ["Room", found.room],
    ["Started", dateTime(found.started)],
    ["Delivered", measure(found.delivered_mu, 1, "MU")],
    ["State", found.state],
    ["Operators", found.operators.join(" and ")],
    ["Seed", found.seed],
    ["Continues", found.continues],
  ].filter(([, value]) => value !== null && value !== "");
  return h(
    "section",
    { class: `card verdict-card ${verdict ?? "none"}`, "aria-label": "Verdict" },
    h(
      "div",
      { class: "card-head" },
      h("h2", {}, verdictTag(verdict, found.state), h("span", { class: "id" }, ` ${id}`)),
      h(
        "div",
        { class: "row" },
        h(
          "a",
          {
            class: "button",
            href: url(`/deliveries/${encodeURIComponent(id)}/report`),
            target: "_blank",
            rel: "noopener",
          },
          "Report",
        ),
      ),
    ),
    ended(found) && h("p", { class: "cause" }, ended(found)),
    h(
      "p",
      { class: ended(found) ? "why-verdict" : "cause" },
      causes.length ? cause(causes[0]) : WORDS[/** @type {keyof typeof WORDS} */ (verdict ?? "none")],
    ),
    causes.length > 1 &&
      h(
        "ul",
        { class: "more-causes" },
        causes.slice(1, 6).map((/** @type {any} */ one) => h("li", {}, cause(one))),
      ),
    h(
      "dl",
      { class: "facts" },
      facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
    ),
  );
}

/** Why a delivery is not complete; empty where it is, or still runs. @param {any} found */
function ended({ state, beams }) {
  if (state === "complete" || state === "running") return "";
  const beam = beams.find(
    (/** @type {any} */ one) => one.termination_status && one.termination_status !== "NORMAL",
  );
  if (!beam) return `${sentence(state)}.`;
  const given = `${fixed(beam.delivered_mu, 1)} of ${measure(beam.planned_mu - beam.start_mu, 1, "MU")}`;
  const why = beam.termination_reason || beam.termination_status.toLowerCase();
  return `${sentence(state)}: beam ${beam.number} ${beam.name}, ${given}, ${why}`;
}

/** A cause in words. @param {any} one */
function cause(one) {
  const where = [
    one.beam && `beam ${one.beam}`,
    one.device,
    one.axis && axisName(one.axis),
    one.bank && `bank ${one.bank}`,
    one.leaf && `leaf ${one.leaf}`,
    one.control_point !== null &&
      one.control_point !== undefined &&
      `from control point ${one.control_point}`,
  ].filter(Boolean);
  const error = typeof one.error === "number" ? `, ${signed(one.error, 2)} ${one.unit}` : "";
  return `${sentence(one.cause.replaceAll("-", " "))}: ${[...new Set(where)].join(", ")}${error}`;
}

/** @param {any} found */
function beamTable({ beams: rows, state }) {
  const open = state === "running" ? "running" : "not begun";
  if (!rows.length) return h("p", { class: "quiet-note" }, "No beam was begun.");
  return h(
    "table",
    { class: "cards numbers" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ["Beam", "Planned", "Delivered", "Ended", "Images", "Largest errors"].map((text) =>
          h("th", { scope: "col" }, text),
        ),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((/** @type {any} */ beam) =>
        h(
          "tr",
          {},
          h("th", { scope: "row", "data-label": "Beam" }, `${beam.number} ${beam.name}`),
          [
            ["Planned", measure(beam.planned_mu, 1, "MU")],
            ["Delivered", measure(beam.delivered_mu, 1, "MU")],
            ["Ended", [beam.termination_status, beam.termination_reason].filter(Boolean).join(": ") || open],
            ["Images", beam.images],
            ["Largest errors", largest(beam.errors)],
          ].map(([label, text]) => h("td", { "data-label": label }, text)),
        ),
      ),
    ),
  );
}

/** @param {Record<string, {max: number, unit: string}> | undefined} errors */
function largest(errors) {
  return Object.entries(errors ?? {})
    .filter(([name]) => /^(gantry|collimator|MLC|X|Y)/.test(name))
    .map(
      ([name, one]) => `${name}\u00a0${fixed(one.max, 2)}${one.unit === "deg" ? "\u00b0" : `\u202f${one.unit}`}`,
    )
    .join(", ");
}

/** @param {any} found */
function beamsWithErrors(found) {
  return found.beams.filter((/** @type {any} */ beam) => beam.termination_status && beam.delivered_mu > 0);
}

/** @param {string} id @param {any} found @param {HTMLElement} place @param {(() => void)[]} endings */
function beamChoice(id, found, place, endings) {
  const beams = beamsWithErrors(found);
  const chosen = choice(
    "Beam",
    "error-beam",
    beams.map((/** @type {any} */ beam) => [String(beam.number), `Beam ${beam.number}`]),
  );
  /** @type {ReturnType<typeof errorPlots> | null} */
  let plots = null;
  const show = () => {
    plots?.close();
    plots = errorPlots(id, Number(chosen.value()));
    fill(place, plots.element);
  };
  chosen.onChange(show);
  endings.push(() => plots?.close());
  show();
  return chosen.element;
}
