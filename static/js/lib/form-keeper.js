/**
 * What was typed into a form whose page was over when it was sent: kept in this tab until the server has taken it, and put back where its
 * writer comes back to the form, from the sign-in or with Back; where somebody else signs in it is dropped. Passwords and files are not kept.
 */
const KEY = "parley.form"
const LONGEST = 3_600_000
const FIELDS = "input[name]:not([type=hidden], [type=password], [type=file], [type=submit]), textarea[name], select[name]"

export function keepForms() {
  restore()
  document.addEventListener("submit", ({ target, defaultPrevented }) => defaultPrevented || keep(target))
  document.addEventListener("click", ({ target }) => target.closest("[data-sign-in]") && [...document.querySelectorAll("main form[method=post]")].forEach(keep))
}

function keep(form) {
  const fields = [...form.querySelectorAll(FIELDS)].map(({ name, type, value, checked, selectedOptions }) => {
    if (type === "checkbox" || type === "radio") return { name, value, checked }
    return { name, values: selectedOptions ? [...selectedOptions].map((each) => each.value) : [value] }
  })
  if (form.method === "post" && fields.some(({ values }) => values)) tab((store) => store.setItem(KEY, JSON.stringify({ by: document.body.dataset.me, of: placeOf(form), fields, at: Date.now() })))
}

function restore() {
  const kept = tab((store) => JSON.parse(store.getItem(KEY)))
  tab((store) => store.removeItem(KEY)) // on any other way here the server has taken it, or has said what is wrong with it
  const form = kept && [...document.querySelectorAll("main form[method=post]")].find((each) => placeOf(each) === kept.of)
  if (!form || kept.by !== document.body.dataset.me || !cameBack() || Date.now() - kept.at > LONGEST) return
  for (const { name, value, values, checked } of kept.fields) for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) put(field, { value, values, checked })
  const told = Object.assign(document.createElement("p"), { className: "alert", textContent: "This is as you had typed it. It is not saved yet." })
  told.setAttribute("role", "status")
  form.prepend(told)
  form.dispatchEvent(new Event("input", { bubbles: true }))
}

function put(field, { value, values, checked }) {
  if (!values) {
    if (field.value === value) field.checked = checked
  } else if (field.options) for (const option of field.options) option.selected = values.includes(option.value)
  else [field.value] = values
}

function cameBack() {
  const [{ type }] = performance.getEntriesByType("navigation")
  return type === "back_forward" || (document.referrer && new URL(document.referrer).pathname.startsWith("/accounts/"))
}

function placeOf(form) {
  const forms = [...document.querySelectorAll("main form[method=post]")]
  return `${location.pathname} ${forms.indexOf(form)}`
}

function tab(use) {
  try {
    return use(sessionStorage)
  } catch {
    return null // a store that is full or forbidden: then the form is lost as before
  }
}
