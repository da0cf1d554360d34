/** Signing in with a token. */

import { attempt, note } from "../announce.js";
import { h } from "../dom.js";
import { current, signIn } from "../session.js";

/** @returns {import("../router.js").Page} */
export function signInPage() {
  const token = /** @type {HTMLInputElement} */ (
    h("input", {
      id: "token",
      type: "password",
      autocomplete: "current-password",
      required: true,
      spellcheck: "false",
    })
  );
  const button = h("button", { type: "submit", class: "primary" }, "Sign in");
  const form = h(
    "form",
    { class: "card narrow stack" },
    h("h2", {}, "Sign in"),
    h(
      "p",
      {},
      "The token was printed when the service was started the first time, at the end of its address; " +
        "whoever runs the service can give you one of your own.",
    ),
    h("label", { for: "token" }, "Token"),
    token,
    button,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await attempt(() => signIn(token.value.trim()), button);
    if (!current().name) return token.select();
    note(`Signed in as ${current().name}`);
    location.hash = "#/live";
  });
  return { element: form, title: "Sign in" };
}
