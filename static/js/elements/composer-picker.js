/**
 * Choices while one writes. The hand stays in the text: what is typed after the sign narrows them, arrows go through them, Enter takes
 * one, Esc leaves the text as it is. Beside the list stands what would be written, and whether the platform would take it. It is read out
 * with the arrows, and Page Down goes on in it.
 */
import * as drafts from "../lib/drafts.js"
import { Refused, ask, elements, explain, notify, sentence } from "../lib/fragments.js"
import { measure } from "../lib/measure.js"
import { newestOf, show } from "../lib/picks.js"
import { fitting } from "../lib/ranking.js"
import { triggerAt } from "../lib/triggers.js"
import { doing } from "../lib/undo.js"

const FRESH = 20_000 // milliseconds for which offers are not asked for again
const AGAIN = 3_600_000 // milliseconds for which a macro whose answer was lost is the same run when it is tried again
const RUN = "macro." // as which it is kept, with its address: another macro's run does not take its place
const LABELS = { canned: "Canned replies and macros", variable: "Variables", colleague: "Colleagues" }

class ComposerPicker extends HTMLElement {
  connectedCallback() {
    this.composer = this.closest("reply-composer")
    this.field = this.composer.querySelector("textarea")
    this.list = this.querySelector("[role=listbox]")
    this.preview = this.querySelector("[data-preview]")
    this.told = this.querySelector("[role=status]")
    this.offers = []
    this.kept = new Map() // by a macro's address: the run that was asked for and not answered yet
    this.field.addEventListener("focus", () => this.#fetch())
    this.field.addEventListener("input", () => this.look())
    this.field.addEventListener("click", () => this.look())
    this.field.addEventListener("blur", (event) => this.#leave(event))
    this.addEventListener("focusout", (event) => this.#leave(event))
    this.preview.addEventListener("keydown", (event) => event.key === "Escape" && this.#comeBack(event))
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()) // the hand stays in the text
    this.list.addEventListener("keydown", (event) => this.pressed(event) && this.#comeBack(event))
    this.list.addEventListener("click", ({ target }) => this.#take(target.closest("[role=option]")))
  }

  get shown() {
    return !this.hidden
  }

  /** Open, narrow or close, as what stands before the caret wants it. */
  look() {
    const { field } = this
    const found = field.selectionStart === field.selectionEnd && !field.readOnly ? triggerAt(field.value, field.selectionStart, this.composer.mode) : null
    if (!found) {
      this.left = null
      return this.close()
    }
    if (this.left === found.start) return // Esc said no to this one
    this.trigger = found
    this.entered = false
    this.#fetch()
    this.#narrow()
  }

  /** True when the key was for the choices. */
  pressed(event) {
    if (!this.shown || event.ctrlKey || event.metaKey || event.altKey) return false
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const page = { PageDown: 1, PageUp: -1 }[event.key]
    if (step) this.#step(step)
    else if (page) this.#readOn(page)
    else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) {
      if (this.looking) this.entered = true // taken as soon as it is there
      else if (!this.marked) return false
      else this.#take(this.marked)
    } else if (event.key === "Escape") {
      this.left = this.trigger.start
      this.close()
    } else return false
    event.preventDefault()
    return true
  }

  close() {
    this.hidden = true
    this.entered = false
    this.marked = null
    this.field.removeAttribute("aria-activedescendant")
    this.field.removeAttribute("aria-controls")
  }

  /** Open at one of them, as if its name had been typed: what it would do is shown, Enter does it. */
  async openAt(id) {
    const { field } = this
    const at = field.selectionEnd
    this.composer.insert(at, at, /\S$/.test(field.value.slice(0, at)) ? " /" : "/")
    await this.fetching
    this.look()
    const option = [...this.list.children].find((each) => each.id === id)
    if (option) this.#mark(option)
  }

  #fetch() {
    if (this.asked && Date.now() - this.asked < FRESH) return
    this.asked = Date.now()
    this.fetching = this.#ask()
  }

  async #ask() {
    this.looking = !this.offers.length
    try {
      const [found] = elements(await ask(this.composer.dataset.writingUrl))
      this.offers = [...found.children]
    } catch {
      this.asked = 0 // asked again with the next letter; the text can be written without
    }
    this.looking = false
    const { entered } = this
    const chosen = this.shown && this.marked !== this.list.firstElementChild ? this.marked?.id : undefined
    if (this.shown) this.look()
    const again = chosen && this.shown && this.list.querySelector(`#${CSS.escape(chosen)}`) // the one that arrows have come to
    if (again) this.#mark(again)
    if (entered && this.shown && this.marked?.dataset.kind === "canned") this.#take(this.marked)
  }

  #narrow() {
    const offered = this.offers.filter((offer) => KINDS[this.trigger.kind].includes(offer.dataset.kind))
    const fits = fitting(this.trigger.typed.replaceAll(".", " "), offered, ({ dataset }) => dataset.words)
    // A shortcut that was typed in full is what is meant.
    fits.sort((one, other) => (other.dataset.name === this.trigger.typed) - (one.dataset.name === this.trigger.typed))
    if (!fits.length && offered.length) return this.close() // it is ordinary text after all
    this.list.replaceChildren(...fits)
    this.list.setAttribute("aria-label", LABELS[this.trigger.kind])
    this.field.setAttribute("aria-controls", this.list.id)
    this.querySelector("[data-none]").hidden = fits.length > 0
    this.querySelector("[data-none]").textContent = this.looking ? "Looking…" : `No ${LABELS[this.trigger.kind].toLowerCase()} yet`
    this.hidden = false
    this.#mark(fits[0])
    this.told.textContent = `${fits.length} ${LABELS[this.trigger.kind].toLowerCase()}; arrows to choose, Enter to take`
  }

  #step(step) {
    const all = [...this.list.children]
    if (!all.length) return
    this.#mark(all[(all.indexOf(this.marked) + step + all.length) % all.length])
    if (this.marked.dataset.kind === "canned") this.told.textContent = [this.marked.dataset.text, this.querySelector(".offers__fit").textContent].filter(Boolean).join(" · ")
  }

  /** What is long beside the list may be gone into, from the text and back. */
  #leave({ relatedTarget }) {
    if (relatedTarget !== this.field && !this.contains(relatedTarget)) this.close()
  }

  #comeBack(event) {
    event.preventDefault()
    event.stopPropagation() // it closes nothing else
    this.field.focus()
  }

  /** Without leaving the text. */
  #readOn(page) {
    const { shownAt } = this
    shownAt.scrollTop += page * Math.max(20, shownAt.clientHeight - 20)
  }

  get shownAt() {
    return this.querySelector(this.marked?.dataset.kind === "macro" ? "[data-plan-place]" : ".offers__words")
  }

  /** Whether there is more of it than has room. Whatever can be scrolled can be gone into. */
  #fitIn() {
    const further = this.querySelector("[data-further]")
    const { shownAt } = this
    further.hidden = true
    shownAt.scrollTop = 0
    further.hidden = shownAt.scrollHeight <= shownAt.clientHeight
    for (const each of this.preview.children) each.removeAttribute("tabindex")
    if (!further.hidden) shownAt.tabIndex = 0
    for (const each of [this.list, ...this.preview.querySelectorAll(".plan__text")]) {
      if (each.scrollHeight > each.clientHeight) each.tabIndex = 0
      else each.removeAttribute("tabindex")
    }
  }

  #mark(option) {
    this.marked = option
    for (const each of this.list.children) each.setAttribute("aria-selected", each === option)
    if (option) this.field.setAttribute("aria-activedescendant", option.id)
    else this.field.removeAttribute("aria-activedescendant")
    option?.scrollIntoView({ block: "nearest" })
    this.#show(option)
    this.#fitIn()
  }

  /** What would stand in the composer, counted as the platform counts. */
  #show(option) {
    const words = this.querySelector(".offers__words")
    this.#plan(option?.dataset.kind === "macro" ? option : null)
    const fit = this.querySelector(".offers__fit")
    words.textContent = option?.dataset.text ?? ""
    fit.textContent = ""
    fit.dataset.tone = ""
    const { max, unit, unitWord, label } = this.composer.state
    if (!option || option.dataset.kind !== "canned" || this.composer.mode === "note" || !Number(max)) return
    const length = measure(this.#whole(option.dataset.text).trim(), unit)
    const over = length - Number(max)
    fit.textContent = over > 0 ? `${over.toLocaleString()} ${unitWord} too long for ${label}` : `${length.toLocaleString()} / ${Number(max).toLocaleString()} ${unitWord}`
    fit.dataset.tone = over > 0 ? "danger" : ""
  }

  /** What a macro would do here: the server tries it and takes it back. */
  #plan(option) {
    const place = this.querySelector("[data-plan-place]")
    clearTimeout(this.soon)
    this.planning?.abort()
    this.plan = null
    place.replaceChildren()
    if (!option) return
    place.textContent = "Looking what it would do…"
    this.soon = setTimeout(async () => {
      this.planning = new AbortController()
      try {
        const query = new URLSearchParams({ seen_seq: this.composer.seen })
        const html = await ask(`${option.dataset.url}?${query}`, { signal: this.planning.signal })
        if (this.marked === option) this.#showPlan(html)
      } catch (error) {
        if (error.name !== "AbortError") place.textContent = "What it would do cannot be told now. Try again in a moment."
      }
    }, 90)
  }

  #showPlan(html) {
    const [plan] = elements(html)
    this.plan = plan
    this.querySelector("[data-plan-place]").replaceChildren(plan)
    this.#fitIn()
    this.told.textContent = plan.textContent.replace(/\s+/g, " ").trim()
  }

  /** Enter does what was seen, never what was not. */
  async #run(option) {
    const { plan, composer } = this
    if (!plan?.hasAttribute("data-does") || this.running) return
    this.running = true
    const { field } = this
    const { start } = this.trigger
    const sign = field.value.slice(start, field.selectionStart)
    const { url } = option.dataset
    const newest = newestOf(composer.shell, composer.dataset.id)
    const { clientId, again } = this.#asRun(url)
    const body = new FormData()
    for (const [name, value] of Object.entries({ plan: plan.dataset.plan, seen_seq: composer.seen, client_id: clientId })) body.set(name, value)
    try {
      const html = await doing(ask(url, { method: "POST", body }))
      this.#keepRun(url, null)
      this.asked = 0
      this.close()
      this.#cut(start, sign)
      show(composer.shell, html)
      this.#goOn(html, newest)
      if (again && !elements(html).some((piece) => piece.content?.querySelector("[data-done]"))) notify(sentence("It had been done already; only its answer was lost.", "calm"))
    } catch (error) {
      if (error instanceof Refused && error.status === 409) {
        this.#keepRun(url, null) // nothing was done: what is shown now is another run
        this.#showPlan(error.html)
      } else notify(explain(error))
    } finally {
      this.running = false
    }
  }

  /** Answered, resolved or snoozed by it: on to the next, as after the same by hand. Words and files that are left are the next answer. */
  #goOn(html, newest) {
    const { composer, field } = this
    const ended = elements(html).find((piece) => piece.dataset.ended)
    if (!ended) return
    const isAway = ended.content.querySelector(".row")?.dataset.state !== "open"
    if (isAway || (!field.value.trim() && composer.uploads.isEmpty)) composer.shell.done(composer.dataset.id, Math.max(newest, Number(ended.dataset.ended)))
  }

  /** The sign goes when what it asked for is done. What was typed behind it meanwhile stays, and the hand in it. */
  #cut(start, sign) {
    const { field, composer } = this
    if (!field.value.startsWith(sign, start)) return
    const end = start + sign.length
    const { selectionStart, selectionEnd } = field
    composer.insert(start, end, "")
    if (selectionStart >= end) field.setSelectionRange(selectionStart - sign.length, selectionEnd - sign.length)
  }

  /** The same macro again, after an answer or a page that was lost, is one run, whatever else was typed, looked at or run meanwhile: it answers once. */
  #asRun(url) {
    const { clientId, at } = this.kept.get(url) ?? drafts.asked(...this.#place, RUN + url)
    const again = Boolean(clientId) && Date.now() - at < AGAIN
    const run = { asked: url, clientId: again ? clientId : crypto.randomUUID() }
    this.#keepRun(url, run)
    return { clientId: run.clientId, again }
  }

  #keepRun(url, run) {
    this.kept.set(url, { ...run, at: Date.now() })
    drafts.keepAsked(...this.#place, run, RUN + url)
  }

  get #place() {
    return [this.composer.shell.dataset.me, this.composer.dataset.id]
  }

  #whole(text) {
    const { value, selectionStart } = this.field
    return value.slice(0, this.trigger.start) + text + value.slice(selectionStart)
  }

  #take(option) {
    if (!option) return
    const { kind, text, name, useUrl } = option.dataset
    if (kind === "macro") {
      this.#run(option)
      return
    }
    const words = kind === "variable" && !text ? `{{${name}}}` : text
    this.close()
    this.composer.insert(this.trigger.start, this.field.selectionStart, words)
    if (useUrl) ask(useUrl, { method: "POST" }).catch(() => {})
  }
}

const KINDS = { canned: ["canned", "macro"], variable: ["variable"], colleague: ["colleague"] }

customElements.define("composer-picker", ComposerPicker)
