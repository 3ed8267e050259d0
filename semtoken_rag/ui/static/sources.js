// Documents with every unit marked as kept, cut or dropped. Offsets count code points, as in Python.

import { node } from "./dom.js";

const NAMES = { fine: "kept", coarse: "cut", dropped: "gone" };
const SAID = { fine: "Kept", coarse: "Cut to a part", dropped: "Dropped" };
const TABLE = ["header", "row"]; // kinds of units
const split = new WeakMap();

function points(document) {
  if (!split.has(document)) split.set(document, Array.from(document.text));
  return split.get(document);
}

// The documents of which something is kept, then one box with the others. `open(number)` says which are open.
// `cites`: [{document, start, end, number}]; elements that a citation jumps to have data-cite.
export function sources(documents, result, cites, open) {
  const boxes = all(documents, result, cites, open);
  const without = boxes.filter((box) => !box.dataset.kept);
  if (!without.length) return boxes;
  const rest = node("details", "rest");
  const some = without.length < 2 ? "1 document" : `${without.length} documents`;
  rest.append(node("summary", "quiet", `${some} of which nothing is kept`), ...without);
  rest.open = open("rest");
  return [...boxes.filter((box) => box.dataset.kept), rest];
}

// What is kept, piece by piece: title, start and end in the document, text.
export function kept(documents, result) {
  return result.kept.map(({ document, start, end }) => ({
    title: documents[document].title,
    start,
    end,
    text: points(documents[document]).slice(start, end).join(""),
  }));
}

function all(documents, result, cites, open) {
  const ranks = ranking(result.units);
  return documents.map((document, number) => {
    const here = (places) => places.filter((p) => p.document === number);
    const kept = here(result.kept);
    const units = result.units.length ? here(result.units) : kept;
    const box = node("details", "source");
    box.dataset.document = number;
    box.open = open(`${number}`);
    const text = node("div", "text");
    text.append(...spans(points(document), units, kept, here(cites)));
    const elements = text.querySelectorAll(".unit");
    units.forEach((unit, i) => (elements[i].dataset.detail = detail(unit, result, documents, ranks)));
    const count = units.filter((u) => u.granularity !== "dropped").length;
    const summary = node("summary", "", document.title);
    summary.append(node("span", "quiet", ` ${count} of ${units.length} units`));
    if (count) box.dataset.kept = count;
    box.append(summary, text);
    return box;
  });
}

function* spans(text, units, kept, cites) {
  if (units.length) yield text.slice(0, units[0].start).join("");
  for (const [i, unit] of units.entries()) {
    const element = node("span", `unit ${NAMES[unit.granularity]}`);
    element.tabIndex = -1;
    const inside = kept.filter((k) => k.start < unit.end && unit.start < k.end);
    const cited = cites.filter((c) => c.start < unit.end && unit.start < c.end);
    const cuts = [...inside, ...cited].flatMap((p) => [p.start, p.end]).filter((c) => unit.start < c && c < unit.end);
    const hidden = rules(text, unit);
    const apart = cuts.filter((c) => ![...hidden].some(([start, end]) => start < c && c < end));
    const edges = [...new Set([unit.start, ...apart, ...[...hidden].flat(), unit.end])].sort((a, b) => a - b);
    let cell = null; // of a row of a table
    element.classList.toggle("row", hidden.size > 0);
    for (let j = 0; j + 1 < edges.length; j++) {
      const [start, end] = [edges[j], edges[j + 1]];
      if (hidden.has(start)) {
        element.append(node("span", "rule gone", text.slice(start, end).join("")));
        cell = null;
        continue;
      }
      const whole = inside.some((k) => k.start <= start && end <= k.end);
      const part = node("span", whole ? "" : "gone", text.slice(start, end).join(""));
      const numbers = cited.filter((c) => c.start <= start && end <= c.end).map((c) => c.number);
      if (numbers.length) {
        part.dataset.cite = numbers.join(" ");
        part.tabIndex = -1;
      }
      if (!hidden.size) element.append(part);
      else {
        if (!cell) element.append((cell = node("span", "cell")));
        cell.append(part);
      }
    }
    const behind = text.slice(unit.end, units[i + 1]?.start ?? text.length).join("");
    element.append(hidden.size ? node("span", "rule gone", behind) : behind);
    yield element;
    if (hidden.size && !TABLE.includes(units[i + 1]?.kind)) yield node("span", "gap");
  }
}

// What a row of a markdown table is drawn with: start and end of each bar, and of the line below a header.
function rules(text, { kind, start, end }) {
  const found = new Map();
  if (!TABLE.includes(kind)) return found;
  for (let i = start; i < end; i++) {
    if (text[i] === "\n" && found.size) return found.set(i, end);
    if (text[i] === "|" && text[i - 1] !== "\\") found.set(i, i + 1);
  }
  return found;
}

// Of each score, its values in the call, best first.
function ranking(units) {
  const ranks = {};
  for (const { scores } of units)
    for (const [name, value] of Object.entries(scores ?? {})) (ranks[name] ??= []).push(value);
  for (const values of Object.values(ranks)) values.sort((a, b) => b - a);
  return ranks;
}

function detail(unit, result, documents, ranks) {
  const said = [SAID[unit.granularity]];
  for (const [name, value] of Object.entries(unit.scores ?? {}))
    said.push(`${name} ${value.toFixed(2)} (no. ${ranks[name].indexOf(value) + 1} of ${ranks[name].length})`);
  const bridged_from = result.units[unit.bridged_from];
  if (bridged_from) {
    const text = points(documents[bridged_from.document]).slice(bridged_from.start, Math.min(bridged_from.end, bridged_from.start + 80));
    said.push(`explains what is mentioned in “${text.join("")}”`);
  }
  return said.join(" · ");
}
