/** A few choices of which one holds, as radio buttons that look like one switch. */

import { h } from "../dom.js";

/**
 * @param {string} name what is chosen
 * @param {string} group the radio buttons' name, unique on the page
 * @param {[string, string][]} options value and text
 * @param {string} [chosen] the first one if not given
 */
export function choice(name, group, options, chosen = options[0][0]) {
  let value = chosen;
  /** @type {(value: string) => void} */
  let listener = () => {};
  const parts = options.map(([key, text]) => {
    const input = /** @type {HTMLInputElement} */ (
      h("input", {
        type: "radio",
        name: group,
        value: key,
        checked: key === chosen,
      })
    );
    input.addEventListener("change", () => {
      value = key;
      listener(key);
    });
    return h("label", {}, input, h("span", {}, text));
  });
  const element = h("fieldset", { class: "choice" }, h("legend", { class: "unseen" }, name), parts);
  return {
    element,
    value: () => value,
    /** @param {(value: string) => void} told */
    onChange(told) {
      listener = told;
    },
  };
}
