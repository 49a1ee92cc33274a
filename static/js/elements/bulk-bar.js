/** What is selected in the list, one by one or the whole view, and what is done to all of it. */
import { ask, clearNotices, elements, explain, notify, sentence } from "../lib/fragments.js"
import { glanced } from "../lib/glance.js"
import { choose, isShown } from "../lib/picks.js"
import { doing } from "../lib/undo.js"
import { viewTotal } from "../lib/view-total.js"

const ASKS = new Set(["snooze", "assign", "tag", "priority"]) // these need one more choice
const CLOSED = new Set(["resolved", "spam"])
const MANY = 1000

class BulkBar extends HTMLElement {
  connectedCallback() {
    this.shell = this.closest("workspace-shell")
    this.list = this.shell.querySelector("inbox-list")
    this.ids = new Map() // id -> up to where its row had been seen when it was selected
    this.addEventListener("click", ({ target }) => this.#pressed(target.closest("button")))
    this.list.addEventListener("click", (event) => this.#clicked(event))
    this.rows = new MutationObserver(() => this.any && this.#show())
    this.rows.observe(this.list, { childList: true, subtree: true })
  }

  disconnectedCallback() {
    this.rows?.disconnect()
  }

  get any() {
    return this.ids.size > 0
  }

  get hand() {
    return this.list.contains(document.activeElement) ? document.activeElement.closest(".row") : this.list.selected
  }

  /** Where no hand is on the list yet, it comes to the first row: what extends the selection goes on from there. */
  toggle(row = this.hand ?? this.list.entries[0]) {
    if (!row) return
    if (!this.hand) row.focus({ preventScroll: true })
    this.#put(row, !this.ids.has(row.dataset.id))
    this.last = row.dataset.id
    this.#show()
  }

  /** On to the next row with the selection; back over what is selected, it gets smaller. */
  extend(step) {
    const from = this.hand
    const next = this.list.neighbour(step)
    if (from && next && this.ids.has(from.dataset.id) && this.ids.has(next.dataset.id)) this.#put(from, false)
    else if (from) this.#put(from, true)
    if (next) {
      this.#put(next, true)
      next.focus({ preventScroll: true })
      next.scrollIntoView({ block: "nearest" })
      this.last = next.dataset.id
    }
    this.#show()
  }

  clear() {
    this.ids.clear()
    this.all = false
    this.#show()
  }

  everything() {
    for (const row of this.#rows) this.#add(row)
    this.all = this.any
    this.allSeen = this.shell.line.seen
    this.#show()
  }

  press(act) {
    if (act === "mine") this.send("assign", this.shell.dataset.meId)
    else if (ASKS.has(act)) choose(`/b/${this.shell.dataset.brand}/bulk/choices/${act}/`)
    else this.send(act === "resolve" && this.closed ? "reopen" : act)
  }

  /** Whether all that is selected is out of the way already, so that it can only be opened again. */
  get closed() {
    const shown = this.#rows.filter(({ dataset }) => this.all || this.ids.has(dataset.id))
    return shown.length ? shown.every(({ dataset }) => CLOSED.has(dataset.state)) : this.dataset.view === "resolved"
  }

  async send(act, value = "") {
    if (this.sending) return // what is selected is on its way: pressed once more, a key would do it again, or the opposite
    const body = new FormData()
    body.set("act", act)
    body.set("value", value)
    body.set("seen_seq", this.all ? this.allSeen : this.shell.line.seen)
    if (this.all) body.set("view", this.dataset.view)
    else body.set("ids", [...this.ids].map(([id, seen]) => `${id}:${this.#seenOf(id, seen)}`).join(" ")) // one field: a form may have 500
    const pending = this.#rows.filter((row) => this.ids.has(row.dataset.id))
    for (const row of pending) row.setAttribute("data-pending", act)
    this.sending = true
    try {
      const html = await doing(ask(`/b/${this.shell.dataset.brand}/bulk/${this.all && this.dataset.asked ? `?${this.dataset.asked}` : ""}`, { method: "POST", body }))
      if (this.all && this.list.contains(document.activeElement)) document.activeElement.blur() // all that was in hand is on its way
      this.clear()
      clearNotices()
      this.shell.querySelector("bulk-runs").receive(elements(html))
    } catch (error) {
      notify(explain(error))
    } finally {
      this.sending = false
      for (const row of pending) row.removeAttribute("data-pending")
    }
  }

  get #rows() {
    return this.list.entries
  }

  #put(row, on) {
    this.all = false
    if (!on) this.ids.delete(row.dataset.id)
    else if (this.ids.has(row.dataset.id) || this.ids.size < MANY) this.#add(row)
    else notify(sentence(`One by one at most ${MANY.toLocaleString()} are selected; * takes the whole view.`, "calm"))
  }

  /** What its customer writes from now on has not been seen, though the row tells it: it may have been scrolled far away by then. */
  #add(row) {
    if (!this.ids.has(row.dataset.id)) this.ids.set(row.dataset.id, Number(glanced(row)))
  }

  /** What is open has been read on. */
  #seenOf(id, seen) {
    return isShown(this.shell, id) ? Math.max(seen, this.shell.composer?.seen ?? 0) : seen
  }

  #pressed(button) {
    if (!button) return
    if ("clear" in button.dataset) this.clear()
    else if ("all" in button.dataset) this.everything()
    else if (button.dataset.bulk) this.press(button.dataset.bulk)
  }

  /** On the picture: this one; with Shift: all from the last one to it. On a touch screen the whole row, once anything is selected. */
  #clicked(event) {
    const row = event.target.closest(".row")
    const touched = this.any && matchMedia("(pointer: coarse)").matches
    if (!row || !(event.target.closest(".avatar") || touched) || event.button || event.metaKey || event.ctrlKey) return
    event.preventDefault()
    event.stopPropagation()
    if (event.shiftKey && this.last) this.#reach(row)
    else this.toggle(row)
  }

  #reach(row) {
    const rows = this.#rows
    const [from, to] = [rows.findIndex((each) => each.dataset.id === this.last), rows.indexOf(row)].sort((a, b) => a - b)
    for (const each of rows.slice(Math.max(0, from), to + 1)) this.#put(each, true)
    this.#show()
  }

  #show() {
    for (const row of this.#rows) row.toggleAttribute("data-picked", this.all || this.ids.has(row.dataset.id))
    this.hidden = !this.any
    this.shell.toggleAttribute("data-selecting", this.any)
    if (!this.any) return
    const total = viewTotal(this.shell)
    const whole = total === null ? "All in this view" : `All ${total.toLocaleString()} in this view`
    this.querySelector("[data-selected]").textContent = this.all ? whole : `${this.ids.size} selected`
    const resolve = this.querySelector("[data-bulk=resolve]")
    const word = this.closed ? "Reopen" : "Resolve"
    resolve.firstChild.textContent = `${word} `
    resolve.title = `${word} (e)`
    const everything = this.querySelector("[data-all]")
    everything.hidden = this.all || (total !== null && total <= this.ids.size)
    everything.firstChild.textContent = `${whole} `
  }
}
customElements.define("bulk-bar", BulkBar)
