/** The map of leaf errors of one MLC: both banks, the colours' scale, and what is under the pointer. */

import { h, say } from "../dom.js";
import { drawHeatMap, heatAt } from "../draw/heat_map.js";
import { fixed, signed } from "../format.js";
import { colour, isDark, onTheme } from "../theme.js";
import { choice } from "./choice.js";

/** Colours are full at this error, mm, where they are not full at the largest. */
const FULL_MM = 2;

/** @typedef {{device: string, pairs: number, control_points: number[], errors_mm: (number | null)[][]}} Leaves
 * rows are the leaves in DICOM order: one bank, then the other */

/** @param {Leaves} leaves */
export function heatPanel(leaves) {
  const { device, pairs } = leaves;
  const names = device === "MLCY" ? ["Y1", "Y2"] : ["X1", "X2"];
  const found = worst(leaves, names);
  const largest = Math.max(0.1, Math.ceil(Math.abs(found.error) * 10) / 10);
  const scale = choice(
    "Colours",
    `heat-${device}`,
    [
      ["fixed", `to \u00b1${FULL_MM} mm`],
      ["largest", "to the largest"],
    ],
    largest < FULL_MM / 2 ? "largest" : "fixed",
  );
  const words = h("p", { class: "quiet-note heat-words" }, inWords(found));
  const ends = [h("span"), h("span")];
  const banks = [...names].reverse().map((name) => {
    const first = names.indexOf(name) * pairs;
    const bank = {
      pairs,
      controlPoints: leaves.control_points,
      errors: leaves.errors_mm.slice(first, first + pairs),
    };
    const canvas = /** @type {HTMLCanvasElement} */ (
      h("canvas", {
        class: "heat",
        role: "img",
        "aria-label": `${device}, bank ${name}: leaf errors, leaf by control point`,
      })
    );
    canvas.addEventListener("pointermove", (event) => {
      const under = heatAt(canvas, bank, event.offsetX, event.offsetY);
      if (!under) return;
      const error = bank.errors[under.leaf][under.column];
      const point = bank.controlPoints[under.column];
      say(
        words,
        error === null
          ? `Control point ${point} was not reached`
          : `Bank ${name}, leaf ${under.leaf + 1}, control point ${point}: ${signed(error, 2)} mm`,
      );
    });
    canvas.addEventListener("pointerleave", () => say(words, inWords(found)));
    return { name, bank, canvas };
  });
  const element = h(
    "section",
    { class: "heat-panel", "aria-label": `Leaf errors ${device}` },
    h("div", { class: "card-head" }, h("h3", {}, `Leaf errors, ${device}`), scale.element),
    banks.map(({ name, canvas }) => h("div", { class: "heat-bank" }, h("h4", {}, `Bank ${name}`), canvas)),
    h("div", { class: "heat-scale", "aria-hidden": "true" }, ends[0], h("i"), ends[1], h("b"), "not reached"),
    words,
  );
  const draw = () => {
    const full = scale.value() === "largest" ? largest : FULL_MM;
    say(ends[0], `${fixed(-full, 1)} mm`);
    say(ends[1], `+${fixed(full, 1)} mm`);
    const zero = isDark() ? [29, 35, 42] : [246, 247, 249];
    for (const { bank, canvas } of banks) drawHeatMap(canvas, bank, full, { ink: colour("ink"), zero });
  };
  scale.onChange(draw);
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

/** @param {Leaves} leaves @param {string[]} names of the banks */
function worst({ pairs, control_points: points, errors_mm: errors }, names) {
  let found = { error: 0, bank: names[0], leaf: 1, point: 0 };
  errors.forEach((row, at) =>
    row.forEach((error, column) => {
      if (error === null || Math.abs(error) <= Math.abs(found.error)) return;
      const bank = names[at < pairs ? 0 : 1];
      found = { error, bank, leaf: (at % pairs) + 1, point: points[column] };
    }),
  );
  return found;
}

/** @param {ReturnType<typeof worst>} found */
function inWords(found) {
  return `Largest: bank ${found.bank}, leaf ${found.leaf}, control point ${found.point}: ${signed(found.error, 2)} mm`;
}
