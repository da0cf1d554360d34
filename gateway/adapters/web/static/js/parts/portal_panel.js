/** The newest portal image, with window and level by slider, by drag, or by themselves. */

import { h, mark, say } from "../dom.js";
import { drawPortal, fittingRange } from "../draw/portal.js";
import { measure } from "../format.js";
import { windowLevel } from "./window_level.js";

/** @typedef {import("../feed.js").Image} Image */

export function portalPanel() {
  const canvas = /** @type {HTMLCanvasElement} */ (
    h("canvas", { class: "portal-canvas", role: "img", "aria-label": "Portal image" })
  );
  const caption = h("p", { class: "portal-words" }, "No portal image yet");
  const control = windowLevel("live");
  const element = h(
    "section",
    { class: "card portal", "aria-label": "Portal image" },
    h("div", { class: "card-head" }, h("h2", {}, "Portal image")),
    h("div", { class: "portal-frame" }, canvas),
    caption,
    control.element,
  );
  /** @type {Image | null} */
  let drawn = null;
  control.dragOn(canvas);
  control.onChange(() => drawn && drawPortal(canvas, drawn, control.range()));
  return {
    element,
    /** @param {any} update @param {Image | null} image */
    show(update, image) {
      mark(element, "data-empty", image ? null : "");
      control.element.hidden = !image;
      if (image === drawn) return;
      drawn = image;
      if (!image) return say(caption, "No portal image yet");
      control.offer(fittingRange(image), fullScale(image));
      drawPortal(canvas, image, control.range());
      say(caption, words(image, update?.image));
    },
  };
}

/** @param {Image} image */
function fullScale(image) {
  let most = 1;
  for (const value of image.pixels) if (value > most) most = value;
  return most;
}

/** @param {Image} image @param {any} about */
function words(image, about) {
  const upTo =
    about?.number === image.number && typeof about?.end_meterset_mu === "number"
      ? `, to ${measure(about.end_meterset_mu, 1, "MU")}`
      : "";
  const saturated = about?.saturated ? `, ${about.saturated} pixels saturated` : "";
  return `Beam ${image.beam}, frame ${image.number}${upTo}${saturated}`;
}
