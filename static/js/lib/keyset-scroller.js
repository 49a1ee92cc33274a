/**
 * A scrolling list of pages read by key, both ways. Far items leave the page and are fetched back when they come near,
 * so that ten thousand cost no more than a few hundred, and so do those that pushes bring to a page that is open all day. Subclasses say
 * where an item stands and what its place is called.
 */
import { Refused, ask, elements, newer } from "./fragments.js"

const NEAR = 900 // pixels from an edge at which the next page is asked for
const PATIENCE = 2000 // milliseconds until a page that did not come is asked for again
const SLACK = 25 // more than is kept, before pushes make others leave: one layout for so many

export class KeysetScroller extends HTMLElement {
  static keep = 300

  connectedCallback() {
    this.items = this.querySelector("[data-items]")
    if (!this.items) return
    this.loading = { start: null, end: null, whole: null } // the page that is on its way
    this.news = new Map() // what pushes told while a page was on its way
    this.adopt(this.items)
    this.abort = new AbortController()
    this.addEventListener("scroll", () => this.#look(), { passive: true, signal: this.abort.signal })
    this.shape = new ResizeObserver(() => this.#look()) // also when it is shown again
    this.shape.observe(this)
    this.shape.observe(this.items) // what gets shorter does not scroll, and may leave room for the next page
  }

  disconnectedCallback() {
    this.abort?.abort()
    this.shape?.disconnect()
  }

  /** Which flags of a page mean that there is more before its first and after its last item. */
  adopt(page) {
    const { hasNewer, hasOlder } = page.dataset
    this.refused = {} // by edge, from where on the server gives nothing
    this.more = this.constructor.newestFirst
      ? { start: hasNewer === "true", end: hasOlder === "true" }
      : { start: hasOlder === "true", end: hasNewer === "true" }
  }

  get entries() {
    return [...this.items.children].filter((item) => this.place(item) !== undefined)
  }

  #look() {
    if (this.looking) return
    this.looking = requestAnimationFrame(() => {
      this.looking = null
      if (!this.isShown) return // of what nobody sees, no edge is near
      this.scrolled?.()
      if (this.scrollTop < NEAR) this.load("start")
      if (this.scrollHeight - this.scrollTop - this.clientHeight < NEAR) this.load("end")
    })
  }

  async load(edge) {
    if (!this.more[edge] || this.loading[edge]) return
    const from = this.from(edge)
    if (!from || from === this.refused[edge]) return
    const coming = (this.loading[edge] = {})
    try {
      const older = (edge === "end") === this.constructor.newestFirst
      const [page] = elements(await ask(this.address({ [older ? "older_than" : "newer_than"]: from }), { signal: this.abort.signal }))
      const { hasNewer, hasOlder } = page.dataset
      if (this.loading[edge] !== coming || !this.isConnected) return // its edge is no more
      this.came?.(edge, [...page.children])
      this.#insert(edge, [...page.children])
      this.more[edge] = (older ? hasOlder : hasNewer) === "true"
      if (edge === "end") this.ended?.(page)
      if (this.news.size) this.toldMeanwhile([...this.news.values()])
      setTimeout(() => this.loading[edge] === coming && this.#arrived(edge), 60)
    } catch (error) {
      if (error.name === "AbortError" || this.loading[edge] !== coming) return
      if (error instanceof Refused && error.status < 500) {
        this.refused[edge] = from // and is not asked for again from there
        this.denied?.(error)
      }
      setTimeout(() => this.loading[edge] === coming && this.#arrived(edge), PATIENCE)
    }
  }

  /** The place from which on the next page is asked for. */
  from(edge) {
    const { entries } = this
    const at = edge === "start" ? entries[0] : entries.at(-1)
    return at && this.place(at)
  }

  /** Its own address with more asked for. */
  address(asked) {
    return `${this.dataset.url}${this.dataset.url.includes("?") ? "&" : "?"}${new URLSearchParams(asked)}`
  }

  get isLoading() {
    return Object.values(this.loading).some(Boolean)
  }

  #arrived(edge) {
    this.loading[edge] = null
    if (!this.isLoading) this.news.clear()
    if (this.isConnected) this.#look()
  }

  /** What is on its way belongs to an edge that is no more. */
  giveUp(...edges) {
    for (const edge of edges) this.loading[edge] = null
    if (!this.isLoading) this.news.clear()
  }

  /** A push may tell of an item that a page on its way still shows as it was. */
  meanwhile(item) {
    const told = this.news.get(item.id)
    if (this.isLoading && (!told || newer(item, told))) this.news.set(item.id, item)
  }

  #insert(edge, items) {
    const incoming = items.map((item) => this.admit(item)).filter(Boolean)
    const other = edge === "start" ? "end" : "start"
    // Measured while the layout is still clean, so that the change costs one layout and not three.
    const dropped = this.#far(other, incoming.length)
    this.keepStill(() => {
      this.#drop(other, dropped)
      if (edge === "start") this.items.prepend(...incoming)
      else this.items.append(...incoming)
      this.arranged?.(incoming)
    })
    for (const item of incoming) if (item.querySelector("[hx-post], [hx-delete]")) window.htmx?.process(item)
  }

  #drop(edge, items) {
    if (!items.length) return
    this.leaves?.(edge, items)
    for (const item of items) item.remove()
    this.more[edge] = true
    this.giveUp(edge)
  }

  /** Pushes bring items, too: no more stay than are kept, and those go that are farther from what is being looked at. */
  trim() {
    const { entries } = this
    if (entries.length <= this.constructor.keep + SLACK) return
    const edge = this.#farther()
    const dropped = this.#far(edge, 0)
    if (!dropped.length) return
    this.keepStill(() => {
      this.#drop(edge, dropped)
      this.arranged?.([])
    })
  }

  #farther() {
    if (!this.isShown) return this.constructor.newestFirst ? "end" : "start"
    return this.scrollTop > this.scrollHeight - this.scrollTop - this.clientHeight ? "start" : "end"
  }

  /** Laid out: on a phone the thread stands in the place of the list. */
  get isShown() {
    return this.clientHeight > 0
  }

  /** What may leave the page at the edge that is moved away from. It is fetched back by its place. */
  #far(edge, arriving) {
    const entries = this.entries
    const extra = Math.min(entries.length + arriving - this.constructor.keep, entries.length - 1)
    if (extra <= 0) return []
    const dropped = edge === "start" ? before(entries[extra]) : after(entries.at(-extra - 1))
    return this.isShown && this.isNear(edge === "start" ? dropped.at(-1) : dropped[0]) ? [] : dropped
  }

  isNear(item) {
    const box = item.getBoundingClientRect()
    const view = this.getBoundingClientRect()
    return box.bottom > view.top - 400 && box.top < view.bottom + 400
  }

  /** Change the items without moving what is being looked at. */
  keepStill(change) {
    const view = this.getBoundingClientRect()
    const anchor = this.entries.find((item) => item.getBoundingClientRect().bottom > view.top + 1)
    const before = anchor?.getBoundingClientRect().top
    change()
    if (anchor?.isConnected) {
      const moved = anchor.getBoundingClientRect().top - before
      if (moved) this.scrollTop += moved
    }
  }

  /** The item as it is to come in, or null: what a push brought or told already is newer, and stands once. */
  admit(item) {
    const told = this.news.get(item.id)
    const latest = told && newer(told, item) ? told : item
    const existing = item.id && this.items.querySelector(`:scope > #${CSS.escape(item.id)}`)
    if (!existing) return this.place(latest) === this.place(item) ? latest : null
    if (latest !== existing && newer(latest, existing)) this.replace(existing, latest)
    return null
  }

  replace(existing, item) {
    existing.replaceWith(item)
  }
}

function before(item) {
  const all = [...item.parentElement.children]
  return all.slice(0, all.indexOf(item))
}

function after(item) {
  const all = [...item.parentElement.children]
  return all.slice(all.indexOf(item) + 1)
}
