/** Findings: what reading and checking a plan brought up, the worst first. */

import { h } from "../dom.js";
import { counted } from "../format.js";

const ORDER = ["error", "warning", "info"];
const SIGNS = { error: "\u2716", warning: "\u25b2", info: "\u2139" };

/** @typedef {{severity: "error" | "warning" | "info", rule: string, path: string, message: string}} Finding */

/** @param {Finding[]} findings @returns {HTMLElement} */
export function findingList(findings) {
  if (!findings.length) return h("p", { class: "quiet-note" }, "No findings.");
  const sorted = [...findings].sort((one, two) => ORDER.indexOf(one.severity) - ORDER.indexOf(two.severity));
  return h(
    "ul",
    { class: "findings" },
    sorted.map((finding) =>
      h(
        "li",
        { class: `finding ${finding.severity}` },
        h(
          "span",
          { class: `tag ${finding.severity}` },
          `${SIGNS[finding.severity] ?? ""} ${finding.severity}`,
        ),
        h("p", {}, finding.message),
        h("p", { class: "where" }, [finding.rule, finding.path].filter(Boolean).join(" \u00b7 ")),
      ),
    ),
  );
}

/** How many of which severity, in words. @param {Finding[]} findings */
export function findingCounts(findings) {
  const parts = ORDER.map((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    return count ? counted(count, severity === "info" ? "note" : severity) : "";
  }).filter(Boolean);
  return parts.length ? parts.join(", ") : "no findings";
}
