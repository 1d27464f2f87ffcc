// A box in which choices are searched and listed: its name is said aloud, and its list holds nothing but choices.
window.addEventListener("load", () => {
  for (const select of document.querySelectorAll("select.admin-autocomplete[multiple]")) {
    const box = select.parentElement.querySelector(".select2");
    const field = box?.querySelector(".select2-search__field");
    if (!field) continue;
    field.setAttribute("aria-label", select.labels[0]?.textContent.trim() ?? select.name);
    field.style.color = "inherit";
    box.querySelector(".select2-selection__clear")?.remove();
  }
});
