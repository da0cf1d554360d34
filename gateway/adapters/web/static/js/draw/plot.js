/** Line plots that zoom (uPlot), in the page's own colours. */

import { fill, h } from "../dom.js";
import { dateTime } from "../format.js";
import { colour, onTheme } from "../theme.js";
import uPlot from "../../vendor/uplot/uPlot.esm.js";

const Plotter = /** @type {any} */ (uPlot);

/** As many lines can be told from each other; each has its dash too. */
const LINES = ["line-1", "line-2", "line-3", "line-4", "line-5", "line-6"];
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [14, 4], [4, 4]];

/**
 * @typedef {{name: string, values: (number | null)[], digits?: number, points?: boolean, hidden?: boolean}} Line
 * @typedef {{label: string, x: number[], lines: Line[], unit: string, xLabel: string, xTime?: boolean,
 *            xDigits?: number, limits?: number[]}} Plot
 */

/**
 * @typedef {{element: HTMLElement, show: (plot: Plot) => void, close: () => void}} PlotFigure
 */

/** A plot in a figure, with buttons that do what dragging does.
 * @param {number} [height] @returns {PlotFigure} */
export function plotFigure(height = 220) {
  const place = h("div", { class: "plot", role: "img" });
  const reset = h("button", { type: "button", class: "small" }, "Whole");
  const inwards = h("button", { type: "button", class: "small", "aria-label": "Zoom in" }, "+");
  const outwards = h("button", { type: "button", class: "small", "aria-label": "Zoom out" }, "\u2212");
  const toggles = h("div", { class: "row toggles" });
  const element = h(
    "figure",
    { class: "plot-figure" },
    place,
    toggles,
    h(
      "figcaption",
      { class: "row plot-foot" },
      h("span", { class: "quiet-note" }, "Drag across to zoom"),
      inwards,
      outwards,
      reset,
    ),
  );
  /** @type {any} */
  let drawn = null;
  /** @type {Plot | null} */
  let shown = null;

  function draw() {
    if (!shown || !place.clientWidth) return;
    drawn?.destroy();
    drawn = new Plotter(
      options(shown, place.clientWidth, height),
      [shown.x, ...shown.lines.map((line) => line.values)],
      place,
    );
    place.setAttribute("aria-label", shown.label);
    fill(toggles, shown.lines.length > 2 && shown.lines.map((line, at) => toggle(line, at)));
  }

  /** @param {Line} line @param {number} at */
  function toggle(line, at) {
    const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: !line.hidden }));
    box.addEventListener("change", () => {
      line.hidden = !box.checked;
      drawn?.setSeries(at + 1, { show: box.checked });
    });
    return h("label", {}, box, ` ${line.name}`);
  }

  /** @param {number} factor */
  function zoom(factor) {
    if (!drawn) return;
    const { min, max } = drawn.scales.x;
    const middle = (min + max) / 2;
    const half = ((max - min) / 2) * factor;
    const [first, last] = [shown?.x[0] ?? min, shown?.x[shown.x.length - 1] ?? max];
    drawn.setScale("x", { min: Math.max(first, middle - half), max: Math.min(last, middle + half) });
  }

  reset.addEventListener(
    "click",
    () => shown && drawn?.setScale("x", { min: shown.x[0], max: shown.x[shown.x.length - 1] }),
  );
  inwards.addEventListener("click", () => zoom(0.5));
  outwards.addEventListener("click", () => zoom(2));
  const resized = new ResizeObserver(() => {
    if (!drawn) draw();
    else if (drawn.width !== place.clientWidth) drawn.setSize({ width: place.clientWidth, height });
  });
  resized.observe(place);
  const unthemed = onTheme(draw);
  return {
    element,
    /** @param {Plot} plot */
    show(plot) {
      shown = plot;
      draw();
    },
    close() {
      drawn?.destroy();
      drawn = null;
      resized.disconnect();
      unthemed();
    },
  };
}

/** @param {Plot} plot @param {number} width @param {number} height */
function options(plot, width, height) {
  const ink = colour("ink");
  const axis = {
    stroke: ink,
    grid: { stroke: colour("rule"), width: 1 },
    ticks: { stroke: colour("rule"), width: 1 },
    font: "12px system-ui, sans-serif",
    labelFont: "12px system-ui, sans-serif",
  };
  return {
    width,
    height,
    ...(plot.xTime ? { padding: [null, 56, null, null] } : {}),
    cursor: { drag: { x: true, y: false, setScale: true } },
    legend: { live: true },
    scales: { x: { time: Boolean(plot.xTime) } },
    axes: [
      {
        ...axis,
        label: plot.xLabel,
        labelSize: 18,
        size: 34,
        ...(plot.xTime ? { values: times, space: 110 } : {}),
      },
      { ...axis, label: `Error, ${plot.unit}`, labelSize: 18, size: 56 },
    ],
    series: [
      {
        label: plot.xLabel,
        value: plot.xTime
          ? (/** @type {any} */ _, /** @type {number | null} */ value) =>
              value === null ? "\u2013" : dateTime(1000 * value)
          : (/** @type {any} */ _, /** @type {number | null} */ value) => number(value, plot.xDigits ?? 1),
      },
      ...plot.lines.map((line, at) => ({
        label: line.name,
        show: !line.hidden,
        stroke: colour(LINES[at % LINES.length]),
        dash: DASHES[at % DASHES.length],
        width: 1.5,
        points: { show: Boolean(line.points), size: 7 },
        value: (/** @type {any} */ _, /** @type {number | null} */ value) =>
          `${number(value, line.digits ?? 2)} ${plot.unit}`,
      })),
    ],
    hooks: { draw: [(/** @type {any} */ made) => limitLines(made, plot.limits ?? [], ink)] },
  };
}

/** Ticks of a time axis: month, day and the time of day. @param {any} _ @param {number[]} seconds */
function times(_, seconds) {
  return seconds.map((at) => dateTime(1000 * at).slice(5));
}

/** @param {number | null | undefined} value @param {number} digits */
function number(value, digits) {
  return value === null || value === undefined ? "\u2013" : value.toFixed(digits).replace("-", "\u2212");
}

/** Dashed lines where the tolerance ends. @param {any} made @param {number[]} limits @param {string} ink */
function limitLines(made, limits, ink) {
  const { ctx, bbox } = made;
  ctx.save();
  ctx.strokeStyle = ink;
  ctx.setLineDash([6, 5]);
  for (const limit of limits) {
    const y = made.valToPos(limit, "y", true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}
