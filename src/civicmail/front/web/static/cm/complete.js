// Fields for people: those who fit what is typed are listed under the field (the combobox of the ARIA Authoring Practices). Where several can be, each is a token with a button that takes it out, and the field of the form, now hidden, has them all and what is still being typed. Without script the field takes names and addresses, and the form asks who is meant.
(() => {
  "use strict";
  const PIECE = /(?:"(?:[^"\\]|\\.)*"|<[^<>]*>|[^,;\n"<>]|["<>])+/g; // as desk/mailbox/recipients.py
  const LINE = /^(.*?)\s*<([^<>]*)>$/s;
  const ADDRESS = /^[!-;=?A-~]+@[^\s@]+\.[^\s@.]+$/;
  const say = (text) => { document.getElementById("live").textContent = text; };
  const node = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    made.append(...children);
    return made;
  };
  const bdi = (text) => node("bdi", {}, text);
  const parts = (line) => { // name and address; without a name the address is both
    const [, name, address] = line.match(LINE) || [line, "", line];
    return [name.replace(/^"(.*)"$/s, "$1").replace(/\\(.)/g, "$1") || address, address];
  };
  const ask = (field, words) => fetch(`${field.dataset.complete}?${new URLSearchParams({ q: words })}`)
    .then((answer) => answer.ok && !answer.redirected ? answer.json() : Promise.reject(answer));

  const complete = (field) => {
    const several = "remove" in field.dataset;
    const id = field.id;
    const input = several ? node("input", { class: "usa-input", id, autocomplete: "off" }) : field;
    const list = node("ul", { class: "cm-fits", role: "listbox", id: `${id}-fits`, "aria-label": field.dataset.fits, hidden: "" });
    const tokens = node("ul", {});
    const around = node("div", { class: "cm-complete" });
    let active = -1;
    let timer = 0;
    let resolved = Promise.resolve();

    const values = () => [...tokens.children].map((token) => token.dataset.value);
    const sync = () => { if (several) field.value = [...values(), input.value.trim()].filter(Boolean).join(field.tagName === "TEXTAREA" ? "\n" : ", "); };
    const changed = () => {
      sync();
      field.dispatchEvent(new Event("input", { bubbles: true })); // what saves by itself hears of it
    };

    const mark = (at) => {
      const options = [...list.children];
      active = at;
      options.forEach((option, n) => option.setAttribute("aria-selected", n === at));
      if (at < 0) input.removeAttribute("aria-activedescendant");
      else {
        input.setAttribute("aria-activedescendant", options[at].id);
        options[at].scrollIntoView({ block: "nearest" });
      }
    };
    const close = () => {
      clearTimeout(timer);
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      mark(-1);
    };
    const show = (people) => {
      list.replaceChildren(...people.map(([line, what], n) => {
        const [name, address] = parts(line);
        return node("li", { role: "option", id: `${id}-fit-${n}`, "aria-selected": "false", "data-line": line },
          node("strong", {}, bdi(name)), " ", bdi(address === name ? "" : address), " ", node("small", {}, what));
      }));
      list.hidden = !people.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      mark(people.length && !ADDRESS.test(input.value.trim()) ? 0 : -1);
    };
    const look = (all) => {
      const words = input.value.trim();
      if (words.length < 2) {
        close();
        return;
      }
      ask(field, words).then(({ people, exact, say: said }) => {
        if (input.value.trim() !== words || document.activeElement !== input) return; // typed on meanwhile
        if (all && exact) choose(exact);
        else {
          show(people);
          say(said);
        }
      }, close);
    };

    const write = (token, value, words) => {
      token.dataset.value = value;
      const [name, address] = parts(value);
      const text = words ? node("button", { class: "cm-linkish", type: "button" }, bdi(value), " ", node("b", {}, words)) : node("span", {}, bdi(name), " ", node("small", {}, bdi(address === name ? "" : address)));
      if (words) text.addEventListener("click", () => edit(token));
      const out = node("button", { class: "cm-out", type: "button", "aria-label": field.dataset.remove.replace("{name}", () => name) }, "×");
      out.addEventListener("click", () => remove(token));
      token.replaceChildren(text, out);
    };
    const add = (piece) => {
      const value = piece.replace(/\s+/g, " ").trim();
      const [, address] = parts(value);
      const isName = !LINE.test(value) && !value.includes("@");
      if (!value || values().some((other) => parts(other)[1].toLowerCase() === address.toLowerCase())) return; // each once
      const token = node("li", {});
      tokens.append(token);
      write(token, value, isName || ADDRESS.test(address) ? "" : field.dataset.wrong);
      if (isName) {
        resolved = resolved.then(() => ask(field, value)).then(({ exact }) => { // one after the other: a list may have hundreds
          if (!token.isConnected) return;
          write(token, exact || value, exact ? "" : field.dataset.unclear);
          changed();
        }, () => {}); // the form asks who is meant
      }
    };
    const take = (text) => {
      (text.match(PIECE) || []).forEach(add);
      input.value = "";
      changed();
    };
    const remove = (token) => {
      const next = token.nextElementSibling || token.previousElementSibling;
      say(token.querySelector(".cm-out").getAttribute("aria-label"));
      token.remove();
      (next ? next.querySelector(".cm-out") : input).focus();
      changed();
    };
    const edit = (token) => {
      take(input.value);
      input.value = token.dataset.value;
      token.remove();
      input.focus();
      changed();
      look();
    };
    const choose = (line) => {
      if (several) {
        input.value = "";
        add(line);
        say(line);
      } else input.value = line;
      close();
      changed();
    };

    input.addEventListener("input", () => {
      if (several && /[^\s,;].*[,;]\s*$/s.test(input.value) && input.value.split('"').length % 2) take(input.value); // not within quotation marks
      sync();
      clearTimeout(timer);
      timer = setTimeout(look, 150); // who types on knows the name
    });
    input.addEventListener("keydown", (event) => {
      const open = !list.hidden;
      const count = list.children.length;
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (open) mark((active + (event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1) + count) % count);
        else look();
      } else if (event.key === "Escape" && open) {
        event.preventDefault();
        close();
      } else if ((event.key === "Enter" || event.key === "Tab") && open && active >= 0) {
        if (event.key === "Enter") event.preventDefault();
        choose(list.children[active].dataset.line);
      } else if (event.key === "Enter" && several && input.value.trim()) {
        event.preventDefault();
        if (input.value.includes("@")) take(input.value);
        else look(true);
      } else if (event.key === "Backspace" && several && !input.value.trim() && tokens.lastElementChild) {
        event.preventDefault();
        edit(tokens.lastElementChild);
      }
    });
    input.addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text");
      if (!several || !/[,;\n@]/.test(text) || input.value) return;
      event.preventDefault();
      take(text);
    });
    input.addEventListener("blur", (event) => {
      close();
      // not for a button: what is pressed must not move away
      if (several && input.value.includes("@") && event.relatedTarget && event.relatedTarget.matches("input, textarea, select")) take(input.value);
    });
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) choose(option.dataset.line);
    });

    Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id, spellcheck: "false" }).forEach(([name, value]) => input.setAttribute(name, value));
    field.before(around);
    if (several) {
      ["aria-describedby", "aria-invalid"].forEach((name) => { if (field.hasAttribute(name)) input.setAttribute(name, field.getAttribute(name)); });
      field.removeAttribute("id");
      field.hidden = true;
      const box = node("div", { class: "cm-tokens" }, tokens, input);
      box.addEventListener("click", (event) => { if (event.target === box || event.target === tokens) input.focus(); });
      around.append(box, list);
      (field.value.match(PIECE) || []).forEach(add);
    } else around.append(field, list);
  };

  document.querySelectorAll("[data-complete]").forEach(complete);
})();
