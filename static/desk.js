// The desk works without this. It makes the clock tick, counts characters, keeps what is being written while the list
// is exchanged, and says when the server did not do what was asked.
"use strict";
(() => {
  const words = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    const days = Math.floor(minutes / 1440);
    const hours = Math.floor(minutes / 60) % 24;
    if (minutes < 1) return "any moment";
    if (days) return `in ${days} day${days > 1 ? "s" : ""} ${hours} h`;
    return hours ? `in ${hours} h ${minutes % 60} min` : `in ${minutes} min`;
  };

  const tick = () => {
    for (const clock of document.querySelectorAll("[data-until]")) {
      clock.textContent = words((Date.parse(clock.dataset.until) - Date.now()) / 1000);
    }
  };

  const count = (hint) => {
    const field = document.getElementById(hint.dataset.left);
    const left = field.maxLength - field.value.length;
    hint.textContent = `${left} character${left === 1 ? "" : "s"} left.`;
  };

  const say = (text) => {
    const line = document.createElement("p");
    line.className = "is-error";
    line.textContent = text;
    document.getElementById("desk-said").replaceChildren(line);
    line.scrollIntoView({ block: "nearest" });
  };

  // Notes that were begun and not saved, by the id of their field; without the one that was just sent.
  const begun = (sent) =>
    [...document.querySelectorAll("#desk-entries form[data-keep] textarea")]
      .filter((field) => field.value !== field.defaultValue && field.form !== sent)
      .map((field) => [field.id, field.value]);

  const restore = (notes) => {
    for (const [id, text] of notes) {
      const field = document.getElementById(id);
      if (field) {
        field.value = text;
        field.closest("details").open = true;
      }
    }
  };

  // What was done stands in the history too; what was not done stays until the next step.
  let leaving;
  const letGo = () => {
    clearTimeout(leaving);
    leaving = setTimeout(() => {
      for (const line of document.querySelectorAll("#desk-said .is-success")) line.remove();
    }, 10000);
  };

  let notes = [];
  let pressed = "";
  document.addEventListener("htmx:beforeRequest", (event) => {
    pressed = event.detail.elt.closest(".desk-entry") ? event.detail.elt.closest(".desk-entry").id : "";
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, pathInfo, target, requestConfig } = event.detail;
    if (new URL(xhr.responseURL).pathname !== new URL(pathInfo.requestPath, location.href).pathname) {
      // Led somewhere else, such as to the log-in.
      event.detail.shouldSwap = false;
      location.reload();
    } else if (target.id === "desk-entries") {
      notes = begun(requestConfig.elt);
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "desk-entries") return;
    restore(notes);
    notes = [];
    letGo();
    const entry = pressed && document.getElementById(pressed);
    if (entry && !entry.contains(document.activeElement)) entry.focus();
    if (entry) entry.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("htmx:responseError", (event) => {
    say(`Nothing was changed: the server answered ${event.detail.xhr.status}. Reload the page and try again.`);
  });
  document.addEventListener("htmx:sendError", () => say("Nothing was changed: the server could not be reached."));
  document.addEventListener("input", (event) => {
    const hint = document.querySelector(`[data-left="${event.target.id}"]`);
    if (event.target.id && hint) count(hint);
  });
  setInterval(tick, 10000);
  tick();
  letGo();
})();
