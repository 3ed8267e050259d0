
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const call = JSON.parse($("data").textContent);
  const units = call.units;
  const nodes = [...document.querySelectorAll(".u")];
  const NAMES = ["dropped", "coarse", "fine"];
  const SAID = ["Dropped: ", "Kept in part: ", "Kept: "];
  const best = units.map((_, i) => i).sort((a, b) => units[b].value - units[a].value || a - b);
  const articles = [...document.querySelectorAll("article")].map((article, d) => ({
    kept: article.querySelector(".kept"),
    units: best.filter((i) => units[i].document === d),
  }));
  const lenders = new Set(units.map((u) => u.bridged_from));
  let grains = units.map((u) => u.grain);
  const LONG = 60; // units, from which on what is dropped is hidden at first
  let chosen = -1;

  // Decides again for another budget: first what the call kept, then the others, each by score for its length.
  // What a unit is lent counts once the unit that raised it is kept.
  function decide(budget) {
    if (budget === call.budget) return units.map((u) => u.grain);
    if (budget >= call.before) return units.map(() => 2);
    const more = budget > call.budget;
    const now = units.map((u) => (more ? u.grain : 0));
    const groups = new Set(units.filter((u, i) => now[i] && u.group >= 0).map((u) => u.group));
    const worth = (u) => (u.bridged_from >= 0 && !now[u.bridged_from] ? u.value - u.lent : u.value);
    const byWorth = (a, b) => worth(units[b]) - worth(units[a]) || a - b;
    let left = more ? budget - call.after : budget;
    let queue = best.filter((i) => (more ? now[i] < 2 : units[i].grain)).sort(byWorth);
    for (let at = 0; at < queue.length; at++) {
      const i = queue[at], { grain, group, parent, cost, part } = units[i];
      if (now[i] === 2 || (!now[i] && groups.has(group))) continue;
      const heads = parent >= 0 && !now[parent] ? parent : -1;
      const price = (more ? cost - (now[i] ? part : 0) : part) + (heads >= 0 ? units[heads].cost : 0);
      if (price > left) continue;
      left -= price;
      now[i] = more ? 2 : grain;
      if (heads >= 0) now[heads] = 2;
      if (group >= 0) groups.add(group);
      if (lenders.has(i)) queue = [...queue.slice(0, at + 1), ...queue.slice(at + 1).sort(byWorth)];
    }
    return now;
  }

  const tokens = (i) => (grains[i] === 2 ? units[i].cost : grains[i] ? units[i].part : 0);
  const number = (n) => n.toLocaleString("en");
  const signed = (x) => x.toFixed(2).replace("-", "\u2212");
  const sum = (values) => values.reduce((a, b) => a + b, 0);

  function show(budget) {
    const preview = budget !== call.budget;
    grains = decide(budget);
    nodes.forEach((node, i) => {
      node.classList.remove(...NAMES);
      node.classList.add(NAMES[grains[i]]);
      node.firstElementChild.textContent = SAID[grains[i]];
    });
    articles.forEach((article, d) => {
      const about = "about " + number(sum(article.units.map(tokens)));
      article.kept.textContent = preview ? about : number(call.documents[d].after);
    });
    const after = !preview ? call.after : budget >= call.before ? call.before : sum(units.map((_, i) => tokens(i)));
    $("tokens").textContent = (preview ? "about " : "") + number(after);
    $("fill").style.width = (100 * Math.min(after / call.most, 1)) + "%";
    $("mark").style.left = (100 * Math.min(budget / call.most, 1)) + "%";
    $("amount").textContent = number(budget);
    const kept = grains.filter((g) => g).length;
    $("slider").setAttribute("aria-valuetext", `${number(budget)} tokens, ${kept} of ${units.length} units kept`);
    $("previewing").hidden = !preview;
    $("outcome").hidden = preview;
    document.body.classList.toggle("preview", preview);
    if (chosen >= 0) describe(chosen);
  }

  function make(name, text, ...children) {
    const node = document.createElement(name);
    if (text) node.textContent = text;
    node.append(...children);
    return node;
  }

  function row(name, value, all) {
    const tr = make("tr", "", make("th", name), make("td", signed(value)));
    tr.firstChild.scope = "row";
    tr.lastChild.className = "number";
    const low = Math.min(...all), high = Math.max(...all);
    const dot = make("i"), range = make("td", "", make("span", "", dot));
    dot.style.left = (high > low ? (100 * (value - low)) / (high - low) : 0) + "%";
    range.className = "range";
    range.title = `${signed(low)} to ${signed(high)} in this call`;
    tr.append(range);
    return tr;
  }

  function reasonOf(unit) {
    const [before, quoted, after, other] = unit.reason;
    const lead = document.body.classList.contains("preview") ? "In the call: " : "";
    const p = make("p", lead + before, make("em", quoted), after);
    p.className = "reason";
    if (other >= 0) {
      const go = make("button", "Show it");
      go.type = "button";
      go.addEventListener("click", () => choose(other, true));
      p.append(" ", go);
    }
    return p;
  }

  function describe(i) {
    const unit = units[i], box = $("details"), close = make("button", "Close");
    close.type = "button";
    close.className = "close";
    close.addEventListener("click", release);
    const where = `document ${unit.document + 1}, ${unit.cost} token${unit.cost === 1 ? "" : "s"}`;
    const chance = unit.chance ? `, wanted with a chance of ${unit.chance}` : "";
    const head = make("p", "", make("strong", SAID[grains[i]].replace(": ", "")), `, ${where}${chance}`);
    box.replaceChildren(close, head);
    if (unit.reason) box.append(reasonOf(unit));
    if (unit.scores.length) {
      const rows = call.names.map((name, n) => row(name, unit.scores[n], units.map((u) => u.scores[n])));
      box.append(make("table", "", make("tbody", "", ...rows)));
    }
    box.hidden = false;
    $("hint").hidden = true;
    nodes.forEach((node, n) => {
      node.classList.toggle("lent", !!unit.reason && n === unit.reason[3]);
    });
  }

  function choose(i, focus) {
    if (chosen >= 0) nodes[chosen].classList.remove("chosen");
    nodes.forEach((node, n) => { node.tabIndex = n === i ? 0 : -1; });
    chosen = i;
    nodes[i].classList.add("chosen");
    describe(i);
    if (focus) {
      nodes[i].focus({ preventScroll: true });
      nodes[i].scrollIntoView({ block: "nearest" });
    }
  }

  // Goes to the next kept unit, or with -1 to the previous one, and round.
  function step(way) {
    const kept = units.map((_, i) => i).filter((i) => grains[i]);
    if (!kept.length) return;
    const next = way > 0 ? kept.find((i) => i > chosen) ?? kept[0] : kept.findLast((i) => i < chosen) ?? kept.at(-1);
    choose(next, true);
  }

  function release() {
    if ($("details").hidden) return;
    nodes.forEach((node) => node.classList.remove("chosen", "lent"));
    if (chosen >= 0) nodes[chosen].focus({ preventScroll: true });
    chosen = -1;
    $("details").hidden = true;
    $("hint").hidden = false;
  }

  // The unit that an arrow key leads to: a neighbour, or the first of a neighbouring document.
  function toward(key, i) {
    const first = (d) => units.findIndex((u) => u.document === d);
    const next = units.findIndex((u) => u.document > units[i].document);
    const previous = units.slice(0, first(units[i].document)).at(-1);
    return {
      ArrowRight: Math.min(i + 1, units.length - 1),
      ArrowLeft: Math.max(i - 1, 0),
      ArrowDown: next < 0 ? i : next,
      ArrowUp: previous ? first(previous.document) : first(units[i].document),
      Home: 0,
      End: units.length - 1,
    }[key];
  }

  nodes.forEach((node, i) => {
    node.tabIndex = i ? -1 : 0;
    node.setAttribute("role", "button");
    node.addEventListener("click", () => choose(i, true));
    node.addEventListener("focus", () => { if (node.matches(":focus-visible")) choose(i, false); });
    node.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") describe(i); });
    node.addEventListener("pointerleave", () => { if (chosen >= 0) describe(chosen); });
    node.addEventListener("keydown", (event) => {
      const to = toward(event.key, i);
      if (event.key === "Enter" || event.key === " ") choose(i, true);
      else if (to !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) choose(to, true);
      else return;
      event.preventDefault();
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") release();
    else if (event.key === "n") step(1);
    else if (event.key === "p") step(-1);
  });
  $("slider").addEventListener("input", () => show(Number($("slider").value)));
  $("reset").addEventListener("click", () => {
    $("slider").value = call.budget;
    show(call.budget);
    $("slider").focus();
  });
  $("only").addEventListener("change", () => document.body.classList.toggle("only", $("only").checked));
  $("moving").hidden = $("note").hidden = !call.movable;
  $("filter").hidden = !call.movable;
  $("hint").hidden = !units.length;
  $("only").checked = call.movable && units.length > LONG;
  document.body.classList.toggle("only", $("only").checked);
  show(call.budget);
})();
