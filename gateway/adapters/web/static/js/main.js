/** Puts the page together. */

import { onRefused } from "./api.js";
import { begin, current, onSession } from "./session.js";
import { describe, listen, onRoom } from "./room.js";
import { Router } from "./router.js";
import { shell } from "./shell.js";
import { deliveryPage } from "./pages/delivery.js";
import { historyPage } from "./pages/history.js";
import { livePage } from "./pages/live.js";
import { queuePage } from "./pages/queue.js";
import { signInPage } from "./pages/sign_in.js";

await begin();

const frame = shell();
const router = new Router(
  { live: livePage, queue: queuePage, deliveries: deliveryPage, history: historyPage, "sign-in": signInPage },
  (name) => frame.showPage(name),
);
const feed = listen();

/** Listen to the room where this browser may. */
function attend() {
  if (current().role === "none") {
    feed.rest();
    return;
  }
  feed.renew();
  describe();
}

onRoom((what) => {
  frame.update();
  if (what === "description" || what === "connection") router.update();
});
onSession(() => {
  frame.update();
  attend();
  router.update();
});
onRefused(() => {
  if (current().role === "none" && !location.hash.startsWith("#/sign-in")) location.hash = "#/sign-in";
});

attend();
frame.update();
router.show();
