/** Each axis over time: its largest and its RMS error, delivery by delivery, and the verdicts. */

import { get } from "../api.js";
import { fill, h, say } from "../dom.js";
import { plotFigure } from "../draw/plot.js";
import { axisName, counted, moment, sentence, unitSign } from "../format.js";

export function trendPanel() {
  const axis = /** @type {HTMLSelectElement} */ (h("select", { id: "trend-axis" }, h("option", { value: "gantry" }, "Gantry")));
  const words = h("p", { class: "quiet-note", role: "status" });
  const strip = h("div", { class: "strip", role: "group" });
  const plot = plotFigure(240);
  const element = h(
    "section",
    { class: "card trends", "aria-label": "Trends" },
    h("div", { class: "card-head" }, h("h2", {}, "Trend"), h("div", { class: "search" }, h("label", { for: "trend-axis" }, "Axis"), axis)),
    words, h("h3", {}, "Verdicts, oldest first"), strip, h("h3", {}, "Errors"), plot.element,
  );

  async function load() {
    let found;
    try {
      found = await get("/trends", { axis: axis.value });
    } catch (problem) {
      say(words, problem instanceof Error ? problem.message : String(problem));
      return;
    }
    const axes = found.axes ?? [axis.value];
    fill(axis, axes.map((/** @type {string} */ name) => h("option", { value: name, selected: name === found.axis }, sentence(axisName(name)))));
    const points = found.points ?? [];
    showVerdicts(strip, points);
    const measured = points.filter((/** @type {any} */ one) => typeof one.max === "number");
    plot.element.hidden = measured.length === 0;
    say(words, measured.length ? `${sentence(axisName(found.axis))} in ${counted(measured.length, "delivery", "deliveries")}` : "Nothing has been measured of this axis yet.");
    if (!measured.length) return;
    plot.show({
      label: `Largest and RMS error of ${axisName(found.axis)} over time`,
      x: measured.map((/** @type {any} */ one) => moment(one.started).getTime() / 1000),
      xTime: true, xLabel: "Delivery started", unit: unitSign(found.unit ?? "mm"),
      lines: [
        { name: "largest", values: measured.map((/** @type {any} */ one) => one.max), digits: 3, points: true },
        { name: "RMS", values: measured.map((/** @type {any} */ one) => one.rms), digits: 3, points: true },
      ],
    });
  }

  axis.addEventListener("change", load);
  load();
  return { element, close: plot.close };
}

/** @param {HTMLElement} strip @param {any[]} points */
function showVerdicts(strip, points) {
  const passed = points.filter((one) => one.verdict === "pass").length;
  const failed = points.filter((one) => one.verdict === "fail").length;
  strip.setAttribute("aria-label", `${passed} passed, ${failed} failed`);
  fill(strip, points.slice(-120).map((one) => h("a", {
    href: `#/deliveries/${one.delivery_id}`, class: `tick ${one.verdict ?? "none"}`, "aria-label": `${one.started}: ${one.verdict ?? "none"}`, title: `${one.started}: ${one.verdict ?? "none"}`,
  }, one.verdict === "pass" ? "\u2713" : one.verdict === "fail" ? "\u2716" : "\u2013")));
}
