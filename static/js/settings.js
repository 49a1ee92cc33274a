// The settings' pages work without this; with it, weights are tried while they are edited, effects are asked for in place, and what was
// typed outlives the end of a session.
import "./lib/current-page.js"
import "./lib/window-name.js"
import { keepForms } from "./lib/form-keeper.js"
import { ask, elements, explain, Refused } from "./lib/fragments.js"

const REST = 350
let waits = 0
let asked = null

async function put(id, url, body) {
  asked?.abort()
  asked = new AbortController()
  const place = document.getElementById(id)
  try {
    place.replaceWith(...elements(await ask(url, { method: "POST", body, signal: asked.signal })))
  } catch (error) {
    if (error.name === "AbortError") return
    const told = error instanceof Refused && error.status === 422
    if (told) place.replaceWith(...elements(error.html))
    else place.replaceChildren(...elements(explain(error)))
  }
  sayInShort(id)
}

/** Where the page is narrow what is tried stands below all fields; a line beside Save says the same in short. */
function sayInShort(id) {
  const said = document.querySelector(`#${id} [data-in-short]`) ?? document.getElementById(id)
  for (const line of document.querySelectorAll(`[data-follows="${id}"]`)) line.textContent = said.textContent.trim()
}

for (const form of document.querySelectorAll("form[data-preview]")) {
  form.addEventListener("input", () => {
    clearTimeout(waits)
    waits = setTimeout(() => put("preview", form.dataset.preview, new FormData(form)), REST)
  })
}

for (const form of document.querySelectorAll("form[data-check]")) {
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name !== "check") return
    event.preventDefault()
    put("effect", location.href, new FormData(form, event.submitter)).then(() => document.getElementById("effect").scrollIntoView({ block: "center" }))
  })
}

keepForms()
