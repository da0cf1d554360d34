/** The live feed: one WebSocket that comes back by itself, and only the latest of what it brings. */

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8000;
const SILENT_MS = 5000;
const HEADER_BYTES = 16;

/**
 * @typedef {Record<string, any>} Update
 * @typedef {{rows: number, columns: number, beam: number, number: number, pixels: Uint8Array | Uint16Array}} Image
 * @typedef {"connecting" | "connected" | "lost"} Connection
 */

/** Tells `onUpdate`, `onImage` and `onConnection` until it is closed. */
export class Feed {
  /** @param {{onUpdate: (update: Update) => void, onImage: (image: Image) => void,
   *           onConnection: (state: Connection) => void}} listeners */
  constructor(listeners) {
    this.listeners = listeners;
    this.wait = FIRST_WAIT_MS;
    this.heard = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.timer = 0;
    this.watch = setInterval(() => this.#listen(), 1000);
    window.addEventListener("online", () => this.#soon());
    document.addEventListener("visibilitychange", () => document.hidden || this.#soon());
  }

  /** A new connection in place of the present one: somebody signed in. */
  renew() {
    this.wait = FIRST_WAIT_MS;
    this.#leave();
    this.#open();
  }

  /** No connection until it is renewed: nobody is signed in who may look. */
  rest() {
    this.#leave();
    this.listeners.onConnection("connecting");
  }

  #open() {
    clearTimeout(this.timer);
    this.timer = 0;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/api/v1/live`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (message) => this.#take(message.data);
    socket.onclose = () => socket === this.socket && this.#closed();
    this.heard = performance.now();
    this.socket = socket;
  }

  /** @param {string | ArrayBuffer} data */
  #take(data) {
    this.heard = performance.now();
    this.wait = FIRST_WAIT_MS;
    this.listeners.onConnection("connected");
    if (typeof data === "string") this.listeners.onUpdate(JSON.parse(data));
    else this.listeners.onImage(image(data));
  }

  #closed() {
    this.socket = null;
    this.listeners.onConnection("lost");
    const spread = 0.8 + 0.4 * Math.random();
    this.timer = setTimeout(() => this.#open(), this.wait * spread);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
  }

  /** A server that says nothing for so long is gone, whatever the socket thinks. */
  #listen() {
    if (this.socket && performance.now() - this.heard > SILENT_MS) this.#drop();
  }

  #drop() {
    this.#leave();
    this.#closed();
  }

  #leave() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (!this.socket) return;
    this.socket.onclose = null;
    this.socket.onmessage = null;
    this.socket.close();
    this.socket = null;
  }

  #soon() {
    if (this.timer) this.#open();
  }
}

/** @param {ArrayBuffer} data @returns {Image} */
export function image(data) {
  const head = new DataView(data, 0, HEADER_BYTES);
  const rows = head.getUint16(0, true);
  const columns = head.getUint16(2, true);
  const wide = data.byteLength - HEADER_BYTES >= 2 * rows * columns;
  const pixels = wide
    ? new Uint16Array(data, HEADER_BYTES, rows * columns)
    : new Uint8Array(data, HEADER_BYTES, rows * columns);
  return { rows, columns, beam: head.getInt32(4, true), number: head.getUint32(8, true), pixels };
}
