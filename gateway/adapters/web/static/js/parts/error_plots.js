/** Delivered minus planned over the meterset of a beam: axes and worst leaves, leaf by leaf as a map. */

import { get } from "../api.js";
import { fill, h, say } from "../dom.js";
import { axisName, sentence, unitSign } from "../format.js";
import { plotFigure } from "../draw/plot.js";
import { heatPanel } from "./heat_panel.js";

/** @param {string} delivery @param {number} beam */
export function errorPlots(delivery, beam) {
  const angles = plotFigure();
  const places = plotFigure();
  const status = h("p", { class: "quiet-note" }, "Errors are being compared\u2026");
  const maps = h("div", { class: "maps" });
  const angleTitle = h("h3", {}, "Angles, delivered minus planned");
  const placeTitle = h("h3", {}, "Jaws, couch and worst leaves, delivered minus planned");
  const element = h(
    "div",
    { class: "errors" },
    status,
    h("div", { class: "half" }, angleTitle, angles.element),
    h("div", { class: "half" }, placeTitle, places.element),
    maps,
  );
  /** @type {ReturnType<typeof heatPanel>[]} */
  let panels = [];
  angles.element.hidden = places.element.hidden = angleTitle.hidden = placeTitle.hidden = true;

  get(`/deliveries/${encodeURIComponent(delivery)}/errors/${beam}`).then(
    (found) => {
      status.hidden = true;
      showPlot(angles, angleTitle, found, "deg");
      showPlot(places, placeTitle, found, "mm");
      panels = found.leaves.map((/** @type {any} */ leaves) => heatPanel(leaves));
      fill(
        maps,
        panels.map((panel) => panel.element),
      );
    },
    (problem) => say(status, `No errors to show: ${problem.message}`),
  );

  return {
    element,
    close() {
      angles.close();
      places.close();
      for (const panel of panels) panel.close();
    },
  };
}

/** @param {import("../draw/plot.js").PlotFigure} plot @param {HTMLElement} title @param {any} found @param {string} unit */
function showPlot(plot, title, found, unit) {
  const axes = found.axes.map((/** @type {any} */ one) => ({
    ...one,
    name: sentence(axisName(one.name)),
    hidden: one.name.startsWith("couch"),
  }));
  const leaves = found.worst_leaf.map((/** @type {any} */ one) => ({
    ...one,
    name: `${one.name} worst leaf, size`,
    values: one.values.map(Math.abs),
  }));
  const lines = [...leaves, ...axes].filter((one) => one.unit === unit).map((one) => ({ ...one, digits: 3 }));
  plot.element.hidden = title.hidden = lines.length === 0;
  if (!lines.length) return;
  plot.show({
    label: `${title.textContent}, over meterset: ${lines.map((line) => line.name).join(", ")}`,
    x: found.meterset_mu,
    xLabel: "Meterset, MU",
    unit: unitSign(unit),
    lines,
  });
}
