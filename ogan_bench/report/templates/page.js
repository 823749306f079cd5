"use strict";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** What a cell sorts by: its number, else its text; undefined where it has no value. */
function key(cell) {
  const text = cell ? (cell.dataset.value ?? cell.textContent.trim()) : "";
  if (text === "" || text === "–") return undefined;
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** Numbers by size, texts by name with their numbers by size; missing values stay last. */
function compare(a, b, sign) {
  if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), "en", { numeric: true });
}

/** Sort by the headings, filter rows by name and hide columns; say what is shown. */
function enhance(table) {
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  const tools = table.closest("section")?.querySelector(".tools");
  const controls = table.matches(".main") ? tools : null;
  const boxes = controls ? all("[name=metric]", controls) : [];
  const status = document.createElement("p");
  status.className = "status";
  status.setAttribute("role", "status");
  table.parentElement.before(status);
  let column = -1;
  let sign = 0;

  function say() {
    const parts = [];
    if (controls) {
      const seen = rows.filter((row) => !row.hidden).length;
      const ticked = boxes.filter((box) => box.checked).length;
      parts.push(`${seen} of ${rows.length} arms`, `${ticked} of ${boxes.length} metrics`);
    }
    const title = sign && heads[column].querySelector(".key").textContent;
    if (sign) parts.push(`sorted by ${title}, ${sign > 0 ? "ascending" : "descending"}`);
    status.textContent = parts.join("; ");
  }

  function sort(index) {
    sign = index !== column ? 1 : { 1: -1, [-1]: 0, 0: 1 }[sign];
    column = index;
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    if (sign) heads[index].setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const keys = new Map(rows.map((row) => [row, key(row.cells[index])]));
    const sorted = sign ? rows.toSorted((a, b) => compare(keys.get(a), keys.get(b), sign)) : rows;
    table.tBodies[0].append(...sorted);
    say();
  }

  function select() {
    const words = controls.elements.arms.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const arm = row.querySelector(".arm").textContent.toLowerCase();
      row.hidden = words.length > 0 && !words.some((word) => arm.includes(word));
    }
    for (const box of boxes) {
      for (const row of table.rows) row.cells[Number(box.value)].hidden = !box.checked;
    }
    say();
  }

  heads.forEach((head, index) => {
    const title = head.querySelector(".key");
    const button = document.createElement("button");
    button.type = "button";
    button.append(...title.childNodes);
    button.addEventListener("click", () => sort(index));
    title.append(button);
  });
  if (!controls) return;
  controls.hidden = false;
  controls.addEventListener("input", select);
  controls.addEventListener("submit", (event) => event.preventDefault());
  select();
}

/** One slider moves the pictures of all arms to the same step of training. */
function slide(input) {
  const steps = input.dataset.steps.split(" ");
  const figures = all(".side figure", input.closest("section"));
  const form = input.form;
  function show() {
    const chosen = Number(input.value);
    for (const figure of figures) {
      all("img", figure).forEach((image, index) => (image.hidden = index !== chosen));
    }
    form.querySelector("output").textContent = Number(steps[chosen]).toLocaleString("en");
    input.setAttribute("aria-valuetext", `step ${steps[chosen]}`);
  }
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("input", show);
  show();
}

all("table.sortable").forEach(enhance);
all("input[type=range]").forEach(slide);
