/**
 * The query bar: completes fields and what a brand has for them, says what is wrong before the list goes, and keeps a query as a view.
 * Enter applies what stands there then (the address carries it), Esc takes it back.
 */
import { Refused, ask, elements, explain, notify } from "../lib/fragments.js"
import { takeTurn, watchHand } from "../lib/picks.js"
import { begins } from "../lib/ranking.js"

const FRESH = 60_000 // milliseconds for which they are not asked for again
const STAYS = 5000 // milliseconds after which a page that was applied and has not come may have been stopped

class QueryBar extends HTMLElement {
  connectedCallback() {
    this.text = this.querySelector("#query")
    this.list = this.querySelector("#query-choices")
    this.said = this.querySelector("#query-said")
    this.before = this.text.value
    this.text.addEventListener("focus", () => this.#learn())
    this.text.addEventListener("input", () => this.#typed())
    this.text.addEventListener("keydown", (event) => this.#pressed(event))
    this.text.addEventListener("blur", () => this.#close())
    this.list.addEventListener("pointerdown", (event) => this.#picked(event))
    this.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault()
      this.#apply()
    })
    this.addEventListener("click", ({ target }) => this.#clicked(target.closest("button")))
    window.addEventListener("pageshow", () => (this.text.readOnly = false)) // also of a page that was applied and is gone back to
  }

  /** The hand goes into the bar, behind what stands there. What hides it ends: else what is typed would be taken for keys. */
  take() {
    const shell = this.closest("workspace-shell")
    shell.querySelector("focus-bar").stop()
    shell.search.close()
    this.text.focus()
    this.text.setSelectionRange(this.text.value.length, this.text.value.length)
    this.#typed()
  }

  /** What there is to complete with; after a while anew: tags and colleagues come and go while a page is open. */
  async #learn() {
    if (!this.known || Date.now() - this.learnt > FRESH) {
      const before = this.known
      this.learnt = Date.now()
      this.known = ask(this.dataset.words).then(JSON.parse).catch(() => (this.known = before ?? null))
    }
    return this.known
  }

  async #typed() {
    this.#offerChange()
    const known = await this.#learn()
    if (!known || document.activeElement !== this.text || this.text.readOnly) return
    this.#show(completions(this.#token(), known))
  }

  #token() {
    return lastToken(this.text.value.slice(0, this.text.selectionStart))
  }

  #show(choices) {
    this.list.replaceChildren(...choices.map(option))
    this.list.hidden = !choices.length
    this.text.setAttribute("aria-expanded", Boolean(choices.length))
    this.#mark(null)
  }

  #close() {
    this.#show([])
  }

  #mark(choice) {
    this.marked = choice
    for (const each of this.list.children) each.setAttribute("aria-selected", each === choice)
    if (choice) this.text.setAttribute("aria-activedescendant", choice.id)
    else this.text.removeAttribute("aria-activedescendant")
    choice?.scrollIntoView({ block: "nearest" })
  }

  #pressed(event) {
    const all = [...this.list.children]
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && all.length) {
      event.preventDefault()
      const at = this.marked ? all.indexOf(this.marked) + step : step > 0 ? 0 : all.length - 1
      this.#mark(all[(at + all.length) % all.length])
    } else if ((event.key === "Enter" || event.key === "Tab") && this.marked) {
      event.preventDefault()
      this.#complete(this.marked.dataset.text)
    } else if (event.key === "Tab" && all.length && this.#token()) {
      event.preventDefault()
      this.#complete(all[0].dataset.text)
    } else if (event.key === "Escape") {
      event.preventDefault()
      event.stopPropagation()
      this.#escape()
    }
  }

  /** First the application of it, then the completions, then what was typed, then the query itself. */
  #escape() {
    if (this.text.readOnly) return this.#giveBack()
    if (this.marked || (!this.list.hidden && this.#token())) return this.#close()
    this.#close()
    if (this.text.value !== this.before) {
      this.text.value = this.before
      this.#say("")
      this.#offerChange()
    } else if (this.dataset.view === "query") this.#goHome()
    else this.text.blur()
  }

  #picked(event) {
    const choice = event.target.closest("[role=option]")
    if (!choice) return
    event.preventDefault()
    this.#complete(choice.dataset.text)
  }

  #complete(text) {
    const at = this.text.selectionStart
    const begins = at - this.#token().length
    const space = /[:<>]$/.test(text) ? "" : " "
    this.text.setRangeText(text + space, begins, at, "end")
    this.#typed()
  }

  /** What is pressed until the list has come was meant for the list: nothing more is typed into the query. Refused, it is given back as it was. */
  async #apply() {
    if (this.text.readOnly) return
    const query = this.text.value.trim()
    this.#close()
    if (!query) return this.#goHome()
    const { signal } = (this.applying = new AbortController())
    const writesElsewhere = watchHand()
    this.text.readOnly = true
    window.typedAhead.leaves()
    try {
      const { text } = JSON.parse(await ask(`${this.dataset.reading}?${new URLSearchParams({ q: query })}`, { signal }))
      if (signal.aborted) return
      if (writesElsewhere()) return this.#giveBack()
      const address = `${this.dataset.list}?${new URLSearchParams({ q: text })}`
      window.typedAhead.goes(address)
      location.assign(address)
      setTimeout(() => !signal.aborted && this.#giveBack(), STAYS) // somebody stopped the page that was to come
    } catch (error) {
      if (signal.aborted) return
      this.#giveBack()
      this.#refused(error, { takesHand: !writesElsewhere() })
    }
  }

  #goHome() {
    window.typedAhead.leaves(this.dataset.home)
    location.assign(this.dataset.home)
  }

  #giveBack() {
    this.applying?.abort()
    window.typedAhead.stays()
    this.text.readOnly = false
  }

  #refused(error, { takesHand }) {
    if (!(error instanceof Refused) || error.status !== 422) return notify(explain(error))
    const { fault, word } = JSON.parse(error.html)
    this.#say(fault)
    if (!takesHand) return
    const at = word ? this.text.value.indexOf(word) : -1
    this.text.focus()
    if (at >= 0) this.text.setSelectionRange(at, at + word.length)
  }

  #say(fault) {
    this.said.textContent = fault
    this.said.toggleAttribute("data-fault", Boolean(fault))
    if (fault) this.text.setAttribute("aria-invalid", "true")
    else this.text.removeAttribute("aria-invalid")
  }

  /** What differs from what the list shows may be kept: as a view, or in the view that is open. */
  #offerChange() {
    const changed = this.text.value.trim() !== this.before
    const typed = this.dataset.view === "query"
    this.querySelector("[data-save]").hidden = !changed && (!typed || this.said.hasAttribute("data-fault"))
    this.querySelector("[data-update]").hidden = !changed || !this.querySelector("[data-manage]")
    this.querySelector("[data-clear]").hidden = !changed && !typed
  }

  #clicked(button) {
    if (!button) return
    if ("clear" in button.dataset) location.assign(this.dataset.home)
    if ("save" in button.dataset) this.#open(this.dataset.saving)
    if ("manage" in button.dataset) this.#open(this.dataset.saved)
    if ("update" in button.dataset) this.#update()
  }

  get asked() {
    return { q: this.text.value, sort: document.querySelector("inbox-list").dataset.sort }
  }

  async #open(url) {
    const dialog = document.getElementById("picker")
    const isMine = takeTurn()
    const writesElsewhere = watchHand()
    try {
      const parts = elements(await ask(url))
      if (!isMine() || writesElsewhere()) return
      dialog.replaceChildren(...parts)
      const form = dialog.querySelector("view-form")
      if (url === this.dataset.saving) form.asked = this.asked
    } catch (error) {
      notify(explain(error))
    }
  }

  async #update() {
    const body = new FormData()
    for (const [name, value] of Object.entries(this.asked)) body.set(name, value)
    try {
      location.assign(await ask(this.dataset.saved, { method: "POST", body }))
    } catch (error) {
      if (error instanceof Refused && error.status === 422) this.#say(elements(error.html)[0]?.textContent.trim() ?? "")
      else notify(explain(error))
    }
  }
}

/** What is being typed: behind the last space outside of quotes. Read from the front, as inbox/rules/view_reading.py does: only so is it known which quote opens. */
function lastToken(text) {
  let begins = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') quoted = !quoted
    else if (quoted && text[at] === "\\") at += 1 // whatever is escaped
    else if (!quoted && /\s/.test(text[at])) begins = at + 1
  }
  return text.slice(begins)
}

/** What may follow what was typed: fields first, then the values of the one that stands there, those that begin so before the others. */
function completions(token, { fields, times, values }) {
  const minus = token.startsWith("-") ? "-" : ""
  const typed = token.slice(minus.length)
  const parts = typed.match(/^([a-z]+)([:<>]=?)(.*)$/s)
  if (!parts) {
    const begun = fields.filter((field) => typed && field.startsWith(typed.toLowerCase()))
    return begun.map((field) => ({ text: `${minus}${field}${times.includes(field) ? "" : ":"}`, said: times.includes(field) ? `${field}…` : `${field}:` }))
  }
  const [, field, op, rest] = parts
  const last = rest.slice(rest.lastIndexOf(",") + 1)
  const kept = rest.slice(0, rest.length - last.length)
  const plain = (text) => text.replaceAll('"', "").toLowerCase()
  return (values[field] ?? [])
    .filter((value) => !/^[<>:]/.test(value) && plain(value).includes(plain(last)) && value !== last)
    .sort((one, other) => begins(plain(last), other) - begins(plain(last), one))
    .slice(0, 16)
    .map((value) => ({ text: `${minus}${field}${op}${kept}${value}`, said: value }))
}

function option({ text, said }, number) {
  const made = Object.assign(document.createElement("li"), { className: "query__choice", id: `query-choice-${number}`, textContent: said })
  made.setAttribute("role", "option")
  made.dataset.text = text
  made.dir = "auto"
  return made
}

customElements.define("query-bar", QueryBar)
