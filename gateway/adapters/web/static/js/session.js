/** Who is signed in here, and what they may do. */

import { command, get, Problem, useCsrf } from "./api.js";

/** @typedef {{name: string, role: "watch" | "operate" | "none"}} Session */

const NOBODY = /** @type {Session} */ ({ name: "", role: "none" });

let session = NOBODY;
const listeners = new Set();

export function current() {
  return session;
}

export function mayOperate() {
  return session.role === "operate";
}

/** @param {(session: Session) => void} listener @returns {() => void} ends it */
export function onSession(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Sign in with the token of the address' fragment, or go on with the cookie. */
export async function begin() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    history.replaceState(null, "", `${location.pathname}#/live`);
    await signIn(token).catch(() => resume());
  } else {
    await resume();
  }
}

/** Ask whether the cookie still holds. */
export async function resume() {
  try {
    take(await get("/session"));
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 0) take(null);
  }
}

/** @param {string} token Raises Problem. */
export async function signIn(token) {
  take(await command("POST", "/session", { token }));
}

export async function signOut() {
  await command("DELETE", "/session");
  take(null);
}

/** @param {any} found */
function take(found) {
  session = found ? { name: found.name ?? "", role: found.role ?? "none" } : NOBODY;
  useCsrf(found?.csrf ?? "");
  for (const listener of listeners) listener(session);
}
