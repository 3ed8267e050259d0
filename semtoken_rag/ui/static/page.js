// The page: what changes starts a piece of work, and a new piece ends the one before it.

import { about, connect, events } from "./api.js";
import { Chances } from "./chances.js";
import { Documents } from "./documents.js";
import { byId, node } from "./dom.js";
import { EXAMPLE } from "./example.js";
import { FULL, Pane } from "./pane.js";

const info = await about();
const documents = new Documents(byId("documents"), changed);
const chances = new Chances(choose);
let panes = [];
let controller = new AbortController();
let timer = 0;
let keep = null; // the chance that is asked for in place of a budget
let budget = 0; // per cent before it was
let exact = null; // the tokens that are asked for in place of per cent
const STORED = "semtoken";

// Runs `work(signal)` in place of what runs now; the progress bar appears where it takes a while.
async function run(work) {
  controller.abort();
  const mine = (controller = new AbortController());
  const show = setTimeout(() => (byId("work").hidden = false), 250);
  progress({ stage: "Working", done: 0, total: 0 });
  try {
    await work(mine.signal);
  } catch (error) {
    if (!mine.signal.aborted) say(error.message);
  } finally {
    clearTimeout(show);
    if (mine === controller) byId("work").hidden = true;
  }
}

function progress({ stage, done, total }) {
  byId("stage").textContent = total ? `${stage}: ${done} of ${total}` : stage;
  if (total) Object.assign(byId("bar"), { value: done, max: total });
  else byId("bar").removeAttribute("value");
}

// What went wrong; without a message, forgets it.
function say(message = "") {
  byId("error").textContent = message;
  byId("error").hidden = !message;
}

function cancel() {
  if (byId("work").hidden) return;
  controller.abort();
  byId("work").hidden = true;
  byId("status").textContent = "Cancelled";
}

const percent = () => Number(byId("ratio").value);
const query = () => byId("query").value.trim();
const promising = (pane) => info.promising.includes(pane.strategy);
const asked = (pane) => ({
  documents: documents.all,
  query: byId("query").value,
  strategy: pane.strategy === FULL ? "lead" : pane.strategy,
  ...bound(pane),
});

function bound(pane) {
  if (pane.strategy === FULL) return { ratio: 1 };
  if (keep && promising(pane) && query()) return { keep, ratio: 1 };
  return exact ? { max_tokens: exact } : { ratio: percent() / 100 };
}

function move(share) {
  byId("ratio").value = share;
  byId("percent").textContent = `${percent()} %`;
}

// As many tokens as a chance takes; what is pressed already is let go, and the budget is what it was.
function choose(level) {
  budget = keep ? budget : percent();
  keep = level === keep ? null : level;
  if (!keep) move(budget);
  chances.press(keep);
  update(0);
}

function release() {
  keep = null;
  chances.press(keep);
}

// Shows a result in its pane; the first that knows chances moves the curve, and the slider to what is kept.
function show(pane, result) {
  pane.show(documents.all, byId("query").value, result);
  const { tokens_before: whole, tokens_after: left, budget: most } = result.stats;
  if (pane === panes[0]) {
    if (exact) move(Math.min(100, Math.ceil((100 * exact) / whole)));
    else byId("tokens").value = keep ? left : Math.min(most, whole);
    byId("tokens").max = whole;
  }
  if (pane !== panes.find(promising)) return;
  chances.show(result);
  const { tokens_before: before, tokens_after: after } = result.stats;
  if (keep && result.curve.length) move(Math.ceil((100 * after) / before));
}

function arrange() {
  const wanted = [...new Set([byId("first").value, byId("second").value].filter(Boolean))];
  panes = wanted.map((name) => panes.find((pane) => pane.strategy === name) ?? new Pane(name));
  byId("panes").replaceChildren(...panes.map((pane) => pane.element));
  const some = documents.all.length > 0;
  for (const [id, hidden] of Object.entries({
    start: some,
    none: some,
    legend: !some,
    panes: !some,
    help: !some || query(),
  }))
    byId(id).hidden = hidden;
  document.body.classList.toggle("some", some);
  byId("ask").disabled = !some || !info.reader;
  if (!some || !panes.some(promising)) chances.hide(true);
}

async function compress(signal) {
  for (const pane of panes)
    for await (const event of events("api/compress", asked(pane), signal)) {
      if (event.name === "progress") progress(event);
      else show(pane, event);
    }
  byId("status").textContent = panes.map((pane) => `${pane.strategy}: ${pane.state()}`).join(" ");
}

async function answer(signal) {
  for (const pane of panes) {
    pane.begin(percent());
    try {
      for await (const event of events("api/answer", asked(pane), signal)) {
        if (event.name === "progress") progress(event);
        else if (event.name === "result") show(pane, event);
        else if (event.name === "part") pane.part(event.text);
        else pane.answer(event.sentences);
      }
    } finally {
      pane.end();
    }
  }
}

// What is there after a reload; a text too large for the browser to remember is not.
function remember() {
  const { value: query } = byId("query");
  const state = { documents: documents.all, query, percent: percent(), exact, first: byId("first").value, second: byId("second").value };
  try {
    sessionStorage.setItem(STORED, JSON.stringify(state));
  } catch {
    sessionStorage.removeItem(STORED);
  }
}

function recall() {
  const state = JSON.parse(sessionStorage.getItem(STORED) ?? "null");
  if (!state) return info.documents;
  for (const [id, name] of [["first", state.first], ["second", state.second]]) {
    if (name in info.more) offerMore();
    byId(id).value = name;
  }
  byId("query").value = state.query;
  exact = state.exact;
  if (exact) byId("tokens").value = exact;
  move(state.percent);
  return state.documents;
}

// Compresses anew, once nothing has changed for `delay` milliseconds.
function update(delay) {
  arrange();
  remember();
  clearTimeout(timer);
  if (documents.all.length) timer = setTimeout(() => run(compress), delay);
  else controller.abort();
}

function changed() {
  panes.forEach((pane) => pane.forget());
  chances.forget();
  update(0);
}

function upload(files) {
  say();
  run((signal) => documents.upload(files, info.max_bytes, signal, progress));
}

const MORE = "more";
const choices = (lines) => Object.entries(lines).map(([name, line]) => new Option(`${name}: ${line}`, name));

// The paper's algorithm and its baselines, in place of the choice that asks for them.
function offerMore() {
  for (const id of ["first", "second"]) byId(id).querySelector(`[value=${MORE}]`)?.replaceWith(...choices(info.more));
}

function name() {
  const { reader, encoder } = info;
  byId("about").textContent = `${reader ? `Reader: ${reader.name}.` : "No local LLM."} Encoder: ${encoder.name}.`;
  byId("about").title = [reader?.id, encoder.id].filter(Boolean).join(", ");
  byId("reads").textContent = reader ? "Another LLM" : "Answer needs a local LLM: how";
}

function on(id, kind, act) {
  byId(id).addEventListener(kind, act);
}

on("upload", "click", () => byId("files").click());
on("files", "change", ({ target }) => {
  upload([...target.files]);
  target.value = ""; // so that the same file can be chosen again
});
on("example", "click", () => {
  byId("query").value = EXAMPLE.query;
  release();
  exact = null;
  move(EXAMPLE.percent);
  documents.replace(EXAMPLE.documents);
});
on("add", "click", () => {
  const [title, text] = [byId("title"), byId("text")];
  if (!text.value.trim()) return text.focus();
  documents.add([{ title: title.value.trim() || `Text ${documents.all.length + 1}`, text: text.value.toWellFormed() }]);
  title.value = text.value = "";
  byId("paste").open = false;
  byId("query").focus();
});
on("query", "input", () => {
  chances.forget();
  update(300);
});
on("query", "keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!byId("ask").disabled) byId("controls").requestSubmit();
});
on("tokens", "input", ({ target }) => {
  if (!target.checkValidity() || !target.valueAsNumber) return;
  release();
  exact = target.valueAsNumber;
  update(300);
});
on("ratio", "input", () => {
  release();
  exact = null;
  move(percent());
  update(60);
});
for (const id of ["first", "second"])
  on(id, "change", ({ target }) => {
    if (target.value === MORE) {
      offerMore();
      target.value = "paper";
    }
    update(0);
  });
on("connect", "click", () => {
  say();
  run(async () => {
    ({ reader: info.reader } = await connect(byId("address").value));
    byId("server").open = false;
    name();
    changed();
  });
});
on("dropped", "change", ({ target }) => byId("panes").classList.toggle("brief", !target.checked));
on("controls", "submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  say();
  if (query()) return run(answer);
  say("Ask a question first.");
  byId("query").focus();
});
on("controls", "input", () => say());
on("cancel", "click", cancel);
document.addEventListener("keydown", (event) => event.key === "Escape" && cancel());
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) upload([...event.dataTransfer.files]);
});

byId("files").accept = info.suffixes.join(",");
for (const id of ["first", "second"])
  byId(id).append(...choices(info.strategies), new Option("more: those of the paper", MORE));
byId("first").value = "semtoken";
byId("address").placeholder = info.address;
name();
const found = recall();
if (found.length) documents.add(found);
else arrange();
byId("ready").disabled = false; // what is typed before would be lost
