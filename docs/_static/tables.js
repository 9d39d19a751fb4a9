// Each cell learns the heading of its column, which the style sheet shows where a table becomes cards.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("article table.docutils")) {
    const labels = [...table.querySelectorAll("thead th")].map((heading) => heading.textContent.trim());
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, column) => { if (labels[column]) cell.dataset.label = labels[column]; });
    }
  }
});
