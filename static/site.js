// Offers the browser's time zone on the preferences page. The page works without.
const select = document.getElementById("id_time_zone");
const button = document.getElementById("use-time-zone");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

function offer() {
  const known = Array.from(select.options).some((option) => option.value === here);
  button.hidden = !known || select.value === here;
}

if (select && button && here) {
  button.textContent = `Use ${here.replaceAll("_", " ")}`;
  button.addEventListener("click", () => {
    select.value = here;
    offer();
    select.focus();
  });
  select.addEventListener("change", offer);
  offer();
}
