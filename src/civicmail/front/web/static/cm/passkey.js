// Passkeys on forms with data-passkey: create (a new one), get (prove it), sign-in (the options come from the form's address). The
// answer of the authenticator goes into the field "credential", and the form is sent. Forms stay hidden where this cannot work.
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseCreationOptionsFromJSON) return;

  const options = async (form) => {
    if (form.dataset.passkey !== "sign-in") return JSON.parse(document.getElementById(form.dataset.options).textContent);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("The server did not answer.");
    return (await answer.json()).request_options;
  };

  const ask = async (form) => {
    const asked = (await options(form)).publicKey;
    if (form.dataset.passkey !== "create") {
      return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
    }
    const chosen = asked.authenticatorSelection || {};
    asked.authenticatorSelection = { ...chosen, residentKey: "required", requireResidentKey: true, userVerification: "required" };
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) });
  };

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    form.hidden = false;
    const said = form.querySelector("[data-said]");
    form.querySelectorAll("button").forEach((button) => button.addEventListener("click", async (event) => {
      event.preventDefault();
      said.textContent = "";
      try {
        form.elements.credential.value = JSON.stringify((await ask(form)).toJSON());
        if (form.elements.answer) form.elements.answer.value = button.value;
        form.submit();
      } catch (error) {
        said.textContent = error.name === "NotAllowedError"
          ? document.body.dataset.unasked
          : document.body.dataset.unfit;
      }
    }));
  });
})();
