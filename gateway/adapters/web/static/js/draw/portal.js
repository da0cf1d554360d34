/** A portal image with window and level, on a canvas. */

import { mark } from "../dom.js";

/** @typedef {import("../feed.js").Image} Image */

/** The grey range that holds all but the outermost half percent of the pixels.
 * @param {Image} image @returns {[number, number]} */
export function fittingRange(image) {
  const some = [];
  const step = Math.max(1, Math.floor(image.pixels.length / 20000));
  for (let at = 0; at < image.pixels.length; at += step) some.push(image.pixels[at]);
  some.sort((a, b) => a - b);
  const low = some[Math.floor(some.length * 0.005)] ?? 0;
  const high = some[Math.ceil(some.length * 0.995) - 1] ?? 1;
  return high > low ? [low, high] : [low, low + 1];
}

/**
 * Draw `image` so that `low` is black and `high` white (the other way where `inverted`).
 * @param {HTMLCanvasElement} canvas @param {Image} image
 * @param {{low: number, high: number, inverted: boolean}} window
 */
export function drawPortal(canvas, image, { low, high, inverted }) {
  if (canvas.width !== image.columns || canvas.height !== image.rows) {
    canvas.width = image.columns;
    canvas.height = image.rows;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const drawn = context.createImageData(image.columns, image.rows);
  const words = new Uint32Array(drawn.data.buffer);
  const slope = 255 / Math.max(1e-9, high - low);
  for (let at = 0; at < words.length; at += 1) {
    const scaled = (image.pixels[at] - low) * slope;
    const grey = scaled <= 0 ? 0 : scaled >= 255 ? 255 : scaled | 0;
    const shown = inverted ? 255 - grey : grey;
    words[at] = 0xff000000 | (shown << 16) | (shown << 8) | shown;
  }
  context.putImageData(drawn, 0, 0);
  mark(canvas, "data-number", String(image.number));
}
