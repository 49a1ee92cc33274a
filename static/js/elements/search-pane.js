/** Search in the place of the list: answers while one types, results by the same keys as the list, a thread opened at what was found. */
import { ask, elements, explain, newer } from "../lib/fragments.js"

const REST = 120 // milliseconds without a key until the server is asked
const NEAR = 300

class SearchPane extends HTMLElement {
  connectedCallback() {
    this.shell = this.closest("workspace-shell")
    this.field = this.querySelector("input")
    this.results = this.querySelector(".search__results")
    this.said = this.querySelector("[data-said]")
    this.field.addEventListener("input", () => this.#typed())
    this.addEventListener("keydown", (event) => this.#pressed(event))
    this.addEventListener("click", (event) => this.#clicked(event))
    this.querySelector("form").addEventListener("submit", (event) => this.#submitted(event))
    this.results.addEventListener("scroll", () => this.#perhapsMore(), { passive: true })
    this.#tell()
    if (this.isOpen && !this.shell.dataset.open) this.field.focus()
  }

  get isOpen() {
    return this.shell.hasAttribute("data-searching")
  }

  get hits() {
    return [...this.results.querySelectorAll("[data-hit]")]
  }

  shows(id) {
    return this.hits.some((hit) => hit.dataset.id === id)
  }

  get current() {
    return this.results.querySelector("[data-hit][aria-current]")
  }

  /** With the list that stands behind it: its view, what was typed for that, and its order. */
  get address() {
    const list = new URLSearchParams(this.shell.dataset.sorted)
    const asked = new URLSearchParams({ q: this.field.value, view: this.shell.dataset.view })
    if (list.has("q")) asked.set("filter", list.get("q"))
    if (list.has("sort")) asked.set("sort", list.get("sort"))
    return `${this.dataset.url}?${asked}`
  }

  open({ push = true, typed } = {}) {
    this.shell.querySelector("focus-bar").stop() // it hides the field, and what is typed would be taken for keys
    // On a phone the thread covers the list, and search with it.
    if (!this.isOpen && this.shell.dataset.open && matchMedia("(max-width: 767px)").matches) this.shell.close({ push: false })
    const was = this.isOpen
    this.shell.toggleAttribute("data-searching", true)
    if (typed !== undefined && typed !== this.field.value) {
      this.field.value = typed
      this.#ask()
    }
    if (push && !was && !this.shell.dataset.open) history.pushState({}, "", this.address)
    this.field.focus()
    this.field.select()
  }

  close({ push = true } = {}) {
    if (!this.isOpen) return
    this.asking?.abort()
    this.shell.removeAttribute("data-searching")
    if (push && !this.shell.dataset.open) history.pushState({}, "", this.shell.listAddress)
    this.shell.list.find(this.shell.dataset.open)?.focus({ preventScroll: true })
    if (this.contains(document.activeElement)) document.activeElement.blur()
  }

  /** To the next result; where a thread is open already, it opens too. */
  move(step) {
    const { hits } = this
    const from = document.activeElement.closest("[data-hit]") ?? this.current
    const to = from ? hits[hits.indexOf(from) + step] : hits[0]
    if (!to) {
      if (step < 0) this.field.focus()
      else this.#more()
      return
    }
    to.focus({ preventScroll: true })
    to.scrollIntoView({ block: "nearest" })
    if (!this.shell.dataset.open) return
    clearTimeout(this.shell.rest)
    this.mark(to)
    this.shell.rest = setTimeout(() => this.shell.open(to.dataset.id, { at: to.dataset.at }), 120)
  }

  mark(hit) {
    for (const other of this.results.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current")
    if (this.contains(hit)) hit.setAttribute("aria-current", "true")
  }

  heard(rows) {
    for (const row of rows) {
      for (const hit of this.hits) if (hit.dataset.id === row.dataset.id && newer(row, hit)) follow(hit, row.dataset)
    }
  }

  leftThread() {
    ;(this.current ?? this.field).focus({ preventScroll: true })
  }

  #typed() {
    clearTimeout(this.rest)
    this.rest = setTimeout(() => this.#ask(), REST)
  }

  #pressed(event) {
    const inField = event.target === this.field
    if (event.key === "Escape") {
      event.preventDefault()
      this.close()
    } else if (inField && event.key === "ArrowDown") {
      event.preventDefault()
      this.move(1)
    }
  }

  async #submitted(event) {
    event.preventDefault()
    clearTimeout(this.rest)
    if (this.results.querySelector("[data-found]")?.dataset.for !== this.field.value) await this.#ask()
    this.hits[0]?.focus()
  }

  #clicked(event) {
    if (event.target.closest("[data-search-close]")) this.close()
    else if (event.target.closest("[data-more]")) {
      event.preventDefault()
      this.#more()
    } else if (event.target.closest("[data-more-people]")) {
      event.preventDefault()
      this.#morePeople(event.target.closest("[data-more-people]").href)
    }
  }

  async #morePeople(address) {
    const { length } = this.#people
    await this.#ask(address)
    if (!this.results.contains(document.activeElement)) this.#people[length]?.focus()
  }

  get #people() {
    return this.results.querySelectorAll(".hit--person")
  }

  /** What is on its way for other words is of no use any more. */
  async #ask(address = this.address) {
    this.asking?.abort()
    const asking = (this.asking = new AbortController())
    this.toggleAttribute("data-waiting", true)
    try {
      const html = await ask(address, { signal: asking.signal })
      this.results.replaceChildren(...elements(html))
      this.results.scrollTop = 0
      if (this.isOpen && !this.shell.dataset.open) history.replaceState({}, "", this.address)
    } catch (error) {
      if (error.name === "AbortError") return
      this.results.replaceChildren(...elements(explain(error)))
    } finally {
      if (this.asking === asking) this.toggleAttribute("data-waiting", false)
    }
    this.#tell()
  }

  #perhapsMore() {
    const { scrollHeight, scrollTop, clientHeight } = this.results
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.#more()
  }

  async #more() {
    const link = this.results.querySelector("[data-more]:not([aria-busy])")
    if (!link) return
    link.setAttribute("aria-busy", "true")
    try {
      const older = elements(await ask(link.href))
      if (link.isConnected) link.replaceWith(...older)
    } catch {
      link.removeAttribute("aria-busy") // the link stays and can be pressed again
    }
  }

  #tell() {
    const found = this.results.querySelector("[data-found]")
    const { length } = this.hits
    const more = this.results.querySelector(".search__more") ? " or more" : ""
    this.said.textContent = found?.dataset.for ? `${length}${more} found` : ""
  }
}

/** What a key does to a result depends on how its conversation is now, and the result says how it is. */
function follow(hit, { seq, state, vip }) {
  Object.assign(hit.dataset, { seq, state, vip })
  const [said, star] = [hit.querySelector(".hit__state"), hit.querySelector(".vip[data-theirs]")]
  if (said) said.textContent = state === "open" ? "" : state
  if (star) star.hidden = vip !== "yes"
}

customElements.define("search-pane", SearchPane)
