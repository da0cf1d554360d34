/** Pages by the address' fragment: #/live, #/queue, #/deliveries/ID, #/history. */

import { fill, h } from "./dom.js";

/**
 * @typedef {{element: HTMLElement, title: string, close?: () => void, update?: () => void}} Page
 * @typedef {(rest: string[]) => Page} Maker
 */

/** Shows one page at a time. */
export class Router {
  /** @param {Record<string, Maker>} pages @param {(name: string) => void} shown */
  constructor(pages, shown) {
    this.pages = pages;
    this.shown = shown;
    /** @type {Page | null} */
    this.page = null;
    window.addEventListener("hashchange", () => this.show());
  }

  show() {
    const [, name = "", ...rest] = location.hash.split("?")[0].split("/");
    const maker = this.pages[name];
    if (!maker) {
      location.replace("#/live");
      return;
    }
    const first = this.page === null;
    this.page?.close?.();
    const main = /** @type {HTMLElement} */ (document.getElementById("main"));
    this.page = maker(rest.map(decodeURIComponent));
    document.title = `${this.page.title} \u2013 linac-gateway`;
    fill(main, h("h1", { class: "unseen" }, this.page.title), this.page.element);
    this.shown(name);
    if (!first) {
      window.scrollTo(0, 0);
      main.focus({ preventScroll: true });
    }
  }

  /** New data has come. */
  update() {
    this.page?.update?.();
  }
}
