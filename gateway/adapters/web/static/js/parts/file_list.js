/** Every file of a delivery, to be kept. */

import { get, url } from "../api.js";
import { fill, h } from "../dom.js";
import { size } from "../format.js";

/** @param {string} delivery */
export function fileList(delivery) {
  const path = `/deliveries/${encodeURIComponent(delivery)}/files`;
  const list = h(
    "ul",
    { class: "file-list" },
    h("li", { class: "quiet-note" }, "Files are being listed\u2026"),
  );
  get(path).then(
    ({ items }) =>
      fill(
        list,
        items.map((/** @type {any} */ file) =>
          h(
            "li",
            {},
            h("a", { href: url(`${path}/${encodeURIComponent(file.name)}`), download: file.name }, file.name),
            h("span", { class: "quiet-note" }, ` ${size(file.bytes)}`),
          ),
        ),
      ),
    (problem) => fill(list, h("li", {}, problem.message)),
  );
  return h("section", { class: "card files", "aria-label": "Files" }, h("h2", {}, "Files"), list);
}
