"use strict";
// Sorts and filters the table of students. Without it the table stands as it is.
(() => {
  const table = document.getElementById("students-table");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  const text = (row, column) => row.cells[column].textContent.trim();
  const value = (row, column) => {
    const number = parseFloat(text(row, column));
    return Number.isNaN(number) ? -Infinity : number;
  };

  function sort(column) {
    const head = heads[column];
    const numeric = head.classList.contains("n");
    // Numbers come largest first, names from A to Z; a second click turns the order round.
    const first = numeric ? "descending" : "ascending";
    const second = numeric ? "ascending" : "descending";
    const direction = head.getAttribute("aria-sort") === first ? second : first;
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const compare = numeric
      ? (a, b) => value(a, column) - value(b, column) || 0 // two that are no numbers differ by NaN
      : (a, b) => order.compare(text(a, column), text(b, column));
    rows.sort((a, b) => sign * compare(a, b));
    body.append(...rows);
  }

  heads.forEach((head, column) => {
    if (!head.classList.contains("sorts")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(column));
    head.replaceChildren(button);
  });

  const search = document.getElementById("filter-text");
  const kind = document.getElementById("filter-kind");
  const shown = document.getElementById("filter-count");

  function filter() {
    const wanted = search.value.trim().toLowerCase();
    let many = 0;
    for (const row of rows) {
      const kinds = row.dataset.kind.split(" ");
      const fits = (!kind.value || kinds.includes(kind.value)) && text(row, 0).toLowerCase().includes(wanted);
      row.hidden = !fits;
      many += fits;
    }
    shown.textContent = `${many} of ${rows.length} shown`;
  }

  search.addEventListener("input", filter);
  kind.addEventListener("change", filter);
  search.closest(".filters").hidden = false;
  filter();
})();
