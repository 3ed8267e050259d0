// One strategy's view: figures, the answer with its citations, and the sources.

import { byId, node } from "./dom.js";
import { kept, sources } from "./sources.js";

export const FULL = "full context";
const number = (n) => n.toLocaleString("en");
export const duration = (seconds) => (seconds < 1 ? `${(1000 * seconds).toFixed(0)} ms` : `${seconds.toFixed(1)} s`);

export class Pane {
  constructor(strategy) {
    this.strategy = strategy;
    this.element = byId("pane").content.firstElementChild.cloneNode(true);
    this.cites = [];
    this.find("h2").textContent = strategy;
    for (const [name, act] of Object.entries({
      next: () => this.next(),
      copy: () => this.copy(),
      markdown: () => this.save("kept.md", "text/markdown", this.markdown()),
      json: () => this.save("kept.json", "application/json", JSON.stringify(this.data(), null, 2)),
    }))
      this.find(`.${name}`).addEventListener("click", act);
    const box = this.find(".sources");
    box.addEventListener("keydown", (event) => this.walk(event));
    for (const kind of ["focusin", "pointerover"]) box.addEventListener(kind, (event) => this.tell(event.target));
  }

  find = (selector) => this.element.querySelector(selector);

  show(documents, query, result) {
    Object.assign(this, { documents, query, result });
    const { tokens_before: before, tokens_after: after, encoder, device, total_seconds: seconds } = result.stats;
    const share = before ? after / before : 0;
    this.find(".meter").hidden = !query.trim();
    this.find(".meter span").style.width = `${100 * share}%`;
    this.find(".figures").textContent =
      `${number(after)} of ${number(before)} tokens (${Math.round(100 * share)} %) in ${duration(seconds)}`;
    this.find(".figures").title = device ? `${encoder} on ${device}` : encoder;
    this.find(".outcome").textContent = result.said.join(" ");
    this.draw();
  }

  state = () => `${this.find(".figures").textContent}. ${this.find(".outcome").textContent}`;

  draw() {
    const before = new Map([...this.element.querySelectorAll("details")].map((d) => [d.dataset.document ?? "rest", d.open]));
    const open = (name) => before.get(name) ?? name !== "rest";
    this.find(".sources").replaceChildren(...sources(this.documents, this.result, this.cites, open));
    const first = this.find(".unit:not(.gone)") ?? this.find(".unit");
    if (first) first.tabIndex = 0;
  }

  forget() {
    this.cites = [];
    this.find(".answer").hidden = true;
  }

  // Goes to the kept unit behind the last one gone to, at first to the first, and round.
  next() {
    const units = [...this.element.querySelectorAll(".source[data-kept] .unit:not(.gone)")];
    const unit = units[(units.findIndex((u) => u.tabIndex === 0 && u === this.last) + 1) % units.length];
    if (!unit) return;
    this.last = unit;
    unit.closest("details").open = true;
    this.element.querySelectorAll(".unit").forEach((u) => (u.tabIndex = -1));
    unit.tabIndex = 0;
    unit.scrollIntoView({ block: "center" });
    unit.focus({ preventScroll: true });
  }

  data() {
    const { tokens_before, tokens_after } = this.result.stats;
    return { question: this.query, strategy: this.strategy, tokens_before, tokens_after, kept: kept(this.documents, this.result) };
  }

  markdown() {
    const { question, tokens_before, tokens_after, kept: pieces } = this.data();
    const quoted = pieces.map(({ title, start, end, text }) => `> ${text.replaceAll("\n", "\n> ")}\n\n${title} [${start}:${end}]\n`);
    return [`# ${question || "What is kept"}\n`, `${tokens_after} of ${tokens_before} tokens\n`, ...quoted].join("\n");
  }

  save(name, type, text) {
    const link = node("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  async copy() {
    const button = this.find(".copy");
    const said = button.textContent;
    try {
      await navigator.clipboard.writeText(this.data().kept.map(({ text }) => text).join("\n"));
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser lets nothing be copied";
    }
    setTimeout(() => (button.textContent = said), 2_000);
  }

  begin(percent) {
    this.cites = [];
    this.answering = true;
    this.find(".answer").hidden = false;
    this.find(".answer h3").textContent = `Answer from ${this.strategy === FULL ? 100 : percent} % of the tokens`;
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
    for (const { text, sources: found, missing } of sentences) {
      line.push(text);
      if (!found.length && text.trim()) {
        const mark = node("span", "unsupported", "unsupported");
        mark.title = missing.length
          ? `What is kept has no ${missing.join(", ")}`
          : "No sentence of what is kept says this in its own names and numbers";
        line.push(mark, " ");
      }
      for (const place of found) {
        if (!numbers.has(key(place))) {
          numbers.set(key(place), numbers.size + 1);
          this.cites.push({ ...place, number: numbers.size });
        }
        line.push(this.citation(numbers.get(key(place)), this.documents[place.document].title));
      }
    }
    this.find(".said").replaceChildren(...line);
    byId("numbers").hidden = false;
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
