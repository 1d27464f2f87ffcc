// A box in which choices are searched and listed: its name is said aloud, and its list holds nothing but choices.
(() => {
  const boxes = () => document.querySelectorAll("select.admin-autocomplete[multiple]");
  // Before the box is made: a button that clears it would stand among the choices.
  document.addEventListener("DOMContentLoaded", () => {
    for (const select of boxes()) select.dataset.allowClear = "false";
  });
  const nameFields = () => {
    for (const select of boxes()) {
      const field = select.parentElement.querySelector(".select2-search__field");
      field?.setAttribute("aria-label", select.labels[0]?.textContent.trim() ?? select.name);
      field?.style.setProperty("color", "inherit");
    }
  };
  // After the box is made, by a timer that jQuery sets when the document is read: a quick page is loaded before it rings.
  window.addEventListener("load", () => setTimeout(nameFields));
})();
