/**
 * Where things are in the beam's-eye view: seen from the source, IEC 61217, X to the right and Y up,
 * mm at the isocentre. Numbers only; nothing is drawn here.
 */

/** How far a leaf or jaw is drawn behind its end, mm: past any view. */
export const BEYOND_MM = 500;

/**
 * @typedef {{device: string, pairs: number, boundaries_mm: number[], banks: string[]}} Mlc
 * @typedef {{low: number, high: number}} Range
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 */

/** Half the width of the view, mm: the whole head, with a margin for the scale.
 * @param {Mlc[]} mlcs @param {number} [jawReach] */
export function reach(mlcs, jawReach = 0) {
  const ends = mlcs.flatMap((mlc) => [mlc.boundaries_mm[0], mlc.boundaries_mm[mlc.boundaries_mm.length - 1]]);
  const farthest = Math.max(jawReach, ...ends.map(Math.abs), 50);
  return farthest * 1.06;
}

/** Half the width of a view that holds what is open, mm, in whole tens.
 * @param {Mlc[]} mlcs @param {Record<string, Record<string, number[][]>>} leaves
 * @param {Record<string, number>} jaws @param {number} most */
export function openReach(mlcs, leaves, jaws, most) {
  let far = 0;
  for (const mlc of mlcs) {
    const [first, second] = mlc.banks.map((bank) => leaves[mlc.device]?.[bank]?.[0] ?? []);
    for (let pair = 0; pair < mlc.pairs; pair += 1) {
      if (!(second[pair] - first[pair] > 1)) continue;
      const side = Math.max(Math.abs(mlc.boundaries_mm[pair]), Math.abs(mlc.boundaries_mm[pair + 1]));
      if (beyondJaws(mlc, pair, jaws)) continue;
      far = Math.max(far, side, Math.abs(first[pair]), Math.abs(second[pair]));
    }
  }
  if (far === 0) far = Math.max(0, ...Object.values(jaws).map(Math.abs));
  return Math.min(most, far === 0 ? most : Math.ceil((far * 1.25) / 10) * 10);
}

/** Whether the jaws cover a pair. @param {Mlc} mlc @param {number} pair @param {Record<string, number>} jaws */
export function beyondJaws(mlc, pair, jaws) {
  const [low, high] = acrossX(mlc) ? [jaws.Y1, jaws.Y2] : [jaws.X1, jaws.X2];
  const edges = mlc.boundaries_mm;
  return (low !== undefined && edges[pair + 1] <= low) || (high !== undefined && edges[pair] >= high);
}

/** Whether the leaves move along X (MLCX and both layers of a dual MLC). @param {Mlc} mlc */
export function acrossX(mlc) {
  return mlc.device !== "MLCY";
}

/**
 * The rectangle of one leaf, or of the stretch between two of its places.
 * @param {Mlc} mlc @param {number} pair @param {number} from along the leaf's travel, mm
 * @param {number} to @returns {Box} in the collimator's frame
 */
export function stretch(mlc, pair, from, to) {
  const low = Math.min(from, to);
  const long = Math.abs(to - from);
  const side = mlc.boundaries_mm[pair];
  const wide = mlc.boundaries_mm[pair + 1] - side;
  return acrossX(mlc)
    ? { x: low, y: side, width: long, height: wide }
    : { x: side, y: low, width: wide, height: long };
}

/** The stairs that a bank's ends make: x, y, x, y, ... in the collimator's frame.
 * @param {Mlc} mlc @param {number[]} ends @returns {number[]} */
export function stairs(mlc, ends) {
  const points = [];
  for (let pair = 0; pair < mlc.pairs; pair += 1) {
    for (const side of [mlc.boundaries_mm[pair], mlc.boundaries_mm[pair + 1]]) {
      points.push(...(acrossX(mlc) ? [ends[pair], side] : [side, ends[pair]]));
    }
  }
  return points;
}

/** The largest leaf error: which leaf, and by how much, mm.
 * @param {Mlc[]} mlcs @param {Record<string, Record<string, number[][]>>} leaves */
export function worstLeaf(mlcs, leaves) {
  let worst = null;
  for (const mlc of mlcs) {
    for (const bank of mlc.banks) {
      const [actual, planned] = leaves[mlc.device]?.[bank] ?? [[], []];
      for (let pair = 0; pair < actual.length; pair += 1) {
        const error = actual[pair] - planned[pair];
        if (worst === null || Math.abs(error) > Math.abs(worst.error)) {
          worst = { device: mlc.device, bank, leaf: pair + 1, error };
        }
      }
    }
  }
  return worst;
}

/** Canvas pixels of a point of the gantry's frame. The collimator turns counter-clockwise as it is seen here.
 * @param {{width: number, height: number, reachMm: number, turnDeg: number}} view
 * @param {number} x @param {number} y in the collimator's frame, mm @returns {[number, number]} */
export function toScreen(view, x, y) {
  const angle = (view.turnDeg * Math.PI) / 180;
  const across = x * Math.cos(angle) - y * Math.sin(angle);
  const up = x * Math.sin(angle) + y * Math.cos(angle);
  const scale = Math.min(view.width, view.height) / (2 * view.reachMm);
  return [view.width / 2 + across * scale, view.height / 2 - up * scale];
}
