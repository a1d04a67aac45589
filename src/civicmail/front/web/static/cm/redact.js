// The redaction screen with a mouse: selected words fill the boxes of their numbers, and a box drawn on a page fills its sides. The forms do the rest, and work without this.
(() => {
  "use strict";
  const field = (name, form) => (form || document).querySelector(`.cm-tools input[name="${name}"]`);
  const word = (node) => (node && (node.nodeType === 1 ? node : node.parentElement)?.closest("[data-w]")) || null;

  document.addEventListener("selectionchange", () => {
    const chosen = document.getSelection();
    const ends = [word(chosen.anchorNode), word(chosen.focusNode)];
    if (chosen.isCollapsed || ends.includes(null)) return;
    const numbers = ends.map((end) => Number(end.dataset.w)).sort((a, b) => a - b);
    [field("first").value, field("last").value] = numbers;
  });

  document.querySelectorAll(".cm-drawn[data-page] svg").forEach((picture) => {
    let from = null;
    const at = (event) => {
      const place = picture.getBoundingClientRect();
      const size = picture.viewBox.baseVal;
      return [((event.clientX - place.left) / place.width) * size.width, ((event.clientY - place.top) / place.height) * size.height];
    };
    const drawn = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    drawn.classList.add("cm-uncoded");
    picture.addEventListener("pointerdown", (event) => { from = at(event); picture.append(drawn); picture.setPointerCapture(event.pointerId); });
    picture.addEventListener("pointermove", (event) => {
      if (!from) return;
      const to = at(event);
      const sides = { x0: Math.min(from[0], to[0]), y0: Math.min(from[1], to[1]), x1: Math.max(from[0], to[0]), y1: Math.max(from[1], to[1]) };
      Object.entries(sides).forEach(([name, side]) => { field(name).value = side.toFixed(1); });
      field("page").value = picture.closest("[data-page]").dataset.page;
      Object.entries({ x: sides.x0, y: sides.y0, width: sides.x1 - sides.x0, height: sides.y1 - sides.y0 })
        .forEach(([name, value]) => drawn.setAttribute(name, value));
    });
    picture.addEventListener("pointerup", () => { from = null; });
  });
})();
