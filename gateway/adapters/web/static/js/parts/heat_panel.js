/** The map of leaf errors of one MLC: both banks, the colours' scale, and what is under the pointer. */

import { h, say } from "../dom.js";
import { drawHeatMap, heatAt } from "../draw/heat_map.js";
import { fixed, signed } from "../format.js";
import { colour, isDark, onTheme } from "../theme.js";

/** @param {string} device @param {{banks: string[], control_points: number[], errors: (number | null)[][]}} matrix
 * @param {number} limitMm the tolerance; colours are full at twice of it */
export function heatPanel(device, matrix, limitMm) {
  const pairs = matrix.errors.length / 2;
  const full = 2 * limitMm;
  const words = h("p", { class: "quiet-note heat-words" }, worst(matrix, pairs));
  const banks = [...matrix.banks].reverse().map((name) => {
    const first = matrix.banks.indexOf(name) * pairs;
    const bank = { pairs, controlPoints: matrix.control_points, errors: matrix.errors.slice(first, first + pairs) };
    const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { class: "heat", role: "img", "aria-label": `${device}, bank ${name}: leaf errors, leaf by control point` }));
    canvas.addEventListener("pointermove", (event) => {
      const found = heatAt(canvas, bank, event.offsetX, event.offsetY);
      if (!found) return;
      const error = bank.errors[found.leaf][found.column];
      say(words, error === null ? `Control point ${bank.controlPoints[found.column]} was not reached`
        : `Bank ${name}, leaf ${found.leaf + 1}, control point ${bank.controlPoints[found.column]}: ${signed(error, 2)} mm`);
    });
    return { name, bank, canvas };
  });
  const element = h(
    "section",
    { class: "heat-panel", "aria-label": `Leaf errors ${device}` },
    h("h3", {}, `Leaf errors, ${device}`),
    banks.map(({ name, canvas }) => h("div", { class: "heat-bank" }, h("h4", {}, `Bank ${name}`), canvas)),
    h("div", { class: "heat-scale", "aria-hidden": "true" }, h("span", {}, `${fixed(-full, 1)} mm`), h("i"), h("span", {}, `+${fixed(full, 1)} mm`)),
    words,
  );
  const draw = () => {
    const zero = isDark() ? [29, 35, 42] : [246, 247, 249];
    for (const { bank, canvas } of banks) drawHeatMap(canvas, bank, full, { ink: colour("ink"), zero });
  };
  const resized = new ResizeObserver(draw);
  resized.observe(element);
  const unthemed = onTheme(draw);
  return {
    element,
    close() {
      resized.disconnect();
      unthemed();
    },
  };
}

/** @param {{banks: string[], control_points: number[], errors: (number | null)[][]}} matrix @param {number} pairs */
function worst(matrix, pairs) {
  let found = { error: 0, row: 0, column: 0 };
  matrix.errors.forEach((row, at) => row.forEach((error, column) => {
    if (error !== null && Math.abs(error) > Math.abs(found.error)) found = { error, row: at, column };
  }));
  const bank = matrix.banks[found.row < pairs ? 0 : 1];
  return `Largest: bank ${bank}, leaf ${(found.row % pairs) + 1}, control point ${matrix.control_points[found.column]}: ${signed(found.error, 2)} mm`;
}
