/** What is known of the room now: its description, and the latest update of the feed. */

import { get } from "./api.js";
import { Feed } from "./feed.js";

/**
 * @typedef {import("./feed.js").Update} Update
 * @typedef {import("./feed.js").Image} Image
 * @typedef {import("./feed.js").Connection} Connection
 */

export const room = {
  /** @type {any} */
  description: null,
  /** @type {Update | null} */
  update: null,
  /** @type {Image | null} */
  image: null,
  /** @type {Connection} */
  connection: "connecting",
  heardAt: 0,
};

/** @type {Set<(what: "update" | "image" | "connection" | "description") => void>} */
const listeners = new Set();

/** @param {(what: "update" | "image" | "connection" | "description") => void} listener
 * @returns {() => void} ends it */
export function onRoom(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {"update" | "image" | "connection" | "description"} what */
function changed(what) {
  for (const listener of listeners) listener(what);
}

/** The delivery that runs, if any. @returns {string | null} */
export function runningDelivery() {
  return room.update?.state?.delivery_id ?? null;
}

/** Begin to listen. @returns {Feed} */
export function listen() {
  return new Feed({
    onUpdate(update) {
      if (update.state?.delivery_id !== room.update?.state?.delivery_id && !update.image) room.image = null;
      room.update = update;
      room.heardAt = Date.now();
      changed("update");
    },
    onImage(image) {
      room.image = image;
      changed("image");
    },
    onConnection(connection) {
      if (connection === room.connection) return;
      room.connection = connection;
      changed("connection");
      if (connection === "connected") describe();
    },
  });
}

/** Ask for the room's description: it may be another one since the server came back. */
export async function describe() {
  try {
    room.description = await get("/room");
    changed("description");
  } catch {
    // Told by the state of the connection, or by the sign-in page.
  }
}
