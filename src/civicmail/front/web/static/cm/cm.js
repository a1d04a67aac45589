// What script adds to pages that work without it: focus after a part was swapped, one sentence for who listens, counters, a warning before unsaved text goes, copying. No eval, nothing inline.
(() => {
  "use strict";
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const live = () => one("#live");

  const say = (text) => {
    const region = live();
    if (region && text) {
      region.textContent = "";
      setTimeout(() => { region.textContent = text; }, 50);
    }
  };

  // how each message of a list begins, or where the words stand; asked for when the list is there
  const lines = (list) => {
    const places = all("[data-line]", list);
    const asked = new URLSearchParams(places.map((place) => ["id", place.dataset.line]));
    if (list.dataset.words) asked.append("q", list.dataset.words);
    if (places.length) fetch(`${list.dataset.lines}?${asked}`).then((answer) => answer.ok ? answer.json() : { lines: {} }).then((found) => {
      places.forEach((place) => (found.lines[place.dataset.line] || []).forEach(([text, marked]) => {
        const piece = document.createElement(marked ? "strong" : "span");
        piece.textContent = text;
        place.append(piece);
      }));
      Object.entries(found.threads || {}).forEach(([id, number]) => {
        const place = one(`[data-count="${id}"]`, list);
        if (place) place.textContent = ` ${number}`;
      });
    }).catch(() => {}); // the list is whole without
  };

  const look = (part) => {
    all("textarea[maxlength]", part).forEach((area) => {
      if (area.dataset.counted) return;
      area.dataset.counted = "yes";
      const left = document.createElement("div");
      left.className = "cm-hint";
      left.setAttribute("aria-hidden", "true");
      area.after(left);
      const count = () => { left.textContent = document.body.dataset.left.replace("{count}", (area.maxLength - area.value.length).toLocaleString("en-US")); };
      area.addEventListener("input", count);
      count();
    });
    all("[data-copy]", part).forEach((button) => { button.hidden = false; });
    all("[data-script]", part).forEach((node) => { node.hidden = false; });
    all("[data-lines]:not([data-asked])", part).forEach((list) => {
      list.dataset.asked = "yes";
      lines(list);
    });
  };

  const ticks = (form) => {
    const number = all("tbody input[type=checkbox]:checked", form).length;
    const words = one("[data-selected]", form);
    if (words) words.textContent = (words.dataset.selected || "{count} selected").replace("{count}", number);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button && navigator.clipboard) {
      const text = button.hasAttribute("data-here") ? location.href : button.dataset.copy;
      navigator.clipboard.writeText(text).then(() => say(button.dataset.said || document.body.dataset.copied), () => {});
    }
  });

  document.addEventListener("change", (event) => {
    const every = event.target.closest("[data-tick-all]");
    const form = event.target.closest("form");
    if (every && form) all("tbody input[type=checkbox]", form).forEach((box) => { box.checked = every.checked; });
    if (form) ticks(form);
  });

  // unsaved text
  let unsaved = false;
  document.addEventListener("input", (event) => {
    if (event.target.closest("form[method=post]") && event.target.matches("textarea, input[type=text]")) unsaved = true;
  });
  document.addEventListener("submit", (event) => {
    unsaved = false;
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("data-again")) return; // what only downloads may be asked for again
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

  // the event comes from what asked, the new part is somewhere else
  document.addEventListener("htmx:after:swap", (event) => {
    look(document);
    if (event.target.matches && event.target.matches("[data-autosave]") && one("[data-saved]")) unsaved = false;
    const focus = one("[data-focus]");
    if (focus && !(event.target.matches && event.target.matches("[data-autosave]"))) focus.focus(); // nobody is torn away from writing
    const sentence = one("[data-say]");
    if (sentence) {
      say(sentence.dataset.say);
      sentence.removeAttribute("data-say"); // once
    }
  });
  document.addEventListener("htmx:response:error", (event) => {
    const { ctx } = event.detail;
    if (event.target.matches && event.target.matches("[data-autosave]")) return; // what is typed stays; its next save says so
    if (ctx && ctx.response && ctx.response.status !== 422) location.assign(ctx.request.action);
  });

  look(document);
  const problem = one("[data-focus-first]");
  if (problem) problem.focus();
  const row = !problem && one("[data-row]:target");
  if (row) row.focus();
})();
