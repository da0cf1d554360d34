/** Canvases that are as sharp as the screen, drawn at most once a frame. */

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {{width: number, height: number, context: CanvasRenderingContext2D}} its size in CSS pixels
 */
export function sharp(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const across = Math.round(width * ratio);
  const down = Math.round(height * ratio);
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { width, height, context };
}

/** `draw` once in the next frame, however often it is asked for.
 * @param {() => void} draw @returns {() => void} */
export function onceAFrame(draw) {
  let asked = 0;
  return () => {
    if (asked) return;
    asked = requestAnimationFrame(() => {
      asked = 0;
      draw();
    });
  };
}
