/* The dashboard asks by itself how an edition goes on, but only for somebody who is there: a page that was left open
   would keep its session alive for ever. */

(() => {
  const THERE_FOR = 15 * 60 * 1000;
  let seenAt = Date.now();
  for (const sign of ["pointerdown", "pointermove", "keydown", "scroll", "focus"]) {
    window.addEventListener(sign, () => { seenAt = Date.now(); }, { passive: true });
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    const isPolling = event.detail.elt.id === "going-out";
    if (isPolling && (document.hidden || Date.now() - seenAt > THERE_FOR)) event.preventDefault();
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.elt.matches(".counting")) event.detail.elt.textContent = "This could not be counted. Load the page again.";
  });
})();
