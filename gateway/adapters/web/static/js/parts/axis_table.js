/** Every scalar axis: where it is, where the plan wants it, and the difference. */

import { fill, h, mark, say } from "../dom.js";
import { axisName, fixed, NOTHING, sentence, signed, turned, turnError, unitSign } from "../format.js";
import { LIMIT_MM } from "./bev_panel.js";

const LIMIT_DEG = 0.5;
const COUCH = ["couch_vertical", "couch_longitudinal", "couch_lateral"];

export function axisTable() {
  const body = h("tbody");
  const element = h(
    "table",
    { class: "axes numbers" },
    h("caption", { class: "unseen" }, "Axes, IEC 61217"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ["Axis", "Actual", "Planned", "Difference", "Unit"].map((text) => h("th", { scope: "col" }, text)),
      ),
    ),
    body,
  );
  /** @type {Map<string, HTMLElement[]>} */
  let rows = new Map();

  /** @param {string[]} names */
  function prepare(names) {
    if (names.length === rows.size && names.every((name) => rows.has(name))) return;
    rows = new Map(names.map((name) => [name, [h("td"), h("td"), h("td"), h("td")]]));
    fill(
      body,
      names.map((name) =>
        h(
          "tr",
          { "data-axis": name },
          h("th", { scope: "row" }, sentence(axisName(name))),
          rows.get(name) ?? [],
        ),
      ),
    );
  }

  return {
    element,
    /** @param {any} update @param {any} description */
    show(update, description) {
      const axes = update?.sample?.axes ?? {};
      const couch = update?.couch?.positions_mm ?? {};
      const names = [...Object.keys(axes), ...COUCH.filter((name) => name in couch && !(name in axes))];
      element.hidden = names.length === 0;
      prepare(names);
      const units = description?.geometry?.units ?? {};
      for (const name of names) {
        const [actual, planned] = axes[name] ?? [couch[name], null];
        showRow(rows.get(name) ?? [], name, units[name] ?? unitOf(name), actual, planned);
      }
    },
  };
}

/** @param {string} name */
function unitOf(name) {
  return /gantry|collimator|rotation|pitch|roll/.test(name) ? "deg" : "mm";
}

/** @param {HTMLElement[]} cells @param {string} name @param {string} unit
 * @param {number} actual @param {number | null | undefined} planned */
function showRow(cells, name, unit, actual, planned) {
  const angle = unit === "deg";
  const round = angle && !/pitch|roll/.test(name);
  const digits = angle ? 2 : 1;
  const shown = (/** @type {number} */ value) => fixed(round ? turned(value, digits) : value, digits);
  say(cells[3], unitSign(unit));
  say(cells[0], shown(actual));
  if (typeof planned !== "number") {
    say(cells[1], NOTHING);
    say(cells[2], NOTHING);
    return;
  }
  const error = angle ? turnError(actual, planned) : actual - planned;
  const off = Math.abs(error) > (angle ? LIMIT_DEG : LIMIT_MM);
  say(cells[1], shown(planned));
  say(cells[2], (off ? "\u25b2 " : "") + signed(error, 2));
  mark(cells[2], "data-off", off ? "" : null);
}
