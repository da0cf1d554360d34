/** What stands around every page: where one is, which room it is, and whether the server is there. */

import { attempt, tell, warn } from "./announce.js";
import { fill, h, mark, say } from "./dom.js";
import { clock } from "./format.js";
import { room, runningDelivery } from "./room.js";
import { current, signOut } from "./session.js";
import { themeSwitch } from "./theme.js";

const PAGES = [
  ["live", "Live"],
  ["queue", "Queue"],
  ["history", "Deliveries"],
];
const SHOWN_UNDER = { deliveries: "history" };

/** @returns {{showPage: (name: string) => void, update: () => void}} */
export function shell() {
  const links = Object.fromEntries(PAGES.map(([name, text]) => [name, h("a", { href: `#/${name}` }, text)]));
  const kind = h("span", { class: "badge" });
  const server = h("span", { class: "badge server" });
  const running = h("a", { href: "#/live", class: "badge running", hidden: true }, "");
  const person = h("span", { class: "person" });
  const name = h("span", { class: "room-name" });
  fill(
    /** @type {Element} */ (document.getElementById("shell")),
    h("div", { class: "brand" }, h("strong", {}, "linac-gateway"), name),
    h("nav", { "aria-label": "Pages" }, Object.values(links)),
    h("div", { class: "badges" }, kind, server, running),
    h("div", { class: "self" }, person, themeSwitch()),
  );
  for (const link of document.querySelectorAll("[data-skip]")) link.addEventListener("click", skip);
  let told = room.connection;
  return {
    showPage(page) {
      const under = SHOWN_UNDER[/** @type {"deliveries"} */ (page)] ?? page;
      for (const [key, link] of Object.entries(links))
        mark(link, "aria-current", key === under ? "page" : null);
    },
    update() {
      showKind(kind);
      showServer(server);
      mark(running, "hidden", runningDelivery() && !location.hash.startsWith("#/live") ? null : "");
      say(running, `\u2622 ${room.update?.state?.phase ?? ""}: watch`);
      showPerson(person);
      say(name, room.description?.room ?? "");
      banners();
      about();
      if (told !== room.connection) {
        if (room.connection === "lost") warn("The server is lost. What is shown is old.");
        else if (told === "lost") tell("The server is there again.");
        told = room.connection;
      }
    },
  };
}

/** To the content, or to the commands of the live room. @param {Event} event */
function skip(event) {
  event.preventDefault();
  const wanted = /** @type {HTMLElement} */ (event.currentTarget).dataset.skip;
  if (wanted === "main") {
    document.getElementById("main")?.focus();
  } else if (location.hash.startsWith("#/live")) {
    focusCommand();
  } else {
    window.addEventListener(
      "hashchange",
      () => requestAnimationFrame(() => requestAnimationFrame(focusCommand)),
      { once: true },
    );
    location.hash = "#/live";
  }
}

function focusCommand() {
  /** @type {HTMLElement | null} */ (
    document.querySelector(".commands button.abort:not(:disabled)") ?? document.getElementById("main")
  )?.focus();
}

/** @param {HTMLElement} badge */
function showKind(badge) {
  const { description } = room;
  mark(badge, "hidden", description ? null : "");
  if (!description) return;
  say(badge, description.simulated ? "\u25c7 Simulated room" : "\u25c6 Real hardware");
  mark(badge, "data-kind", description.simulated ? "simulated" : "real");
}

/** @param {HTMLElement} badge */
function showServer(badge) {
  const words = {
    connecting: current().role === "none" ? "\u25cb Not signed in" : "\u2026 Connecting",
    connected: "\u25cf Connected",
    lost: "\u25cb Server lost",
  };
  say(badge, words[room.connection]);
  mark(badge, "data-kind", room.connection);
}

/** @param {HTMLElement} place */
function showPerson(place) {
  const { name, role } = current();
  const text = name ? `${name}, ${role === "operate" ? "may operate" : "may watch"}` : "";
  if (place.dataset.shown === text + role) return;
  place.dataset.shown = text + role;
  const button = h("button", { type: "button", class: "quiet" }, "Sign out");
  button.addEventListener("click", () => attempt(signOut, button));
  if (name) fill(place, h("span", {}, text), button);
  else fill(place, h("a", { href: "#/sign-in" }, "Sign in"));
}

/** The banners under the header: real hardware, and a server that is lost. */
function banners() {
  const place = /** @type {HTMLElement} */ (document.getElementById("banners"));
  const real = room.description && !room.description.simulated;
  const lost = room.connection === "lost";
  const key = `${real}|${lost}|${lost ? room.heardAt : ""}`;
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  mark(document.body, "data-stale", lost ? "" : null);
  fill(
    place,
    real &&
      h(
        "p",
        { class: "banner real", role: "note" },
        h("span", {}, h("strong", {}, "Real hardware. "), "This room moves and beams. Not for clinical use."),
      ),
    lost &&
      h(
        "p",
        { class: "banner lost" },
        h("strong", {}, "Server lost. "),
        room.heardAt ? `What is shown was true at ${clock(room.heardAt)}. ` : "",
        "A delivery that runs goes on without this page; use the machine's own controls to stop it. Trying again\u2026",
      ),
  );
}

function about() {
  const { description } = room;
  const machine = description?.machine;
  const text = description
    ? [machine?.name ?? machine, description.software]
        .filter((part) => typeof part === "string")
        .join(" \u00b7 ")
    : "";
  say(/** @type {Element} */ (document.getElementById("about")), text);
}
