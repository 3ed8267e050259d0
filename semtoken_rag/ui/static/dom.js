// Elements from text alone: nothing here, and nothing on the page, reads text as markup.

export const byId = (id) => document.getElementById(id);

export function node(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
