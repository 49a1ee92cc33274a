/**
 * Everything by typing: commands with their keys, views, colleagues, tags, settings, people. What it offers is what makes sense
 * for the conversation that was in hand when it was opened; while some are selected, for all of these.
 */
import * as acts from "../lib/acts.js"
import { commands, makesSense, selecting } from "../lib/commands.js"
import { ask, elements } from "../lib/fragments.js"
import { kbds, said, usable } from "../lib/keys.js"
import { keepHand } from "../lib/picks.js"
import { plain, rank } from "../lib/ranking.js"
import { recent } from "../lib/recent.js"

const MOST = 40 // lines that are drawn
const FRESH = 60_000 // milliseconds for which colleagues, tags and pages need not be asked for again
const PAUSE = 120 // milliseconds without a letter until people are looked up

// Without a word typed: what is done most stands first.
const GROUPS = ["Conversation", "Answering", "Lately open", "Going", "Finding", "Moving"]

const ACTS = {
  assign: (shell, { person }) => (selecting(shell) ? shell.hands.send("assign", person) : acts.assign(shell, person)),
  tag: (shell, { tag }) => (selecting(shell) ? shell.hands.send("tag", tag) : acts.tag(shell, tag)),
  mood: (shell, { mood }) => acts.feel(shell, mood),
  open: (shell, { id }) => shell.open(id),
  go: (shell, { url }) => location.assign(url),
}

class CommandPalette extends HTMLElement {
  connectedCallback() {
    this.shell = this.closest("workspace-shell")
    this.dialog = this.closest("dialog")
    this.field = this.querySelector("input")
    this.list = this.querySelector("[role=listbox]")
    this.field.addEventListener("input", () => this.#typed())
    this.field.addEventListener("keydown", (event) => this.#pressed(event))
    this.list.addEventListener("click", ({ target }) => this.#take(target.closest("[role=option]")))
    this.told = [] // what the server knows: colleagues, tags, pages
    this.people = []
    this.replies = [] // canned ones, filled in for the open conversation
  }

  show() {
    const { shell } = this
    this.inHand = acts.inHand(shell)
    keepHand(this.dialog)
    this.able = commands(shell).filter((command) => !command.quiet && makesSense(command, shell))
    this.field.value = ""
    this.people = this.replies = []
    this.#draw()
    this.dialog.showModal()
    this.field.focus()
    this.#askServer()
    this.#askReplies()
  }

  /** Lines of one shape: name, group, keys, beside (further words to find it by), act. */
  get offers() {
    const lately = recent(this.shell).filter(({ id }) => id !== this.shell.dataset.open)
    return [
      ...this.able,
      ...lately.map(({ id, name, where }) => ({ id: `recent-${id}`, name, group: "Lately open", url: id, beside: where, detail: where, act: () => this.shell.open(id) })),
      ...this.told.filter(({ needs }) => !needs || this.#has(needs)),
      ...this.replies,
      ...this.people,
      ...this.shell.list.entries.map(inTheList),
    ]
  }

  /** What is done to one makes no sense for many: which of them it would be nobody sees. */
  #has(needs) {
    return selecting(this.shell) ? needs === "some" : Boolean(this.inHand)
  }

  #draw() {
    const typed = this.field.value.trim()
    const found = typed ? this.#ranked(typed) : this.#first()
    this.shown = found.slice(0, MOST)
    let before = ""
    this.list.replaceChildren(
      ...this.shown.map((offer, at) => {
        const heads = !typed && offer.group !== before ? offer.group : ""
        before = offer.group
        return line(offer, at, { keys: offer.keys && usable(this.shell, offer), heads, beside: typed ? (offer.detail ?? offer.group) : (offer.detail ?? "") })
      }),
    )
    this.querySelector("[data-none]").hidden = this.shown.length > 0
    this.#mark(0)
  }

  /** With an answer that came late: the line that arrows have come to stays the one that Enter takes. */
  #drawAnew() {
    const chosen = this.at > 0 ? this.shown[this.at]?.id : undefined
    this.#draw()
    const at = this.shown.findIndex(({ id }) => id === chosen)
    if (at > 0) this.#mark(at)
  }

  #first() {
    const place = ({ group }) => GROUPS.includes(group) ? GROUPS.indexOf(group) : GROUPS.length
    return this.offers.filter(({ needs, rare }) => !needs && !rare).sort((one, other) => place(one) - place(other))
  }

  #ranked(typed) {
    const seen = new Set()
    return this.offers
      .map((offer) => ({ offer, rank: this.#rank(typed, offer) }))
      .filter(({ offer, rank }) => rank > 0 && !seen.has(offer.url ?? offer.id) && seen.add(offer.url ?? offer.id))
      .sort((one, other) => other.rank - one.rank)
      .map(({ offer }) => offer)
  }

  /** Who types a command's own key means it. What is done to a conversation is not found by the middle of a word; where one may go is. */
  #rank(typed, { name, beside, keys, needs, group }) {
    const pressed = keys?.some((each) => plain(said(each).join("")) === plain(typed.replace(/\s/g, "")))
    const inside = group === "Going" || !(keys || needs)
    return (pressed ? 150 : 0) + rank(typed, name, beside, { inside })
  }

  #mark(at) {
    this.at = at
    const options = [...this.list.children]
    for (const [index, option] of options.entries()) option.setAttribute("aria-selected", index === at)
    this.field.setAttribute("aria-activedescendant", options[at]?.id ?? "")
    options[at]?.scrollIntoView({ block: "nearest" })
  }

  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && this.shown.length) this.#mark((this.at + step + this.shown.length) % this.shown.length)
    else if (event.key === "Enter") this.#take(this.list.children[this.at])
    else if (event.key === "k" && (event.ctrlKey || event.metaKey)) this.dialog.close()
    else return
    event.preventDefault()
  }

  /** The dialog gives the focus back; a row that was in hand meanwhile may stand elsewhere. */
  #take(option) {
    const offer = this.shown[Number(option?.dataset.at ?? -1)]
    if (!offer) return
    this.dialog.close()
    if (this.inHand !== this.shell.dataset.open) this.shell.list.find(this.inHand)?.focus({ preventScroll: true })
    offer.act(this.shell)
  }

  #typed() {
    this.#draw()
    clearTimeout(this.soon)
    this.asking?.abort()
    const typed = this.field.value.trim()
    if (typed.length < 2) this.people = []
    else if (this.dataset.peopleUrl) this.soon = setTimeout(() => this.#askPeople(typed), PAUSE)
  }

  async #askPeople(typed) {
    this.asking = new AbortController()
    try {
      const html = await ask(`${this.dataset.peopleUrl}?${new URLSearchParams({ q: typed })}`, { signal: this.asking.signal })
      const found = elements(html).map(offerOf)
      if (this.field.value.trim() !== typed) return
      this.people = found
      this.#drawAnew()
    } catch {
      // The next letter asks again.
    }
  }

  async #askReplies() {
    const { composer } = this.shell
    if (!composer?.dataset.writingUrl || this.inHand !== this.shell.dataset.open) return
    try {
      const [found] = elements(await ask(composer.dataset.writingUrl))
      this.replies = [...found.children].map(written).filter(Boolean)
      if (this.dialog.open && this.field.value) this.#drawAnew()
    } catch {
      // They are offered in the composer, too.
    }
  }

  async #askServer() {
    if (Date.now() - (this.asked ?? 0) < FRESH) return
    try {
      this.told = elements(await ask(this.dataset.url)).map(offerOf)
      this.asked = Date.now()
      if (this.dialog.open && this.field.value) this.#drawAnew()
    } catch {
      // What the page itself knows is there all the same.
    }
  }
}

/** Whoever stands in the list is found without a question. */
function inTheList(row) {
  const { id } = row.dataset
  const words = (what) => row.querySelector(what)?.textContent.trim() ?? ""
  return { id: `row-${id}`, url: id, rare: true, name: words(".row__name"), group: "People", detail: words(".row__preview"), act: (shell) => shell.open(id) }
}

/** A canned reply stands in the composer at once; what a macro would do is shown there first. */
function written(offer) {
  const { id, dataset } = offer
  const name = offer.querySelector(".offer__name").textContent
  const line = { id: `written-${id}`, needs: "conversation", beside: dataset.words }
  if (dataset.kind === "canned") return { ...line, name: `Insert: ${name}`, group: "Canned replies", detail: dataset.name ? `/${dataset.name}` : "canned reply", act: (shell) => insert(shell, dataset) }
  if (dataset.kind === "macro") return { ...line, name: `Macro: ${name}`, group: "Macros", detail: dataset.name ? `/${dataset.name}` : "shown before it is done", act: (shell) => preview(shell, id) }
  return null
}

function preview({ composer }, id) {
  composer.write("reply")
  if (composer.field.readOnly) composer.write("note") // the rest of what it does may still be done
  composer.querySelector("composer-picker").openAt(id)
}

function insert(shell, { text, useUrl }) {
  const { composer } = shell
  composer.write("reply")
  const { field } = composer
  if (field.readOnly) return
  composer.insert(field.selectionStart, field.selectionEnd, text)
  if (useUrl) ask(useUrl, { method: "POST" }).catch(() => {})
}

function offerOf(element) {
  const { name, group, beside, detail, act, needs, rare, amongOthers } = element.dataset
  const values = { ...element.dataset }
  const url = amongOthers === undefined ? (values.id ?? values.url) : undefined // several people lead to one group
  return { id: element.id, name, group, beside, detail, needs, rare, url, act: (shell) => ACTS[act](shell, values) }
}

function line({ name }, at, { keys, heads, beside }) {
  const option = Object.assign(document.createElement("li"), { className: "picker__option", id: `offer-${at}`, role: "option", ariaSelected: "false" })
  option.dataset.at = at
  if (heads) option.dataset.heads = heads
  const told = Object.assign(document.createElement("span"), { className: "picker__mail", textContent: beside, dir: "auto" })
  option.append(Object.assign(document.createElement("span"), { className: "picker__name", textContent: name, dir: "auto" }), told)
  if (keys?.length) {
    const place = Object.assign(document.createElement("span"), { className: "picker__keys" })
    place.append(...kbds(keys[0]))
    option.append(place)
  }
  return option
}
customElements.define("command-palette", CommandPalette)
