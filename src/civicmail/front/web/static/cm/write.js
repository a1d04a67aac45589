// Writing: files go up when they are chosen or dropped, with progress, and come out again without a new page. Without script, "Attach" and "Remove" do the same.
(() => {
  "use strict";
  const form = document.getElementById("write");
  const input = document.getElementById("id_file");
  if (!form || !input) return;
  const bar = form.querySelector("progress");
  let upload = null;
  let saving = false; // htmx saves the text: two saves of one version would be two windows
  let pressed = null; // a button that waits for the upload

  const ended = () => {
    upload = null;
    bar.hidden = true;
    const button = pressed;
    pressed = null;
    if (button) form.requestSubmit(button);
  };

  const post = (act) => {
    if (saving || upload) {
      setTimeout(() => post(act), 100);
      return;
    }
    const data = new FormData(form);
    data.set("do", act);
    if (act !== "attach") data.delete("file");
    upload = new XMLHttpRequest();
    upload.open("POST", form.getAttribute("action"));
    upload.setRequestHeader("HX-Request-Type", "partial");
    upload.upload.addEventListener("progress", (event) => { bar.max = event.total; bar.value = event.loaded; });
    upload.addEventListener("load", () => {
      if (upload.status !== 200) { // the page says what is wrong
        upload = null;
        form.requestSubmit(form.querySelector("[value=attach]"));
        return;
      }
      const answer = new DOMParser().parseFromString(upload.responseText, "text/html"); // scripts in it would not run
      document.getElementById("kept").replaceWith(answer.getElementById("kept"));
      document.getElementById("live").textContent = document.querySelector("#kept [role=status]").textContent;
      input.value = "";
      if (act !== "attach") input.focus();
      ended();
    });
    upload.addEventListener("error", () => { input.value = ""; ended(); });
    bar.hidden = act !== "attach";
    bar.value = 0;
    upload.send(data);
  };

  form.querySelector("[value=attach]").hidden = true;
  input.addEventListener("change", () => { if (input.files.length) post("attach"); });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[value^='remove:']");
    if (!button) return;
    event.preventDefault();
    post(button.value);
  });
  form.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.dataset.over = "yes";
  });
  form.addEventListener("dragleave", (event) => { if (!form.contains(event.relatedTarget)) delete form.dataset.over; });
  form.addEventListener("drop", (event) => {
    delete form.dataset.over;
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
    post("attach");
  });
  form.addEventListener("submit", (event) => {
    if (!upload) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    pressed = event.submitter;
  }, true);
  form.addEventListener("htmx:before:request", (event) => {
    if (event.target !== form) return;
    if (upload) event.preventDefault();
    else saving = true;
  });
  form.addEventListener("htmx:finally:request", () => { saving = false; });
})();
