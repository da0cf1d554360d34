/** The HTTP API, with what every command needs: a key of its own, and the session's CSRF token. */

const ROOT = "/api/v1";

/** What went wrong, in words that a person can use (RFC 9457). */
export class Problem extends Error {
  /** @param {number} status @param {Record<string, any>} body */
  constructor(status, body) {
    super(body.detail || body.title || `the server answered ${status}`);
    this.status = status;
    this.body = body;
  }
}

let csrf = "";
let refused = () => {};

/** @param {string} token */
export function useCsrf(token) {
  csrf = token;
}

/** Called when the server says that nobody is signed in. @param {() => void} listener */
export function onRefused(listener) {
  refused = listener;
}

/** @param {string} path @param {Record<string, unknown>} [query] */
export function url(path, query = {}) {
  const wanted = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(wanted.map(([name, value]) => [name, String(value)])).toString();
  return ROOT + path + (text ? `?${text}` : "");
}

/** @param {string} path @param {Record<string, unknown>} [query] @returns {Promise<any>} */
export function get(path, query) {
  return asked(url(path, query), { headers: { Accept: "application/json" } });
}

/**
 * One command, with one key: a repetition by the browser is carried out once.
 * @param {"POST" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [body] a Blob goes as it is, anything else as JSON
 * @returns {Promise<any>}
 */
export function command(method, path, body) {
  /** @type {Record<string, string>} */
  const headers = { "Idempotency-Key": newKey(), Accept: "application/json" };
  if (csrf) headers["X-CSRF-Token"] = csrf;
  if (body instanceof Blob) {
    headers["Content-Type"] = "application/dicom";
    return asked(url(path), { method, headers, body });
  }
  if (body === undefined) return asked(url(path), { method, headers });
  headers["Content-Type"] = "application/json";
  return asked(url(path), { method, headers, body: JSON.stringify(body) });
}

/** A random UUID, also where the page came without TLS and `randomUUID` is not there. */
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} address @param {RequestInit} request */
async function asked(address, request) {
  let response;
  try {
    response = await fetch(address, { credentials: "same-origin", ...request });
  } catch {
    throw new Problem(0, { detail: "The server cannot be reached. Nothing was done." });
  }
  const kind = response.headers.get("Content-Type") ?? "";
  const body = kind.includes("json") ? await response.json() : {};
  if (response.ok) return body;
  if (response.status === 401) refused();
  throw new Problem(response.status, body);
}
