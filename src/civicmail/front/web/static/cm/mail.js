// My mail: where the reading pane is seen, a message opens beside its list. Without it, and without script, the link leads to the page of the message.
(() => {
  "use strict";
  const pane = document.getElementById("pane");
  const PARTS = "#main:has(.cm-message) .cm-message, #main:not(:has(.cm-message)) > :not(#flash)";
  const isSeen = () => Boolean(pane && pane.offsetParent);
  let opened = null;

  const open = (row) => {
    const link = row.querySelector("th a");
    if (!link || opened === link.href) return;
    opened = link.href;
    htmx.ajax("GET", link.href, { target: "#pane", select: PARTS });
    document.querySelectorAll("[data-row][aria-current]").forEach((other) => other.removeAttribute("aria-current"));
    row.setAttribute("aria-current", "true");
    row.classList.remove("cm-new");
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-row] th a");
    if (!link || !isSeen() || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented) return;
    event.preventDefault();
    open(link.closest("[data-row]"));
  });

  // once a message is open, J and K read on; the focus stays in the list
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-row]");
    if (opened && row && isSeen() && document.body.hasAttribute("data-keys") && event.target.matches("th a")) open(row);
  });

  // what is done with the message leads back to the list
  document.addEventListener("htmx:after:swap", (event) => {
    if (!isSeen() || (event.target.closest && event.target.closest("[data-going]"))) return;
    pane.scrollTop = 0;
    pane.querySelectorAll("input[name=next]").forEach((field) => { field.value = location.pathname + location.search; });
  });
})();
