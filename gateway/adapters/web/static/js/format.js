/** Numbers as people read them: a true minus, fixed decimals, units apart by a thin space. */

const THIN = "\u202f";
export const NOTHING = "\u2013";

/** @param {number | null | undefined} value @param {number} digits */
export function fixed(value, digits) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
}

/** With its sign, plus or minus. @param {number | null | undefined} value @param {number} digits */
export function signed(value, digits) {
  const text = fixed(value, digits);
  return value && value > 0 && Number(value.toFixed(digits)) > 0 ? `+${text}` : text;
}

/** @param {string} unit as the API has it: deg, mm, MU, MU/min */
export function unitSign(unit) {
  return unit === "deg" ? "\u00b0" : unit;
}

/** @param {number | null | undefined} value @param {number} digits @param {string} unit */
export function measure(value, digits, unit) {
  const text = fixed(value, digits);
  if (text === NOTHING) return text;
  return unit === "deg" ? `${text}\u00b0` : `${text}${THIN}${unit}`;
}

/** An angle in 0 <= a < 360, rounded before it is turned: 359.996 to two decimals is 0.
 * @param {number} degrees @param {number} [digits] */
export function turned(degrees, digits = 9) {
  const rest = Number(degrees.toFixed(digits)) % 360;
  return rest < 0 ? rest + 360 : rest;
}

/** The shorter way round from `planned` to `actual`, degrees.
 * @param {number} actual @param {number} planned */
export function turnError(actual, planned) {
  return turned(actual - planned + 180) - 180;
}

/** `couch_rotation` as "couch rotation", `X1` as "X1". @param {string} name */
export function axisName(name) {
  return name.replaceAll("_", " ");
}

/** First letter in upper case. @param {string} text */
export function sentence(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : text;
}

/** A time of day, local. @param {string | number} at ISO 8601, or ms */
export function clock(at) {
  const when = moment(at);
  return Number.isNaN(when.getTime()) ? String(at) : when.toLocaleTimeString("en-GB");
}

/** Date and time of day, local: 2026-12-01 03:12:57. @param {string | number} at */
export function dateTime(at) {
  const when = moment(at);
  if (Number.isNaN(when.getTime())) return String(at);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const day = `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
  return `${day} ${when.toLocaleTimeString("en-GB")}`;
}

/** @param {string | number} at */
export function moment(at) {
  return new Date(typeof at === "string" ? at.replace(" ", "T") : at);
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1e3) return `${bytes}${THIN}B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)}${THIN}kB`;
  return `${(bytes / 1e6).toFixed(1)}${THIN}MB`;
}
