/** The beam's-eye view on a canvas: leaves and jaws where they are, and where the plan wants them. */

import { colour } from "../theme.js";
import { BEYOND_MM, stairs, stretch, toScreen } from "./bev_geometry.js";
import { sharp } from "./canvas.js";

/**
 * @typedef {import("./bev_geometry.js").Mlc} Mlc
 * @typedef {{mlcs: Mlc[], leaves: Record<string, Record<string, number[][]>>,
 *            jaws: Record<string, [number, number | null]>, collimatorDeg: number,
 *            reachMm: number, turned: boolean, limitMm: number, update: number}} Scene
 */

/** The width of the scale on the left, pixels. */
const SIDE = 42;
const JAWS = ["X1", "X2", "Y1", "Y2"];

/** @returns {Record<string, string>} the drawing's colours in the present theme */
export function bevColours() {
  const names = [
    "field",
    "leaf",
    "leaf-edge",
    "leaf-two",
    "planned",
    "jaw",
    "jaw-line",
    "error",
    "rule",
    "soft",
    "ink",
    "panel",
  ];
  return Object.fromEntries(names.map((name) => [name, colour(name)]));
}

/** @param {HTMLCanvasElement} canvas @param {Scene} scene @param {Record<string, string>} colours */
export function drawBev(canvas, scene, colours) {
  const { width, height, context } = sharp(canvas);
  if (!width || !height) return;
  const turnDeg = scene.turned ? scene.collimatorDeg : 0;
  const view = { width, height, reachMm: scene.reachMm, turnDeg };
  const scale = Math.min(width, height) / (2 * scene.reachMm);
  publish(canvas, view, scene.update);
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, width, height);
  context.save();
  context.translate(width / 2, height / 2);
  context.scale(scale, -scale);
  context.rotate((turnDeg * Math.PI) / 180);
  drawOpening(context, scene, colours);
  scene.mlcs.forEach((mlc, layer) => drawLeaves(context, scene, mlc, layer, colours, scale));
  for (const mlc of scene.mlcs) drawPlanned(context, scene, mlc, colours, scale);
  drawJaws(context, scene, colours, scale);
  context.restore();
  drawScale(context, view, colours, scale);
}

/** What the view shows, for whoever asks the element.
 * @param {HTMLCanvasElement} canvas @param {any} view @param {number} update its number in the feed */
function publish(canvas, view, update) {
  canvas.dataset.update = String(update);
  canvas.dataset.reachMm = view.reachMm.toFixed(3);
  canvas.dataset.turnDeg = view.turnDeg.toFixed(3);
}

/** What the jaws leave open, and no more than the leaves can cover.
 * @param {CanvasRenderingContext2D} context @param {Scene} scene @param {Record<string, string>} colours */
function drawOpening(context, scene, colours) {
  const edges = scene.mlcs.flatMap((mlc) => [mlc.boundaries_mm[0], mlc.boundaries_mm[mlc.pairs]]);
  const most = edges.length ? Math.max(...edges.map(Math.abs)) : BEYOND_MM;
  const [left, right, low, high] = JAWS.map((jaw, at) => scene.jaws[jaw]?.[0] ?? (at % 2 ? most : -most));
  context.fillStyle = colours.field;
  context.fillRect(left, low, right - left, high - low);
}

/**
 * @param {CanvasRenderingContext2D} context @param {Scene} scene @param {Mlc} mlc
 * @param {number} layer @param {Record<string, string>} colours @param {number} scale
 */
function drawLeaves(context, scene, mlc, layer, colours, scale) {
  const bodies = new Path2D();
  const errors = new Path2D();
  mlc.banks.forEach((bank, side) => {
    const [actual, planned] = scene.leaves[mlc.device]?.[bank] ?? [[], []];
    const far = side === 0 ? -BEYOND_MM : BEYOND_MM;
    for (let pair = 0; pair < actual.length; pair += 1) {
      add(bodies, stretch(mlc, pair, far, actual[pair]));
      const off = Math.abs(actual[pair] - planned[pair]);
      if (off > scene.limitMm) add(errors, marked(mlc, pair, actual[pair], planned[pair], scale));
    }
  });
  context.globalAlpha = scene.mlcs.length > 1 ? 0.72 : 1;
  context.fillStyle = layer === 0 ? colours.leaf : colours["leaf-two"];
  context.fill(bodies);
  context.globalAlpha = 1;
  context.strokeStyle = colours["leaf-edge"];
  context.lineWidth = 0.6 / scale;
  context.stroke(bodies);
  context.fillStyle = colours.error;
  context.fill(errors);
}

/** An error's stretch, never thinner than can be seen.
 * @param {Mlc} mlc @param {number} pair @param {number} actual @param {number} planned @param {number} scale */
function marked(mlc, pair, actual, planned, scale) {
  const least = 4 / scale;
  const short = Math.max(0, least - Math.abs(actual - planned)) / 2;
  return stretch(mlc, pair, Math.min(actual, planned) - short, Math.max(actual, planned) + short);
}

/**
 * @param {CanvasRenderingContext2D} context @param {Scene} scene @param {Mlc} mlc
 * @param {Record<string, string>} colours @param {number} scale
 */
function drawPlanned(context, scene, mlc, colours, scale) {
  context.strokeStyle = colours.planned;
  context.lineWidth = 1.6 / scale;
  for (const bank of mlc.banks) {
    const planned = scene.leaves[mlc.device]?.[bank]?.[1];
    if (planned) line(context, stairs(mlc, planned));
  }
}

/**
 * Jaws cover what they cover; their edges are dashed, and the planned ones blue.
 * @param {CanvasRenderingContext2D} context @param {Scene} scene
 * @param {Record<string, string>} colours @param {number} scale
 */
function drawJaws(context, scene, colours, scale) {
  for (const name of JAWS) {
    const places = scene.jaws[name];
    if (!places) continue;
    const [actual, planned] = places;
    const upright = name.startsWith("X");
    const far = name.endsWith("1") ? -BEYOND_MM : BEYOND_MM;
    context.fillStyle = colours.jaw;
    if (upright) context.fillRect(Math.min(far, actual), -BEYOND_MM, Math.abs(far - actual), 2 * BEYOND_MM);
    else context.fillRect(-BEYOND_MM, Math.min(far, actual), 2 * BEYOND_MM, Math.abs(far - actual));
    edge(context, upright, actual, off(places, scene) ? colours.error : colours["jaw-line"], scale);
    if (planned !== null && Math.abs(planned - actual) > 0.5 / scale) {
      edge(context, upright, planned, colours.planned, scale);
    }
  }
}

/** @param {[number, number | null]} places @param {Scene} scene */
function off([actual, planned], scene) {
  return planned !== null && Math.abs(actual - planned) > scene.limitMm;
}

/** @param {CanvasRenderingContext2D} context @param {boolean} upright @param {number} place
 * @param {string} stroke @param {number} scale */
function edge(context, upright, place, stroke, scale) {
  context.strokeStyle = stroke;
  context.lineWidth = 1.4 / scale;
  context.setLineDash([6 / scale, 4 / scale]);
  line(context, upright ? [place, -BEYOND_MM, place, BEYOND_MM] : [-BEYOND_MM, place, BEYOND_MM, place]);
  context.setLineDash([]);
}

/** The isocentre, a scale every 50 mm, and which way X and Y go.
 * @param {CanvasRenderingContext2D} context @param {any} view
 * @param {Record<string, string>} colours @param {number} scale */
function drawScale(context, view, colours, scale) {
  const [x, y] = toScreen(view, 0, 0);
  context.strokeStyle = colours.ink;
  context.lineWidth = 1;
  line(context, [x - 9, y, x + 9, y]);
  line(context, [x, y - 9, x, y + 9]);
  context.fillStyle = colours.panel;
  context.fillRect(0, view.height - 17, view.width, 17);
  context.fillRect(0, 0, SIDE, view.height);
  context.fillStyle = colours.ink;
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  const step = view.reachMm > 120 ? 50 : 20;
  for (let mm = -Math.floor(view.reachMm / step) * step; mm <= view.reachMm; mm += step) {
    const text = String(mm).replace("-", "\u2212");
    context.textAlign = "center";
    if (x + mm * scale > SIDE + 12 && x + mm * scale < view.width - 58)
      context.fillText(text, x + mm * scale, view.height - 8);
    context.textAlign = "right";
    if (y - mm * scale > 24 && y - mm * scale < view.height - 26)
      context.fillText(text, SIDE - 5, y - mm * scale);
  }
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "right";
  context.fillText("X mm", view.width - 4, view.height - 8);
  context.textAlign = "left";
  context.fillText("Y mm", 4, 10);
}

/** @param {Path2D} path @param {import("./bev_geometry.js").Box} box */
function add(path, box) {
  path.rect(box.x, box.y, box.width, box.height);
}

/** @param {CanvasRenderingContext2D} context @param {number[]} points */
function line(context, points) {
  context.beginPath();
  context.moveTo(points[0], points[1]);
  for (let at = 2; at < points.length; at += 2) context.lineTo(points[at], points[at + 1]);
  context.stroke();
}
