/** Bringing a plan: a file by drag or by choice, or a generated one. */

import { command, get } from "../api.js";
import { attempt, note } from "../announce.js";
import { fill, h, mark } from "../dom.js";
import { mayOperate } from "../session.js";
import { FIRST, techniqueName } from "./generated.js";

/** @param {(plan: any) => void} chosen */
export function newPlan(chosen) {
  const file = /** @type {HTMLInputElement} */ (
    h("input", { type: "file", id: "plan-file", accept: ".dcm,application/dicom" })
  );
  const technique = /** @type {HTMLSelectElement} */ (h("select", { id: "technique" }));
  const make = h("button", { type: "button", class: "primary" }, "Generate");
  const drop = h(
    "div",
    { class: "drop" },
    h("p", {}, h("label", { for: "plan-file" }, "Choose an RT Plan"), " or drop it here"),
    file,
  );
  const known = /** @type {HTMLSelectElement} */ (h("select", { id: "known-plan" }));
  const knownRow = h(
    "div",
    { class: "field", hidden: true },
    h("label", { for: "known-plan" }, "Or one that is here"),
    known,
  );
  const hint = h(
    "p",
    { class: "quiet-note" },
    "Bringing a plan wants an operator: ",
    h("a", { href: "#/sign-in" }, "sign in"),
    ".",
  );
  const element = h(
    "section",
    { class: "card", "aria-label": "Bring a plan" },
    h("h2", {}, "Bring a plan"),
    drop,
    h(
      "div",
      { class: "field" },
      h("label", { for: "technique" }, "Or have one generated"),
      h("div", { class: "row" }, technique, make),
    ),
    knownRow,
    hint,
  );

  /** @param {() => Promise<any>} work @param {HTMLElement | null} [button] */
  async function bring(work, button = null) {
    const plan = await attempt(work, button);
    if (!plan) return;
    chosen(plan);
    list(plan.plan_id);
  }

  /** @param {File | undefined} one */
  function upload(one) {
    if (!one) return;
    note(`${one.name} is being read`);
    bring(() => command("POST", "/plans", one));
  }

  async function list(selected = "") {
    const { items: plans, techniques } = await get("/plans").catch(() => ({ items: [], techniques: [] }));
    const made = technique.value || FIRST;
    fill(
      technique,
      techniques.map((/** @type {string} */ one) =>
        h("option", { value: one, selected: one === made }, techniqueName(one)),
      ),
    );
    knownRow.hidden = plans.length === 0;
    fill(
      known,
      h("option", { value: "" }, "\u2026"),
      plans.map((/** @type {any} */ one) =>
        h(
          "option",
          { value: one.plan_id, selected: one.plan_id === selected },
          `${one.label} (${one.plan_id.slice(0, 8)})`,
        ),
      ),
    );
  }

  file.addEventListener("change", () => {
    upload(file.files?.[0]);
    file.value = "";
  });
  make.addEventListener("click", () =>
    bring(() => command("POST", "/plans/generated", { technique: technique.value }), make),
  );
  known.addEventListener(
    "change",
    () => known.value && attempt(async () => chosen(await get(`/plans/${known.value}`))),
  );
  for (const type of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      drop.toggleAttribute("data-over", type === "dragover");
      if (type === "drop") upload(/** @type {DragEvent} */ (event).dataTransfer?.files[0]);
    });
  }

  function update() {
    const may = mayOperate();
    for (const part of [file, technique, make]) mark(part, "disabled", may ? null : "");
    mark(hint, "hidden", may ? "" : null);
  }

  update();
  list();
  return { element, update };
}
