// Says below the form of a topic what its terms would catch, while they are typed.
document.addEventListener("DOMContentLoaded", () => {
  const told = document.getElementById("topic-caught");
  const terms = document.querySelector("textarea[name=terms]");
  if (!told || !terms) return;
  const kind = document.querySelector("select[name=kind]");
  let waiting;
  let asked = 0;
  const ask = async () => {
    const number = ++asked;
    const answer = await fetch(`${told.dataset.url}?${new URLSearchParams({ terms: terms.value })}`);
    // A later question may have been answered first.
    if (answer.ok && number === asked) told.innerHTML = await answer.text();
  };
  terms.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 400);
  });
  const show = () => (told.hidden = kind !== null && kind.value === "category");
  kind?.addEventListener("change", show);
  show();
  ask();
});
