/** The portal images of a delivery, with window and level. */

import { get, url } from "../api.js";
import { fill, h, mark, say } from "../dom.js";

/** @param {string} delivery */
export function imagePanel(delivery) {
  const path = `/deliveries/${encodeURIComponent(delivery)}/images`;
  const picture = /** @type {HTMLImageElement} */ (
    h("img", { class: "portal-canvas", alt: "Portal image", hidden: true })
  );
  const words = h("p", { class: "portal-words" }, "Images are being read\u2026");
  const pick = /** @type {HTMLSelectElement} */ (h("select", { id: "image" }));
  const low = bound("image-low", "Black at");
  const high = bound("image-high", "White at");
  const frame = /** @type {HTMLInputElement} */ (
    h("input", { id: "image-frame", type: "range", min: "1", step: "1", value: "1" })
  );
  const frameRow = h("span", { class: "bound" }, h("label", { for: "image-frame" }, "Frame"), frame);
  const auto = h("button", { type: "button", class: "small" }, "Auto");
  const download = h("a", { class: "button small", download: true }, "DICOM");
  const controls = h(
    "div",
    { class: "row", hidden: true },
    h("label", { for: "image" }, "Image"),
    pick,
    frameRow,
    low.element,
    high.element,
    auto,
    download,
  );
  const element = h(
    "section",
    { class: "card images", "aria-label": "Portal images" },
    h("h2", {}, "Portal images"),
    controls,
    h("div", { class: "portal-frame" }, picture),
    words,
  );
  /** @type {any[]} */
  let images = [];

  function show() {
    const number = pick.value;
    const about = images.find((one) => String(one.image) === number);
    if (!about) return;
    picture.src = url(`${path}/${number}.png`, { frame: frame.value, low: low.value(), high: high.value() });
    picture.alt = `Portal image ${number}, beam ${about.beam}`;
    mark(download, "href", url(`${path}/${number}.dcm`));
    say(words, describe(about, frame.value));
  }

  function choose() {
    const about = images.find((one) => String(one.image) === pick.value);
    frame.max = String(about?.frames ?? 1);
    frame.value = "1";
    frameRow.hidden = (about?.frames ?? 1) < 2;
    show();
  }

  pick.addEventListener("change", choose);
  frame.addEventListener("input", show);
  low.input.addEventListener("change", show);
  high.input.addEventListener("change", show);
  auto.addEventListener("click", () => {
    low.input.value = high.input.value = "";
    show();
  });
  picture.addEventListener("load", () => mark(picture, "hidden", null));
  get(path).then(
    (found) => {
      images = found.items;
      controls.hidden = images.length === 0;
      if (!images.length) return say(words, "This delivery has no portal images.");
      fill(
        pick,
        images.map((one) => h("option", { value: one.image }, one.name)),
      );
      choose();
      return undefined;
    },
    (problem) => say(words, problem.message),
  );
  return { element };
}

/** @param {any} one @param {string} frame */
function describe(one, frame) {
  const which = one.frames > 1 ? `frame ${frame} of ${one.frames}` : "";
  return [one.beam === null ? "" : `beam ${one.beam}`, which, `values in ${one.unit}`]
    .filter(Boolean)
    .join(", ");
}

/** @param {string} id @param {string} name */
function bound(id, name) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", {
      id,
      type: "number",
      min: "0",
      max: "65535",
      step: "1",
      placeholder: "auto",
      inputmode: "numeric",
    })
  );
  return {
    input,
    value: () => input.value,
    element: h("span", { class: "bound" }, h("label", { for: id }, name), input),
  };
}
