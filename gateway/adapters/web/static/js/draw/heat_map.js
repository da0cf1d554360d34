/** Leaf errors over a beam: a column a control point, a row a leaf, blue behind and red ahead. */

import { sharp } from "./canvas.js";

const LEFT = 42;
const BOTTOM = 34;
const TOP = 16;
const BEHIND = [30, 110, 200];
const AHEAD = [208, 36, 44];

/**
 * @typedef {{pairs: number, controlPoints: number[], errors: (number | null)[][]}} Bank rows are leaves
 */

/** The colour of an error: `full` mm is full colour, nothing known is hatched grey.
 * @param {number | null} error mm @param {number} full mm @param {number[]} zero the colour of no error */
export function errorColour(error, full, zero) {
  if (error === null || !Number.isFinite(error)) return [128, 128, 128];
  const part = Math.min(1, Math.abs(error) / full);
  const end = error < 0 ? BEHIND : AHEAD;
  return zero.map((from, at) => Math.round(from + (end[at] - from) * part));
}

/**
 * @param {HTMLCanvasElement} canvas @param {Bank} bank @param {number} full mm
 * @param {{ink: string, zero: number[]}} colours
 */
export function drawHeatMap(canvas, bank, full, colours) {
  const { width, height, context } = sharp(canvas);
  if (!width || !height) return;
  context.clearRect(0, 0, width, height);
  const across = bank.controlPoints.length;
  if (!across) return;
  context.imageSmoothingEnabled = false;
  context.drawImage(raster(bank, full, colours.zero), LEFT, TOP, width - LEFT - 8, height - BOTTOM - TOP);
  context.fillStyle = colours.ink;
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  const tall = height - BOTTOM - TOP;
  for (const leaf of [1, Math.ceil(bank.pairs / 2), bank.pairs]) {
    context.fillText(String(leaf), LEFT - 6, TOP + tall - ((leaf - 0.5) / bank.pairs) * tall);
  }
  context.textAlign = "center";
  const places = [0, Math.floor((across - 1) / 2), across - 1];
  for (const at of places) {
    const x = LEFT + ((at + 0.5) / across) * (width - LEFT - 8);
    context.fillText(String(bank.controlPoints[at]), Math.min(x, width - 14), height - BOTTOM + 10);
  }
  context.fillText("control point", LEFT + (width - LEFT) / 2, height - 7);
  context.textAlign = "left";
  context.fillText("leaf", 8, 7);
}

/** @param {Bank} bank @param {number} full @param {number[]} zero */
function raster(bank, full, zero) {
  const across = bank.controlPoints.length;
  const small = document.createElement("canvas");
  small.width = across;
  small.height = bank.pairs;
  const context = /** @type {CanvasRenderingContext2D} */ (small.getContext("2d"));
  const pixels = context.createImageData(across, bank.pairs);
  for (let leaf = 0; leaf < bank.pairs; leaf += 1) {
    for (let at = 0; at < across; at += 1) {
      const [red, green, blue] = errorColour(bank.errors[leaf][at], full, zero);
      pixels.data.set([red, green, blue, 255], 4 * ((bank.pairs - 1 - leaf) * across + at));
    }
  }
  context.putImageData(pixels, 0, 0);
  return small;
}

/** Which leaf and column a place on the canvas is, or null.
 * @param {HTMLCanvasElement} canvas @param {Bank} bank @param {number} x @param {number} y CSS pixels */
export function heatAt(canvas, bank, x, y) {
  const across = canvas.clientWidth - LEFT - 8;
  const tall = canvas.clientHeight - BOTTOM - TOP;
  const column = Math.floor(((x - LEFT) / across) * bank.controlPoints.length);
  const leaf = bank.pairs - 1 - Math.floor(((y - TOP) / tall) * bank.pairs);
  const inside = column >= 0 && column < bank.controlPoints.length && leaf >= 0 && leaf < bank.pairs;
  return inside ? { leaf, column } : null;
}
