/** The thread: entries in their order whoever brings them, days between them, and a hold on the newest while one is there. */
import { newer } from "../lib/fragments.js"
import { GLANCE } from "../lib/glance.js"
import { KeysetScroller } from "../lib/keyset-scroller.js"
import { offerTagUndos } from "../lib/tag-undos.js"
import { longDay } from "./local-time.js"

const TOGETHER = 5 * 60 * 1_000_000 // microseconds between messages of one author that stand as one group

class MessageThread extends KeysetScroller {
  static newestFirst = false
  static keep = 250
  gone = new Set()
  passed = 0 // the highest number of what was here and left at the start

  connectedCallback() {
    super.connectedCallback()
    this.atEnd = true
    this.arranged()
    this.toEnd()
    if (this.dataset.at) this.show(this.dataset.at)
    this.sizes = new ResizeObserver(() => (this.held ? this.#hold() : this.atEnd && this.toEnd()))
    this.sizes.observe(this.items)
    this.sizes.observe(this)
    this.seen = this.more.end ? Number(this.dataset.seen ?? 0) : this.shown
    this.addEventListener("click", (event) => this.#clicked(event), { signal: this.abort.signal })
    document.addEventListener("visibilitychange", () => this.#look(), { signal: this.abort.signal })
    for (const hand of ["wheel", "touchmove", "pointerdown", "keydown"]) this.addEventListener(hand, () => (this.held = null), { passive: true, signal: this.abort.signal })
  }

  /** Mark a message and keep it before the eyes, whatever still loads, until a hand moves the thread. */
  show(id) {
    const message = this.items.querySelector(`:scope > #message-${CSS.escape(id)}`)
    if (!message) return false
    for (const found of this.items.querySelectorAll("[data-found]")) found.removeAttribute("data-found")
    message.setAttribute("data-found", "")
    this.atEnd = false
    this.held = message
    this.#hold()
    return true
  }

  /** Before the eyes, if it is on this page of the thread: then it counts as read. */
  bring(id) {
    if (!this.show(id)) return
    this.dispatchEvent(new CustomEvent("thread-seen", { bubbles: true, detail: { seq: Number(this.held.dataset.seq) } }))
  }

  #hold() {
    const message = this.held.getBoundingClientRect()
    const view = this.getBoundingClientRect()
    this.scrollTop += message.top - view.top - Math.max(0, (view.height - message.height) / 2)
  }

  /** Whether it must be read anew to show this message; where it is here already, it is shown. */
  mustTurn(id) {
    return Boolean(id) && !this.show(id)
  }

  disconnectedCallback() {
    super.disconnectedCallback()
    this.sizes?.disconnect()
    clearTimeout(this.glance)
  }

  place(item) {
    return item.dataset.id
  }

  admit(entry) {
    return this.gone.has(entry.dataset.id) ? null : super.admit(entry)
  }

  scrolled() {
    this.atEnd = !this.more.end && this.scrollHeight - this.scrollTop - this.clientHeight < 48
    if (this.atEnd) this.#look()
  }

  /** The highest number of anything that is shown. */
  get shown() {
    return highest(this.items.children, this.passed)
  }

  /** The newest are here now, or nearer. */
  ended() {
    this.closest("conversation-pane").querySelector("reply-composer")?.showOther()
  }

  leaves(edge, items) {
    if (edge === "start") this.passed = highest(items, this.passed)
  }

  receive(entries, { own = false } = {}) {
    let below = 0
    const known = new Set([...this.items.children].flatMap(({ id, dataset }) => [id, dataset.pending]))
    const change = () => {
      for (const entry of entries) {
        this.meanwhile(entry)
        below += this.#receiveOne(entry)
      }
      this.arranged()
    }
    if (this.atEnd || own) change()
    else this.keepStill(change)
    if (!own) this.#say(entries.filter(({ id, isConnected, dataset }) => isConnected && !known.has(id) && !known.has(dataset.client ?? id)))
    if (own && this.more.end) this.dispatchEvent(new CustomEvent("thread-anew", { bubbles: true }))
    else if (own || this.atEnd) this.toEnd()
    else if (below) this.#tellBelow(below)
    this.trim()
    this.#look()
  }

  /** A page that was on its way was read before them: those that have their place in it now are not in it. */
  toldMeanwhile(entries) {
    const lacking = entries.filter(({ id }) => !this.items.querySelector(`:scope > #${CSS.escape(id)}`))
    if (!lacking.length) return
    this.keepStill(() => {
      for (const entry of lacking) this.#receiveOne(entry)
      this.arranged()
    })
    this.#look()
  }

  /** Messages that are no more; one that is still on its way here is not let in. */
  forget(ids) {
    for (const id of ids) {
      this.gone.add(id)
      this.items.querySelector(`:scope > #message-${CSS.escape(id)}`)?.remove()
    }
    if (ids.length) this.arranged()
  }

  #receiveOne(entry) {
    if (this.gone.has(entry.dataset.id)) return 0
    const existing = this.items.querySelector(`:scope > #${CSS.escape(entry.id)}`)
    if (existing && !newer(entry, existing)) return 0
    existing?.remove()
    const { client } = entry.dataset
    if (client) this.items.querySelector(`:scope > [data-pending="${CSS.escape(client)}"]`)?.remove()
    const all = [...this.items.querySelectorAll(":scope > [data-entry]")]
    if (this.more.start && all.length && before(entry, all[0])) return 0
    if (this.more.end && all.length && before(all.at(-1), entry)) return existing ? 0 : 1
    let next = null
    for (let at = all.length - 1; at >= 0 && before(entry, all[at]); at--) next = all[at]
    const pending = this.items.querySelector(":scope > [data-pending]")
    this.items.insertBefore(entry, next ?? pending)
    if (entry.querySelector("[hx-post], [hx-delete]")) window.htmx?.process(entry)
    return existing ? 0 : 1
  }

  /** Days between, and messages of one author within minutes as one group: everywhere, or around what has come in. */
  arranged(incoming) {
    const all = incoming ? [this.items.querySelector(":scope > [data-entry]"), ...incoming, beside(incoming.at(-1), "next")] : this.items.querySelectorAll(":scope > [data-entry]")
    for (const entry of all) if (entry) this.#arrange(entry, beside(entry, "previous"))
    offerTagUndos(this.closest("conversation-pane"))
  }

  #arrange(entry, previous) {
    const at = new Date(Number(entry.dataset.at) / 1000)
    const key = (entry.dataset.day ??= at.toDateString())
    const sameDay = previous && (previous.dataset.day ??= new Date(Number(previous.dataset.at) / 1000).toDateString()) === key
    this.#separate(entry, sameDay ? null : key, at)
    const { author, side } = entry.dataset
    const follows = sameDay && side && previous.dataset.author === author && previous.dataset.side === side
    entry.toggleAttribute("data-follows", Boolean(follows && entry.dataset.at - previous.dataset.at < TOGETHER))
  }

  /** Exactly the day that belongs before an entry, touching nothing where it stands already. */
  #separate(entry, key, at) {
    let line = entry.previousElementSibling
    while (line?.matches(".day") && line.dataset.day !== key) {
      line.remove()
      line = entry.previousElementSibling
    }
    if (key && !line?.matches(".day")) entry.before(dayLine(key, at))
  }

  /** It comes in the place of another one of the same conversation: what is on its way stays, and what nobody has looked at is not seen. */
  standFor(other) {
    this.items.append(...other.items.querySelectorAll(":scope > [data-pending]"))
    this.seen = other.seen
    this.told = other.told
    window.htmx?.process(this)
    this.toEnd()
  }

  toEnd() {
    this.held = null
    this.scrollTop = this.scrollHeight
    this.atEnd = !this.more.end
    this.querySelector("[data-below]")?.remove()
  }

  /** A line for what is on its way to the server; the server's own fragment takes its place. */
  pend(client, text, side) {
    const line = document.createElement("p")
    line.className = "pending"
    line.dataset.pending = client
    line.dataset.side = side
    line.dir = "auto"
    line.textContent = text || "a file"
    this.items.append(line)
    this.toEnd()
    return line
  }

  /** To those who cannot see it: what others have written, once. How one's own is getting on, and what was said before, is read where it stands. */
  #say(entries) {
    const words = entries.filter(({ dataset }) => dataset.side).map((entry) => [entry.dataset.author, entry.querySelector(".message__text")?.textContent.trim() || "a file"].join(": "))
    if (words.length) this.parentElement.querySelector("[data-heard]").textContent = words.join(". ")
  }

  #tellBelow(count) {
    const button = this.querySelector("[data-below]") ?? document.createElement("button")
    const total = Number(button.dataset.count ?? 0) + count
    Object.assign(button, { type: "button", className: "pill pill--below", textContent: `${total} new below` })
    button.dataset.count = total
    button.dataset.below = ""
    this.append(button)
  }

  #look() {
    if (!this.atEnd || document.visibilityState !== "visible") return
    clearTimeout(this.glance)
    this.glance = setTimeout(() => {
      if (!this.isConnected || !this.atEnd || document.visibilityState !== "visible") return
      this.querySelector("[data-below]")?.remove()
      const { told } = this.closest("workspace-shell").line.numbers
      const shown = Math.min(this.shown, told) // what has not come in was not seen, though something later was
      if (this.shown > told) this.#look()
      if (shown <= this.seen && this.told) return
      this.seen = Math.max(this.seen, shown)
      this.told = true
      this.dispatchEvent(new CustomEvent("thread-seen", { bubbles: true, detail: { seq: this.seen } }))
    }, GLANCE)
  }

  async #clicked({ target }) {
    if (target.closest("[data-below]")) {
      if (this.more.end) this.dispatchEvent(new CustomEvent("thread-anew", { bubbles: true }))
      else this.toEnd()
    }
    const quoted = target.closest("[data-quoted]")?.dataset.quoted
    const shell = this.closest("workspace-shell")
    if (quoted && !this.show(quoted)) shell.open(shell.dataset.open, { at: quoted, push: false })
  }
}

function highest(items, least) {
  return Math.max(least, ...[...items].map((item) => Number(item.dataset.seq ?? 0)))
}

function before(one, other) {
  if (one.dataset.at !== other.dataset.at) return Number(one.dataset.at) < Number(other.dataset.at)
  if (one.dataset.order !== other.dataset.order) return one.dataset.order < other.dataset.order
  return Number(one.dataset.n) < Number(other.dataset.n)
}

/** The entry next to this one, whatever stands between. */
function beside(entry, side) {
  let item = entry
  do item = item?.[`${side}ElementSibling`]
  while (item && !item.hasAttribute("data-entry"))
  return item
}

function dayLine(key, at) {
  const line = document.createElement("h3")
  line.dataset.day = key
  line.className = "day"
  line.textContent = longDay.format(at)
  return line
}

customElements.define("message-thread", MessageThread)
