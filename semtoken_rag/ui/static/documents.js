// The documents of the page: read by the server, shown as a list.

import { events } from "./api.js";
import { node } from "./dom.js";

export class Documents {
  constructor(list, changed) {
    Object.assign(this, { list, changed, all: [] });
  }

  replace(documents) {
    this.all.length = 0;
    this.add(documents);
  }

  add(documents) {
    this.all.push(...documents);
    this.show();
    this.changed();
  }

  // Reads each file in turn; one that cannot be read does not keep the others out.
  async upload(files, limit, signal, progress) {
    const found = [];
    const problems = [];
    for (const file of files) {
      try {
        if (file.size > limit) throw new Error(`${file.name} is larger than ${Number((limit / 2 ** 20).toPrecision(2))} MB`);
        const url = `api/read?name=${encodeURIComponent(file.name)}`;
        for await (const event of events(url, file, signal)) {
          if (event.name === "document") found.push({ title: event.title, text: event.text });
          else progress({ ...event, stage: `${event.stage} of ${file.name}` });
        }
      } catch (error) {
        if (signal.aborted) break;
        problems.push(error.message);
      }
    }
    if (found.length) this.add(found);
    if (problems.length) throw new Error(problems.join(". "));
  }

  show() {
    const rows = this.all.map((document, number) => {
      const size = node("span", "quiet", `${document.text.length.toLocaleString("en")} characters`);
      const remove = node("button", "", "Remove");
      remove.type = "button";
      remove.setAttribute("aria-label", `Remove ${document.title}`);
      remove.addEventListener("click", () => {
        this.all.splice(number, 1);
        this.show();
        this.changed();
        (this.list.querySelectorAll("button")[number] ?? this.list.querySelector("button"))?.focus();
      });
      const row = node("li");
      row.append(node("span", "name", document.title), size, remove);
      return row;
    });
    this.list.replaceChildren(...rows);
  }
}
