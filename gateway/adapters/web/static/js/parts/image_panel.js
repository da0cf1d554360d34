/** The portal images of a delivery, with window and level. */

import { get, url } from "../api.js";
import { fill, h, mark, say } from "../dom.js";
import { fixed } from "../format.js";

/** @param {string} delivery */
export function imagePanel(delivery) {
  const path = `/deliveries/${encodeURIComponent(delivery)}/images`;
  const picture = /** @type {HTMLImageElement} */ (h("img", { class: "portal-canvas", alt: "Portal image", hidden: true }));
  const words = h("p", { class: "portal-words" }, "Images are being read\u2026");
  const pick = /** @type {HTMLSelectElement} */ (h("select", { id: "image" }));
  const low = bound("image-low", "Black at");
  const high = bound("image-high", "White at");
  const auto = h("button", { type: "button", class: "small" }, "Auto");
  const download = h("a", { class: "button small", download: true }, "DICOM");
  const controls = h("div", { class: "row", hidden: true }, h("label", { for: "image" }, "Image"), pick, low.element, high.element, auto, download);
  const element = h("section", { class: "card images", "aria-label": "Portal images" }, h("h2", {}, "Portal images"),
    controls, h("div", { class: "portal-frame" }, picture), words);
  /** @type {any[]} */
  let images = [];

  function show() {
    const number = pick.value;
    const about = images.find((one) => String(one.number) === number);
    if (!about) return;
    picture.src = url(`${path}/${number}.png`, { low: low.value(), high: high.value() });
    picture.alt = `Portal image ${number}, beam ${about.beam}`;
    mark(download, "href", url(`${path}/${number}.dcm`));
    say(words, describe(about));
  }

  pick.addEventListener("change", show);
  low.input.addEventListener("change", show);
  high.input.addEventListener("change", show);
  auto.addEventListener("click", () => {
    low.input.value = high.input.value = "";
    show();
  });
  picture.addEventListener("load", () => mark(picture, "hidden", null));
  get(path).then((found) => {
    images = Array.isArray(found) ? found : found.images ?? [];
    controls.hidden = images.length === 0;
    if (!images.length) return say(words, "This delivery has no portal images.");
    fill(pick, images.map((one) => h("option", { value: one.number }, `${one.number}: ${short(one)}`)));
    show();
    return undefined;
  }, (problem) => say(words, problem.message));
  return { element };
}

/** @param {any} one */
function short(one) {
  return [`beam ${one.beam}`, one.kind, one.frame !== undefined && one.frame !== null ? `frame ${one.frame}` : ""].filter(Boolean).join(", ");
}

/** @param {any} one */
function describe(one) {
  const range = typeof one.start_meterset_mu === "number" ? `${fixed(one.start_meterset_mu, 1)} to ${fixed(one.end_meterset_mu, 1)} MU` : "";
  const shape = one.rows ? `${one.rows} \u00d7 ${one.columns} pixels` : "";
  return [short(one), range, shape].filter(Boolean).join(", ");
}

/** @param {string} id @param {string} name */
function bound(id, name) {
  const input = /** @type {HTMLInputElement} */ (h("input", { id, type: "number", min: "0", max: "65535", step: "1", placeholder: "auto", inputmode: "numeric" }));
  return { input, value: () => input.value, element: h("span", { class: "bound" }, h("label", { for: id }, name), input) };
}
