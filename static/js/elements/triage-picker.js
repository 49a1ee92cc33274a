/**
 * A short choice by keys: type to narrow it, arrows and Enter to take it. A tag is put on or taken off and the choice stays open;
 * everything else closes it. Where words are understood (snooze), what is typed is previewed and taken itself.
 */
import { ask, elements } from "../lib/fragments.js"
import { settle } from "../lib/picks.js"
import { begins, fitting } from "../lib/ranking.js"

const nameOf = (option) => option.querySelector(".picker__name")?.firstChild?.textContent ?? "" // without what is said of it

class TriagePicker extends HTMLElement {
  /** Said where nothing is left to choose. It is there beforehand, so that it is read out. */
  none = Object.assign(document.createElement("p"), { className: "picker__none", role: "status" })

  connectedCallback() {
    this.filter = this.querySelector(".picker__filter")
    this.options = [...this.querySelectorAll("[role=option]")]
    this.dialog = this.closest("dialog")
    this.shell = this.closest("workspace-shell")
    this.dialog.setAttribute("aria-label", this.dataset.label)
    this.append(this.none)
    this.filter.addEventListener("input", () => this.#typed())
    this.filter.addEventListener("keydown", (event) => this.#pressed(event))
    this.addEventListener("click", ({ target }) => target.closest("[data-url][role=option]") && this.#take(target.closest("[role=option]")))
    this.#mark(this.options.find((option) => option.hasAttribute("data-current")) ?? this.options[0])
    if (!this.dialog.open) this.dialog.showModal()
    this.filter.focus()
  }

  disconnectedCallback() {
    clearTimeout(this.soon)
    this.asking?.abort()
  }

  /** What was typed before the choices came. */
  typed(text, entered) {
    if (text) {
      this.filter.value = text
      this.#typed()
    }
    if (entered) this.#enter()
  }

  get understands() {
    return this.dataset.preview
  }

  get visible() {
    return this.options.filter((option) => !option.hidden)
  }

  /**
   * A name is meant before an address or another word for it; of an address what stands before its @. Where words are understood, the middle
   * of a word is no choice: "tom" is tomorrow, no customer.
   */
  #typed() {
    const typed = this.filter.value.replace(/(\S)@\S*/g, "$1")
    const fits = fitting(typed, this.options, ({ dataset }) => dataset.words, { inside: !this.understands })
    for (const option of this.options) option.hidden = !fits.includes(option)
    this.#mark(fits.find((option) => begins(typed, nameOf(option))) ?? fits[0])
    if (this.understands) this.#preview()
    if (this.dataset.search) this.#search()
  }

  /** There are too many to choose from at once: those whose name begins so are asked for. */
  #search() {
    clearTimeout(this.soon)
    this.asking?.abort()
    this.soon = setTimeout(async () => {
      this.asking = new AbortController()
      try {
        const query = new URLSearchParams({ q: this.filter.value })
        const [found] = elements(await ask(`${this.dataset.search}?${query}`, { signal: this.asking.signal }))
        this.querySelector("#picker-options")?.replaceWith(found)
        this.options = [...this.querySelectorAll("[role=option]")]
        this.#mark(this.options[0])
      } catch {
        // The next letter asks again.
      }
    }, 120)
  }

  #preview() {
    clearTimeout(this.soon)
    this.asking?.abort()
    if (!this.filter.value.trim()) return this.querySelector("#snooze-said").replaceChildren()
    this.soon = setTimeout(async () => {
      this.asking = new AbortController()
      try {
        const query = new URLSearchParams({ until: this.filter.value })
        const [said] = elements(await ask(`${this.dataset.preview}?${query}`, { signal: this.asking.signal }))
        this.#say(said)
      } catch {
        // The next letter asks again; Enter is answered in words.
      }
    }, 80)
  }

  /** In the line that stands there: one that comes in its place is not read out. */
  #say({ textContent, dataset }) {
    const line = this.querySelector("#snooze-said")
    if (!line) return
    line.textContent = textContent
    line.dataset.understood = dataset.understood
  }

  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      event.preventDefault()
      const all = this.visible
      if (all.length) this.#mark(all[(all.indexOf(this.marked) + step + all.length) % all.length])
    }
    if (event.key !== "Enter") return
    event.preventDefault()
    this.#enter()
  }

  #enter() {
    if (this.marked?.dataset.url) this.#take(this.marked)
    else if (this.dataset.bulk && this.understands && this.filter.value.trim()) this.#forAll(this.dataset.bulk, this.filter.value)
    else if (this.understands && this.filter.value.trim()) this.#send(this.dataset.url, "POST", this.filter.value)
  }

  #mark(option) {
    this.marked = option
    this.none.textContent = option || this.understands || this.dataset.search ? "" : "Nothing is called so."
    for (const each of this.options) each.setAttribute("aria-selected", each === option)
    this.filter.setAttribute("aria-activedescendant", option?.id ?? "")
    option?.scrollIntoView({ block: "nearest" })
  }

  #take(option) {
    if (this.dataset.bulk) this.#forAll(option.dataset.act ?? this.dataset.bulk, option.dataset.value)
    else if (option.hasAttribute("data-toggles")) this.#toggle(option)
    else this.#send(option.dataset.url, option.dataset.method, option.dataset.value, option.dataset.name)
  }

  /** For everything that is selected in the list. */
  #forAll(act, value) {
    this.dialog.close()
    this.shell.hands.send(act, value)
  }

  async #send(url, method, value, name = this.dataset.name ?? "priority") {
    this.dialog.close()
    const values = { [name]: value ?? "" }
    if (this.dataset.seen) values.seen_seq = this.dataset.seen
    await settle(this.shell, url, { method, values })
  }

  /** Shown with the key; taken back when the server does not take it. */
  async #toggle(option) {
    const { method } = option.dataset
    this.#set(option, method === "POST")
    if (!(await settle(this.shell, option.dataset.url, { method }))) this.#set(option, method !== "POST")
  }

  #set(option, on) {
    option.toggleAttribute("data-current", on)
    option.dataset.method = on ? "DELETE" : "POST"
    option.querySelector("[data-is]").textContent = on ? " ✓" : ""
    option.querySelector(".picker__mail").textContent = on ? "set by you" : ""
    this.filter.select()
  }
}
customElements.define("triage-picker", TriagePicker)
