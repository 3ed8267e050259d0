// One strategy's view: figures, the answer with its citations, and the sources.

import { byId, node } from "./dom.js";
import { sources } from "./sources.js";

export class Pane {
  constructor(strategy) {
    this.strategy = strategy;
    this.element = byId("pane").content.firstElementChild.cloneNode(true);
    this.cites = [];
    this.find("h2").textContent = strategy;
    const box = this.find(".sources");
    box.addEventListener("keydown", (event) => this.walk(event));
    for (const kind of ["focusin", "pointerover"]) box.addEventListener(kind, (event) => this.tell(event.target));
  }

  find = (selector) => this.element.querySelector(selector);

  show(documents, result) {
    Object.assign(this, { documents, result });
    const { tokens_before: before, tokens_after: after, encoder, device, total_seconds: seconds } = result.stats;
    const share = before ? after / before : 0;
    const number = (n) => n.toLocaleString("en");
    this.find(".meter span").style.width = `${100 * share}%`;
    this.find(".figures").textContent =
      `${number(after)} of ${number(before)} tokens (${Math.round(100 * share)} %) in ${(1000 * seconds).toFixed(0)} ms`;
    this.find(".figures").title = device ? `${encoder} on ${device}` : encoder;
    this.find(".outcome").textContent = result.said.join(" ");
    this.draw();
  }

  state = () => `${this.find(".figures").textContent}. ${this.find(".outcome").textContent}`;

  draw() {
    const closed = [...this.element.querySelectorAll("details")].map((d) => !d.open);
    const made = sources(this.documents, this.result, this.cites);
    made.forEach((box, i) => (box.open = !closed[i]));
    this.find(".sources").replaceChildren(...made);
    const first = this.find(".unit:not(.gone)") ?? this.find(".unit");
    if (first) first.tabIndex = 0;
  }

  forget() {
    this.cites = [];
    this.find(".answer").hidden = true;
  }

  begin(percent) {
    this.cites = [];
    this.answering = true;
    this.find(".answer").hidden = false;
    this.find(".answer h3").textContent = `Answer from ${percent} % of the tokens`;
    this.find(".said").replaceChildren();
    this.find(".note").textContent = "";
    this.find(".answer").scrollIntoView({ block: "nearest" });
  }

  part(text) {
    this.find(".said").append(text);
  }

  end() {
    if (this.answering) this.find(".note").textContent = "Stopped.";
    this.answering = false;
  }

  // Puts a numbered button behind each sentence for each slice that it rests on.
  answer(sentences) {
    this.answering = false;
    const key = (p) => `${p.document}:${p.start}:${p.end}`;
    const numbers = new Map();
    const line = [];
    for (const { text, sources: found } of sentences) {
      line.push(text);
      for (const place of found) {
        if (!numbers.has(key(place))) {
          numbers.set(key(place), numbers.size + 1);
          this.cites.push({ ...place, number: numbers.size });
        }
        line.push(this.citation(numbers.get(key(place)), this.documents[place.document].title));
      }
    }
    this.find(".said").replaceChildren(...line);
    const without = sentences.filter((s) => !s.sources.length).length;
    this.find(".note").textContent =
      "Numbers lead to the words that a sentence shares with a source." +
      (without ? " Where none follows, no source has these words." : "");
    this.draw();
  }

  citation(number, title) {
    const button = node("button", "cite", `${number}`);
    button.type = "button";
    button.setAttribute("aria-label", `Source ${number}, in ${title}`);
    button.addEventListener("click", () => this.jump(number, button));
    return button;
  }

  jump(number, button) {
    for (const old of this.element.querySelectorAll(".target")) old.classList.remove("target");
    const marked = [...this.element.querySelectorAll("[data-cite]")];
    const hits = marked.filter((e) => e.dataset.cite.split(" ").includes(`${number}`));
    hits[0].closest("details").open = true;
    hits.forEach((e) => e.classList.add("target"));
    hits[0].scrollIntoView({ block: "center" });
    hits[0].focus({ preventScroll: true });
    this.back = button;
  }

  // Arrow keys go from unit to unit; Escape goes back to the citation.
  walk(event) {
    if (event.key === "Escape" && this.back) {
      event.stopPropagation();
      this.back.focus();
      this.back = null;
      return;
    }
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const unit = event.target.closest(".unit");
    if (!step || !unit) return;
    const units = [...this.element.querySelectorAll("details[open] .unit")].filter((u) => u.offsetParent);
    const next = units[units.indexOf(unit) + step];
    if (!next) return;
    event.preventDefault();
    units.forEach((u) => (u.tabIndex = -1));
    next.tabIndex = 0;
    next.focus();
  }

  tell(target) {
    const unit = target.closest?.(".unit");
    if (unit) this.find(".detail").textContent = unit.dataset.detail;
  }
}
