/** A dial of one rotation, drawn the way IEC 61217 looks at it. */

import { mark, say, svg, h } from "../dom.js";
import { measure, signed, turnError, turned } from "../format.js";

/**
 * @typedef {"gantry" | "collimator" | "couch_rotation"} Rotation
 * Gantry: seen by one who faces it, 0 on top, clockwise. Collimator: seen from the source,
 * counter-clockwise. Couch: seen from above, the gantry on top, counter-clockwise.
 */

const CLOCKWISE = { gantry: true, collimator: false, couch_rotation: false };
const NAMES = { gantry: "Gantry", collimator: "Collimator", couch_rotation: "Couch rotation" };

/** @param {Rotation} axis @returns {{element: HTMLElement, show: (actual: number | undefined, planned: number | null | undefined, limit: number) => void}} */
export function dial(axis) {
  const body = svg("g", { class: "dial-body" }, figure(axis));
  const wanted = svg("path", { class: "dial-planned", d: "M0-39 4.5-30-4.5-30z" });
  const face = svg("svg", { viewBox: "-60 -60 120 120", "aria-hidden": "true" }, ring(axis), body, wanted);
  const value = h("output", { class: "dial-value" });
  const beside = h("span", { class: "dial-planned-text" });
  const element = h(
    "div",
    { class: "dial", role: "group", "aria-label": NAMES[axis], "data-axis": axis },
    h("h3", {}, NAMES[axis].replace(" rotation", "")),
    face,
    value,
    beside,
  );
  const sign = CLOCKWISE[axis] ? 1 : -1;
  return {
    element,
    show(actual, planned, limit) {
      element.hidden = actual === undefined;
      if (actual === undefined) return;
      mark(body, "transform", `rotate(${(sign * actual).toFixed(2)})`);
      mark(wanted, "visibility", typeof planned === "number" ? null : "hidden");
      say(value, measure(turned(actual, 1), 1, "deg"));
      if (typeof planned !== "number") return say(beside, "no plan");
      const error = turnError(actual, planned);
      mark(wanted, "transform", `rotate(${(sign * planned).toFixed(2)})`);
      say(beside, `plan ${measure(turned(planned, 1), 1, "deg")}\n${signed(error, 2)}\u00b0`);
      mark(element, "data-off", Math.abs(error) > limit ? "" : null);
    },
  };
}

/** @param {Rotation} axis */
function ring(axis) {
  const marks = [];
  for (let degrees = 0; degrees < 360; degrees += 30) {
    marks.push(
      svg("path", { d: degrees % 90 === 0 ? "M0-40V-34" : "M0-40V-37", transform: `rotate(${degrees})` }),
    );
  }
  const names = CLOCKWISE[axis] ? ["0", "90", "180", "270"] : ["0", "270", "180", "90"];
  const places = [
    [0, -45],
    [51, 3.5],
    [0, 52],
    [-51, 3.5],
  ];
  const texts = places.map(([x, y], at) => svg("text", { x, y, class: "dial-tick" }, names[at]));
  return svg("g", { class: "dial-ring" }, svg("circle", { r: 40 }), ...marks, ...texts);
}

/** @param {Rotation} axis */
function figure(axis) {
  if (axis === "gantry") return svg("path", { d: "M-8-40h16v12h-16z M0-28V0", class: "dial-shape" });
  if (axis === "collimator") return svg("path", { d: "M-13-13h26v26h-26z M0-13V-28", class: "dial-shape" });
  return svg("path", { d: "M-6-14a6 6 0 0 1 12 0v42h-12z M0-20V-28", class: "dial-shape" });
}
