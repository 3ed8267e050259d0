// How sure each number of tokens makes: a curve above the slider, and buttons for the tokens of a chance.

import { byId } from "./dom.js";

const LEVELS = [0.8, 0.9, 0.95, 0.99];
const percent = (chance) => `${Math.floor(100 * chance + 1e-9) || "<1"} %`; // never more than it is
const number = (n) => n.toLocaleString("en");

export class Chances {
  // `chosen(level)` is called for a button that is pressed.
  constructor(chosen) {
    this.buttons = LEVELS.map((level) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = percent(level);
      button.addEventListener("click", () => chosen(level));
      return button;
    });
    byId("levels").append(...this.buttons);
    this.forget();
    this.press(null);
  }

  press(level) {
    this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", LEVELS[i] === level));
  }

  // The documents or the question are others.
  forget() {
    this.curve = [];
  }

  hide(hidden) {
    byId("curve").toggleAttribute("hidden", hidden);
    byId("levels").hidden = hidden;
  }

  // An input that fits has a curve of one point; the one before still holds.
  show({ curve, stats }) {
    if (curve.length > 1 || !this.curve.length) this.curve = curve;
    this.hide(!curve.length);
    if (!curve.length) return;
    const { tokens_before: all, tokens_after: kept, confidence } = stats;
    const x = (tokens) => Math.min(100, (100 * tokens) / all).toFixed(2);
    const y = (chance) => (100 - 100 * chance).toFixed(2);
    const points = this.curve.map(([tokens, chance]) => `${x(tokens)} ${y(chance)}`);
    byId("line").setAttribute("d", `M ${points.join(" L ")} H 100`);
    byId("now").setAttribute("cx", `${x(kept)}%`);
    byId("now").setAttribute("cy", `${y(confidence)}%`);
    byId("curve").setAttribute("aria-label", this.words(all, kept, confidence));
  }

  words(all, kept, confidence) {
    const first = (level) => this.curve.find(([, chance]) => chance >= level)?.[0];
    const reached = LEVELS.filter(first).map((level) => `${percent(level)} from ${number(first(level))}`);
    return (
      `Chance that nothing wanted is lost, by tokens: ${[...reached, `all at ${number(all)}`].join(", ")}. ` +
      `Now ${percent(confidence)} at ${number(kept)}.`
    );
  }
}
