// Letters as keys: [data-key="r"] is pressed by R, J and K move between rows. Only for people who switched keys on (body[data-keys]), never while they type, and each key is a control that can be seen (WCAG 2.1.4; docs/use/pages.md).
(() => {
  "use strict";
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const TYPED = "textarea, select, input:not([type=checkbox], [type=radio], [type=submit]), [contenteditable]";
  const areOn = () => document.body.hasAttribute("data-keys");
  const rows = () => all("[data-row]").filter((row) => row.offsetParent);
  const box = (row) => row && one("input[type=checkbox]", row);
  const seek = () => one("main input[type=search]") || one("input[type=search]");

  // the row that has the focus, or that the address names
  const current = (among) => among.indexOf(document.activeElement.closest("[data-row]") || one("[data-row]:target"));

  const step = (by) => {
    const among = rows();
    const row = among[Math.min(among.length - 1, Math.max(0, current(among) + by))];
    const target = row && (row.hasAttribute("tabindex") ? row : one("th a", row) || one("a", row));
    if (target) target.focus();
    return Boolean(target);
  };

  // a control of the row first, else one of the page; what acts on ticked rows ticks the row when none is
  const press = (key) => {
    const row = rows()[current(rows())];
    const named = `[data-key="${CSS.escape(key)}"]:not(:disabled)`;
    const control = (row && one(named, row)) || all(named).find((found) => !found.closest("[data-row]"));
    if (!control) return false;
    const tick = box(row);
    if (tick && control.form === tick.form && !one("[data-row] input[type=checkbox]:checked", tick.form)) tick.click();
    control.click();
    return true;
  };

  const MOVES = { j: () => step(1), k: () => step(-1) };
  const OTHERS = {
    x: () => { const tick = box(rows()[current(rows())]); if (tick) tick.click(); return Boolean(tick); },
    "/": () => { const field = seek(); if (field) field.focus(); return Boolean(field); },
  };

  document.addEventListener("keydown", (event) => {
    if (!areOn() || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
    if (event.key.length !== 1 || event.target.closest(TYPED)) return;
    const key = event.key.toLowerCase();
    if (event.repeat && !MOVES[key]) return; // a key that is held decides once
    if (press(key) || (MOVES[key] || OTHERS[key] || (() => false))()) event.preventDefault();
  });

  // what a key does, in its control's own words
  const words = (control) => control.getAttribute("aria-label") || [...control.childNodes]
    .filter((node) => node.nodeName !== "KBD" && node.nodeName !== "svg" && !(node.classList && node.classList.contains("cm-hidden")))
    .map((node) => node.textContent).join(" ").replace(/\s+/g, " ").trim();

  const rank = (key) => ({ j: 0, k: 1, z: 3 })[key] ?? 2; // moves first, undo last

  // the keys of this page, for assistive technology and in each [data-key-list]
  const list = () => {
    if (!areOn()) return;
    const named = new Map();
    all("[data-key]").forEach((control) => {
      control.setAttribute("aria-keyshortcuts", control.dataset.key.toUpperCase());
      if (!named.has(control.dataset.key)) named.set(control.dataset.key, words(control));
    });
    all("[data-key-list]").forEach((place) => {
      const texts = place.dataset;
      const plain = rows().length ? [["j", texts.next], ["k", texts.previous], ...(box(rows()[0]) ? [["x", texts.choose]] : [])] : [];
      const more = [...plain, ...(seek() ? [["/", texts.seek]] : [])].filter(([key]) => !named.has(key));
      const entries = [...named, ...more].filter(([key]) => key !== "?").sort(([a], [b]) => rank(a) - rank(b));
      place.replaceChildren(...entries.map(([key, text]) => {
        const item = document.createElement("li");
        const letter = document.createElement("kbd");
        letter.textContent = key.toUpperCase();
        item.append(letter, ` ${text}`);
        return item;
      }));
    });
  };

  document.addEventListener("htmx:after:swap", list);
  list();
})();
