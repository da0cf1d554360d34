/** Window and level of a grey image: two sliders, a drag on the image, or by themselves. */

import { h, say } from "../dom.js";

/** @param {string} id unique on the page */
export function windowLevel(id) {
  const state = { low: 0, high: 1, top: 1, own: true, inverted: false };
  /** @type {() => void} */
  let listener = () => {};
  const level = slider(`${id}-level`, "Level");
  const wide = slider(`${id}-window`, "Window");
  const auto = h("button", { type: "button", class: "small", "aria-pressed": "true" }, "Auto");
  const invert = h("button", { type: "button", class: "small", "aria-pressed": "false" }, "Invert");
  const element = h(
    "div",
    { class: "window-level" },
    level.element,
    wide.element,
    h("div", { class: "row" }, auto, invert),
  );
  /** @type {[number, number]} */
  let fitting = [0, 1];

  function show() {
    const middle = (state.low + state.high) / 2;
    level.set(middle, state.top);
    wide.set(state.high - state.low, state.top);
    auto.setAttribute("aria-pressed", String(state.own));
  }

  /** @param {number} middle @param {number} width */
  function choose(middle, width) {
    const held = Math.max(1, width);
    Object.assign(state, { own: false, low: middle - held / 2, high: middle + held / 2 });
    show();
    listener();
  }

  level.input.addEventListener("input", () => choose(Number(level.input.value), state.high - state.low));
  wide.input.addEventListener("input", () => choose((state.low + state.high) / 2, Number(wide.input.value)));
  auto.addEventListener("click", () => {
    Object.assign(state, { own: true, low: fitting[0], high: fitting[1] });
    show();
    listener();
  });
  invert.addEventListener("click", () => {
    state.inverted = !state.inverted;
    invert.setAttribute("aria-pressed", String(state.inverted));
    listener();
  });

  return {
    element,
    range: () => ({ low: state.low, high: state.high, inverted: state.inverted }),
    isOwn: () => state.own,
    /** @param {() => void} told */
    onChange(told) {
      listener = told;
    },
    /** What would fit the image, and the largest value in it.
     * @param {[number, number]} range @param {number} top */
    offer(range, top) {
      fitting = range;
      state.top = Math.max(top, range[1]);
      if (state.own) Object.assign(state, { low: range[0], high: range[1] });
      show();
    },
    /** Drag across for the window, up and down for the level. @param {HTMLElement} target */
    dragOn(target) {
      target.addEventListener("pointerdown", (event) => {
        if (event.button === 0) target.setPointerCapture(event.pointerId);
      });
      target.addEventListener("pointermove", (event) => {
        if (!target.hasPointerCapture(event.pointerId)) return;
        const step = state.top / 400;
        choose(
          (state.low + state.high) / 2 - event.movementY * step,
          state.high - state.low + event.movementX * step,
        );
      });
    },
  };
}

/** @param {string} id @param {string} name */
function slider(id, name) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { id, type: "range", min: "0", max: "1", step: "1" })
  );
  const value = h("output", { for: id });
  return {
    input,
    element: h("div", { class: "slider" }, h("label", { for: id }, name), input, value),
    /** @param {number} now @param {number} top */
    set(now, top) {
      input.max = String(Math.ceil(top * 1.1));
      input.value = String(Math.round(now));
      say(value, Math.round(now).toString().replace("-", "\u2212"));
    },
  };
}
