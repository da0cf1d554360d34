/** What the room does now, how far it has come, and the three commands that matter then. */

import { command } from "../api.js";
import { attempt, note, tell } from "../announce.js";
import { h, mark, say } from "../dom.js";
import { fixed, measure } from "../format.js";
import { mayOperate } from "../session.js";

const SIGNS = {
  idle: "\u25cb",
  "beam on": "\u2622",
  held: "\u275a\u275a",
  "operator hold": "\u275a\u275a",
  fault: "\u25b2",
  terminated: "\u25a0",
  terminating: "\u25a0",
};

export function statusBar() {
  const phase = h("strong", { class: "phase" });
  const what = h("span", { class: "what" });
  const last = h("a", { href: "#/history" }, "");
  const held = h("span", { class: "held-by" });
  const bar = meter();
  const rate = figure("Dose rate");
  const point = figure("Control point");
  const buttons = commands();
  const element = h(
    "section",
    { class: "card status", "aria-label": "Delivery" },
    h("div", { class: "status-words" }, phase, what, last, held),
    bar.element,
    h("dl", { class: "figures" }, rate.element, point.element),
    buttons.element,
  );
  let told = "";
  return {
    element,
    /** @param {any} update @param {any} description */
    show(update, description) {
      const state = update?.state ?? {};
      const sample = ofBeam(update?.sample, state.beam);
      const now = phaseOf(state, sample);
      mark(element, "data-phase", now.replaceAll(" ", "-"));
      say(phase, `${SIGNS[/** @type {keyof typeof SIGNS} */ (now)] ?? "\u25cf"} ${now}`);
      if (told !== now && told) tell(`Room: ${now}`);
      told = now;
      say(what, whatRuns(state));
      const before = state.delivery_id ? null : state.last_delivery_id;
      mark(last, "hidden", before ? null : "");
      mark(last, "href", `#/deliveries/${before}`);
      say(last, `Last delivery: ${before}`);
      say(held, heldBy(state, description));
      bar.show(sample, state.beam, now);
      say(rate.value, sample ? measure(sample.dose_rate_mu_per_min, 0, "MU/min") : "\u2013");
      say(point.value, typeof sample?.control_point === "number" ? fixed(sample.control_point, 0) : "\u2013");
      buttons.show(state, now);
    },
  };
}

/** The sample, unless it is still one of the beam before. @param {any} sample @param {any} beam */
function ofBeam(sample, beam) {
  return sample && beam && sample.beam !== beam.number ? null : sample;
}

/** @param {any} state @param {any} sample @returns {string} */
function phaseOf(state, sample) {
  if (state.connected === false) return "room not connected";
  if (state.delivery_id && sample?.machine_state === "held") return "held";
  return state.phase ?? "idle";
}

/** @param {any} state */
function whatRuns(state) {
  if (!state.delivery_id) return "No delivery runs";
  const beam = state.beam ? `beam ${state.beam.number} ${state.beam.name}` : "";
  return [beam, state.delivery_id].filter(Boolean).join(" \u00b7 ");
}

/** @param {any} state @param {any} description */
function heldBy(state, description) {
  const names = state.held_by ?? description?.held_by ?? [];
  return names.length ? `Control: ${names.join(" and ")}` : "Control: nobody";
}

function meter() {
  const fillBar = h("div", { class: "meter-fill" });
  const track = h(
    "div",
    { class: "meter", role: "progressbar", "aria-label": "Meterset of the beam", "aria-valuemin": "0" },
    fillBar,
  );
  const value = h("span", { class: "meter-value" });
  const end = h("span", { class: "meter-end" });
  return {
    element: h("div", { class: "meterset" }, h("div", { class: "meter-words" }, value, end), track),
    /** @param {any} sample @param {any} beam @param {string} phase */
    show(sample, beam, phase) {
      const last = beam?.end_meterset_mu;
      const known = sample && typeof last === "number";
      say(value, sample ? fixed(sample.meterset_mu, 1) : "\u2013");
      say(end, known ? `of ${measure(last, 1, "MU")}` : "MU");
      const part = known ? Math.min(1, sample.meterset_mu / last) : 0;
      fillBar.style.transform = `scaleX(${part.toFixed(4)})`;
      mark(track, "aria-valuemax", known ? String(last) : "0");
      mark(track, "aria-valuenow", known ? sample.meterset_mu.toFixed(0) : "0");
      mark(
        track,
        "aria-valuetext",
        known ? `${sample.meterset_mu.toFixed(0)} of ${last.toFixed(0)} MU, ${phase}` : "no beam",
      );
    },
  };
}

/** @param {string} name */
function figure(name) {
  const value = h("dd");
  return { value, element: h("div", {}, h("dt", {}, name), value) };
}

function commands() {
  let delivery = "";
  const hold = h("button", { type: "button", class: "big hold" }, "Hold");
  const resume = h("button", { type: "button", class: "big resume" }, "Resume");
  const abort = h("button", { type: "button", class: "big abort" }, "Abort");
  const why = h("span", { class: "why" });
  const element = h(
    "div",
    { class: "commands", role: "group", "aria-label": "Commands" },
    hold,
    resume,
    abort,
    why,
  );
  const words = {
    hold: "The beam is to be held",
    resume: "The beam is to go on",
    abort: "The delivery is to be aborted",
  };
  for (const [button, name] of /** @type {[HTMLElement, keyof typeof words][]} */ ([
    [hold, "hold"],
    [resume, "resume"],
    [abort, "abort"],
  ])) {
    button.addEventListener("click", () =>
      attempt(async () => {
        await command("POST", `/room/${name}`, { delivery_id: delivery });
        note(words[name]);
      }, button),
    );
  }
  return {
    element,
    /** @param {any} state @param {string} phase */
    show(state, phase) {
      delivery = state.delivery_id ?? "";
      const may = mayOperate();
      const runs = Boolean(delivery);
      const held = phase === "held";
      mark(hold, "disabled", may && runs && !held ? null : "");
      mark(hold, "hidden", held ? "" : null);
      mark(resume, "hidden", held ? null : "");
      mark(resume, "disabled", may && runs ? null : "");
      mark(abort, "disabled", may && runs ? null : "");
      say(why, may ? "" : "Sign in as operator to command");
    },
  };
}
