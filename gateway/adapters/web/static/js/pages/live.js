/** The live room. */

import { h, mark } from "../dom.js";
import { onceAFrame } from "../draw/canvas.js";
import { dial } from "../draw/dial.js";
import { onRoom, room } from "../room.js";
import { onTheme } from "../theme.js";
import { alarmPanel } from "../parts/alarms.js";
import { axisTable } from "../parts/axis_table.js";
import { bevPanel } from "../parts/bev_panel.js";
import { idlePanel } from "../parts/idle.js";
import { portalPanel } from "../parts/portal_panel.js";
import { statusBar } from "../parts/status_bar.js";
import { linkPanel } from "../parts/link_panel.js";

const TURN_LIMIT_DEG = 0.5;
const ROTATIONS = /** @type {const} */ (["gantry", "collimator", "couch_rotation"]);

/** @returns {import("../router.js").Page} */
export function livePage() {
  const status = statusBar();
  const bev = bevPanel();
  const dials = ROTATIONS.map((axis) => dial(axis));
  const axes = axisTable();
  const portal = portalPanel();
  const links = linkPanel();
  const alarms = alarmPanel();
  const idle = idlePanel();
  const nothing = h("p", { class: "quiet-note" }, "Nothing has moved since this room was opened.");
  const motion = h(
    "section",
    { class: "card motion", "aria-label": "Axes" },
    h(
      "div",
      { class: "dials" },
      dials.map((one) => one.element),
    ),
    nothing,
    axes.element,
  );
  const element = h(
    "div",
    { class: "live" },
    status.element,
    alarms.bar,
    idle.element,
    bev.element,
    h("div", { class: "side" }, motion, links.element),
    h("div", { class: "side" }, portal.element, alarms.element),
  );

  const draw = onceAFrame(() => {
    const { update, description } = room;
    status.show(update, description);
    idle.show(update);
    links.show(update, description);
    const sample = update?.sample ?? null;
    mark(nothing, "hidden", sample ? "" : null);
    ROTATIONS.forEach((axis, at) => {
      const [actual, planned] = sample?.axes?.[axis] ?? [];
      dials[at].show(actual, planned, TURN_LIMIT_DEG);
    });
    axes.show(update, description);
    bev.show(update, description);
    portal.show(update, room.image);
  });

  const endings = [
    onRoom((what) => {
      draw();
      if (what === "update") alarms.nudge(room.update?.state?.alarms);
      if (what === "connection") alarms.refresh();
    }),
    onTheme(() => {
      bev.recolour();
      draw();
    }),
  ];
  const resized = new ResizeObserver(draw);
  resized.observe(element);
  alarms.refresh();
  draw();
  return {
    element,
    title: "Live room",
    update() {
      draw();
      alarms.refresh();
    },
    close() {
      for (const end of endings) end();
      resized.disconnect();
    },
  };
}
