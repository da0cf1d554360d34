/** The beam's-eye view with its frame, its zoom, its legend and its worst leaf in words. */

import { fill, h, mark, say } from "../dom.js";
import { bevColours, drawBev } from "../draw/bev.js";
import { openReach, reach, worstLeaf } from "../draw/bev_geometry.js";
import { signed } from "../format.js";
import { choice } from "./choice.js";

/** From this error on a leaf or jaw is red, mm. */
export const LIMIT_MM = 1;
const JAWS = ["X1", "X2", "Y1", "Y2"];

export function bevPanel() {
  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { class: "bev-canvas", role: "img" }));
  const worst = h("p", { class: "worst" });
  const frame = choice("Frame of reference", "bev-frame", [
    ["gantry", "Gantry"],
    ["collimator", "Collimator"],
  ]);
  const zoom = choice("Zoom", "bev-zoom", [
    ["field", "Field"],
    ["head", "Head"],
  ]);
  const keys = h("ul", { class: "keys", "aria-hidden": "true" });
  const element = h(
    "section",
    { class: "card bev", "aria-label": "Beam's-eye view" },
    h("div", { class: "card-head" }, h("h2", {}, "Beam's-eye view"), frame.element, zoom.element),
    h("div", { class: "bev-frame" }, canvas),
    h("div", { class: "bev-foot" }, worst, keys),
  );
  let colours = bevColours();
  let reachMm = 0;
  /** @type {() => void} */
  let again = () => {};
  frame.onChange(() => again());
  zoom.onChange(() => {
    reachMm = 0;
    again();
  });

  /** @param {any} update @param {any} description */
  function show(update, description) {
    again = () => show(update, description);
    const geometry = description?.geometry;
    const sample = update?.sample;
    const mlcs = geometry?.mlcs ?? [];
    mark(canvas, "data-empty", sample ? null : "");
    if (!geometry) return;
    legend(keys, mlcs.length > 1);
    const jaws = Object.fromEntries(
      JAWS.filter((jaw) => sample?.axes?.[jaw]).map((jaw) => [jaw, sample.axes[jaw]]),
    );
    const leaves = sample?.mlcs ?? {};
    const most = reach(mlcs, widest(jaws));
    const wanted = zoom.value() === "field" && sample ? openReach(mlcs, leaves, actual(jaws), most) : most;
    if (wanted > reachMm || wanted < 0.6 * reachMm || zoom.value() === "head") reachMm = wanted;
    drawBev(
      canvas,
      {
        mlcs,
        leaves,
        jaws,
        reachMm,
        limitMm: LIMIT_MM,
        collimatorDeg: sample?.axes?.collimator?.[0] ?? 0,
        turned: frame.value() === "gantry",
        update: update?.n ?? 0,
      },
      colours,
    );
    tellWorst(worst, canvas, worstLeaf(mlcs, leaves), sample);
  }

  return {
    element,
    show,
    recolour() {
      colours = bevColours();
    },
  };
}

/** @param {Record<string, [number, number | null]>} jaws */
function actual(jaws) {
  return Object.fromEntries(Object.entries(jaws).map(([name, places]) => [name, places[0]]));
}

/** @param {Record<string, [number, number | null]>} jaws */
function widest(jaws) {
  return Math.max(0, ...Object.values(actual(jaws)).map(Math.abs));
}

/** @param {HTMLElement} place @param {HTMLCanvasElement} canvas
 * @param {ReturnType<typeof worstLeaf>} found @param {any} sample */
function tellWorst(place, canvas, found, sample) {
  const words = found
    ? `Largest leaf error ${signed(found.error, 2)} mm (${found.device} ${found.bank}, leaf ${found.leaf})`
    : sample
      ? "No leaves in this room"
      : "No positions yet";
  say(place, words);
  mark(place, "data-off", found && Math.abs(found.error) > LIMIT_MM ? "" : null);
  mark(
    canvas,
    "aria-label",
    "Leaves and jaws seen from the source, X to the right and Y up, mm at the isocentre. " +
      "The largest leaf error is said below.",
  );
}

/** @param {HTMLElement} keys @param {boolean} dual */
function legend(keys, dual) {
  const wanted = dual ? "dual" : "single";
  if (keys.dataset.kind === wanted) return;
  keys.dataset.kind = wanted;
  fill(
    keys,
    h("li", { class: "key leaf" }, dual ? "MLCX1" : "leaf"),
    dual && h("li", { class: "key leaf-two" }, "MLCX2"),
    h("li", { class: "key planned" }, "planned"),
    h("li", { class: "key jaw" }, "jaw"),
    h("li", { class: "key error" }, `over ${LIMIT_MM} mm`),
  );
}
