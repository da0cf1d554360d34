/** Each axis over time: its largest and its RMS error, delivery by delivery, and the verdicts. */

import { get } from "../api.js";
import { fill, h, say } from "../dom.js";
import { plotFigure } from "../draw/plot.js";
import { axisName, counted, moment, sentence, unitSign } from "../format.js";

export function trendPanel() {
  const axis = /** @type {HTMLSelectElement} */ (
    h("select", { id: "trend-axis" }, h("option", { value: "" }, "\u2026"))
  );
  const words = h("p", { class: "quiet-note", role: "status" });
  const strip = h("div", { class: "strip", role: "group" });
  const plot = plotFigure(240);
  const figures = h(
    "div",
    { hidden: true },
    h("h3", {}, "Verdicts, oldest first"),
    strip,
    h("h3", {}, "Errors, the worst beam of each delivery"),
    plot.element,
  );
  const element = h(
    "section",
    { class: "card trends", "aria-label": "Trends" },
    h(
      "div",
      { class: "card-head" },
      h("h2", {}, "Trend"),
      h("div", { class: "search" }, h("label", { for: "trend-axis" }, "Axis"), axis),
    ),
    words,
    figures,
  );

  async function load() {
    let found;
    try {
      found = await get("/trends", { axis: axis.value });
    } catch (problem) {
      say(words, problem instanceof Error ? problem.message : String(problem));
      return;
    }
    fill(
      axis,
      found.axes.map((/** @type {string} */ name) =>
        h("option", { value: name, selected: name === found.axis }, sentence(axisName(name))),
      ),
    );
    const measured = byDelivery(found.points);
    showVerdicts(strip, measured);
    figures.hidden = measured.length === 0;
    say(
      words,
      measured.length
        ? `${sentence(axisName(found.axis))} in ${counted(measured.length, "delivery", "deliveries")}`
        : "Nothing has been measured of this axis yet.",
    );
    if (!measured.length) return;
    plot.show({
      label: `Largest and RMS error of ${axisName(found.axis)} over time`,
      x: measured.map((/** @type {any} */ one) => moment(one.started).getTime() / 1000),
      xTime: true,
      xLabel: "Delivery started",
      unit: unitSign(found.unit),
      lines: [
        {
          name: "largest",
          values: measured.map((/** @type {any} */ one) => one.max),
          digits: 3,
          points: true,
        },
        { name: "RMS", values: measured.map((/** @type {any} */ one) => one.rms), digits: 3, points: true },
      ],
    });
  }

  axis.addEventListener("change", load);
  load();
  return { element, close: plot.close };
}

/** The worst of a delivery's beams. @param {any[]} points oldest first */
function byDelivery(points) {
  /** @type {Map<string, any>} */
  const found = new Map();
  for (const one of points) {
    const known = found.get(one.delivery_id) ?? one;
    found.set(one.delivery_id, {
      ...known,
      max: Math.max(known.max, one.max),
      rms: Math.max(known.rms, one.rms),
    });
  }
  return [...found.values()];
}

/** @param {HTMLElement} strip @param {any[]} points */
function showVerdicts(strip, points) {
  const passed = points.filter((one) => one.verdict === "pass").length;
  const failed = points.filter((one) => one.verdict === "fail").length;
  strip.setAttribute("aria-label", `${passed} passed, ${failed} failed`);
  fill(
    strip,
    points.slice(-120).map((one) =>
      h(
        "a",
        {
          href: `#/deliveries/${one.delivery_id}`,
          class: `tick ${one.verdict ?? "none"}`,
          "aria-label": `${one.started}: ${one.verdict ?? "none"}`,
          title: `${one.started}: ${one.verdict ?? "none"}`,
        },
        one.verdict === "pass" ? "\u2713" : one.verdict === "fail" ? "\u2716" : "\u2013",
      ),
    ),
  );
}
