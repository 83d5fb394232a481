// Passkeys: a form with data-passkey asks the browser for one and sends what it says. Without script the form stays
// hidden, or its page offers another way. webauthn-json.js turns the options and answers from and to JSON.
const options = async (form) => {
  const source = form.dataset.optionsFrom;
  if (!source) return JSON.parse(document.getElementById(form.dataset.options).textContent);
  const answer = await fetch(source, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${source} answered ${answer.status}`);
  return answer.json();
};

const newPasskey = (creation, alone) => {
  creation.publicKey.authenticatorSelection = {
    ...creation.publicKey.authenticatorSelection,
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    ...(alone && { userVerification: "required" }),
  };
  return webauthnJSON.create(creation);
};

const tell = (form, name) => {
  const troubles = [...form.querySelectorAll("[data-trouble]")];
  const known = troubles.some((trouble) => trouble.dataset.trouble === name);
  troubles.forEach((trouble) => { trouble.hidden = trouble.dataset.trouble !== (known ? name : name && "Other"); });
};

const ask = async (form) => {
  const button = form.querySelector("button");
  tell(form, "");
  button.setAttribute("aria-busy", "true");
  try {
    const found = await options(form);
    const alone = form.elements.passwordless?.checked ?? true;
    const credential = found.creation_options
      ? await newPasskey(found.creation_options, alone)
      : await webauthnJSON.get(found.request_options);
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    tell(form, error.name);
    button.removeAttribute("aria-busy");
  }
};

document.querySelectorAll("form[data-passkey]").forEach((form) => {
  form.hidden = !webauthnJSON.supported();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form);
  });
});
