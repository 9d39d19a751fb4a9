document.addEventListener("DOMContentLoaded", () => {
  // Each cell learns the heading of its column, which the style sheet shows where a table becomes cards.
  for (const table of document.querySelectorAll("article table.docutils")) {
    const labels = [...table.querySelectorAll("thead th")].map((heading) => heading.textContent.trim());
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, column) => { if (labels[column]) cell.dataset.label = labels[column]; });
    }
  }
  // The other language opens at the same section, or with the same search.
  const other = document.querySelector("a[data-other-language]");
  other?.addEventListener("click", () => {
    const address = new URL(other.getAttribute("href"), location.href);
    address.search = location.search;
    address.hash = location.hash;
    other.href = address.href;
  });
  // Folded code is printed too.
  addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details")) folded.open = true;
  });
});
