/**
 * One conversation at a time, in the order of a view. What is on screen is this person's alone, and so is the next one, which is
 * fetched while this one is read: it is there with the key. A page that goes away gives both back, or the lease runs out. While its line
 * lives, so does the lease, though a hidden page's timers hardly run: the server renews it for what the line says is shown.
 */
import { ask, elements, explain, notify } from "../lib/fragments.js"
import { isTyping } from "../lib/picks.js"

const RENEW = 12_000
const FEW = 300 // what was passed over is remembered for so many

class FocusBar extends HTMLElement {
  connectedCallback() {
    this.shell = this.closest("workspace-shell")
    this.words = this.querySelector("[data-focus-words]")
    this.shell.addEventListener("done-here", ({ detail }) => this.done(detail.id, detail.seq))
    this.shell.addEventListener("news", ({ detail }) => this.on && this.#news(detail))
    window.addEventListener("pagehide", () => this.on && this.#release())
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.on && this.#begin())
  }

  /** What is on screen as this person's alone. */
  get current() {
    return this.shown
  }

  set current(id) {
    this.shown = id
    this.lost = false
    this.shell.line.keeps(id ?? "")
  }

  /** What is fetched and waits for its turn. */
  get ready() {
    return this.prefetched
  }

  set ready(next) {
    this.prefetched = next
    if (next) this.dataset.ready = next.id
    else delete this.dataset.ready
  }

  get on() {
    return this.shell.hasAttribute("data-focus")
  }

  /** What lies under it ends with it: a search, a selection that nobody could see, a row that was about to open. */
  async start() {
    this.#begin()
    clearTimeout(this.shell.rest)
    this.shell.search.close()
    this.shell.hands?.clear()
    this.passed = new Map() // id -> the newest message it had then
    this.ready = null
    this.current = null
    this.shell.toggleAttribute("data-focus", true)
    this.say("")
    this.renewing = setInterval(() => this.#stay(), RENEW)
    await this.#goOn()
  }

  /** What this page takes from now on it takes by this name. Given back, the server takes nothing more by it: a request may be late. */
  #begin() {
    this.page = crypto.randomUUID()
  }

  stop() {
    if (!this.on) return
    clearInterval(this.renewing)
    this.shell.toggleAttribute("data-focus", false)
    this.#release()
    this.current = this.ready = null
    this.shell.list.settle()
    this.shell.list.find(this.shell.dataset.open)?.scrollIntoView({ block: "nearest" })
  }

  toggle() {
    if (this.on) this.stop()
    else this.start()
  }

  /** Also of one that has not come: nobody waits for it any more. */
  skip() {
    if (this.going && this.current !== this.shell.pane?.dataset.id) this.shell.opening?.abort()
    this.done(this.current ?? this.shell.dataset.open)
  }

  /** Resolved, answered, snoozed or passed over, with all up to the number `seq`: on to the next. It comes again when the customer writes. */
  done(id, seq) {
    if (!this.on || (id && id !== this.current)) return
    if (id) this.#pass(id, seq)
    this.#goOn()
  }

  /** What was done to it has been taken back: it comes again in its turn. */
  back(id) {
    if (this.on && this.passed.delete(id) && this.current === null) this.#goOn()
  }

  /** Taken over from a colleague: it stays this person's for as long as it is open, in focus or not. */
  took(id) {
    if (!this.on || id !== this.current) return this.shell.line.keeps(id)
    this.current = id // they have it back
    this.say("")
    this.#stay()
  }

  say(words) {
    this.words.textContent = words
    this.toggleAttribute("data-says", Boolean(words))
  }

  /** Another conversation was opened by hand: that is not the order of the view any more. */
  opened(id) {
    if (this.on && id !== this.current && id !== this.showing) this.stop()
  }

  /** The newest number of it that stands on the page. One that could not be shown was passed over as it was given. */
  newest(id) {
    const { list, pane } = this.shell
    const here = pane?.dataset.id === id ? [pane.dataset.seq, pane.thread?.shown] : id === this.current ? [this.given] : []
    return Math.max(...[list.find(id)?.dataset.said, ...here].map((seq) => Number(seq ?? 0)))
  }

  /** What came after `upto`, our own answer or what stood here when it was done, nobody has seen; without one, all that stands here was. */
  #pass(id, upto) {
    this.passed.set(id, upto || this.newest(id))
    if (this.passed.size > FEW) this.passed.delete(this.passed.keys().next().value)
  }

  #news({ type, html, at }) {
    // A colleague has what is on this screen: the server knows whether they took it over.
    if (at?.[this.current]?.some(([person, , , focus]) => focus && person !== Number(this.shell.dataset.me))) this.#stay()
    if (type !== "rows") return
    let left = false
    for (const row of elements(html)) {
      const { id, said } = row.dataset
      left ||= id === this.ready?.id && !this.shell.list.belongs(row)
      if (this.passed.has(id) && Number(said) > this.passed.get(id) && row.querySelector("wait-chip")) this.passed.delete(id)
    }
    if (left) this.ready = null // somebody else has seen to what was fetched: it is not shown when it is its turn, and another is asked for
    if (this.current === null && !this.going) this.#goOn()
    else if (left) this.#stay()
  }

  async #goOn() {
    this.wanted = this.going // done with this one before the server had answered for the last: on again right after
    if (this.going) return
    this.going = true
    const { passed, ready } = this
    const isOver = () => !this.on || this.passed !== passed // stopped meanwhile, and perhaps begun anew
    this.ready = null
    try {
      if (ready) {
        this.current = ready.id
        this.given = ready.seq || 0
        await this.#show(ready.id, ready)
        if (isOver()) return
      }
      const place = await this.#ask(ready?.id ?? "")
      if (isOver()) return
      if (ready && place.current !== ready.id && this.shell.pane?.dataset.id === ready.id && isTyping()) return this.#keepHand(place)
      if (place.current !== ready?.id) this.given = Number(place.currentSeq ?? 0)
      this.current = place.current ?? null
      if (!this.current) return this.#nothing(place)
      this.say("")
      if (this.current !== ready?.id) await this.#show(this.current)
      else if (Number(place.currentSeq) > ready.seq && this.shell.line.dataset.state !== "live") await this.shell.renew()
      this.#prefetch(place)
    } catch (error) {
      notify(explain(error))
    } finally {
      this.going = false
      if (!this.on) this.#release() // should the server not know that it has stopped
      else if (this.wanted) this.#goOn()
    }
  }

  async #show(id, ready) {
    this.showing = id
    const opening = this.shell.open(id, { push: false, ready })
    this.showing = null // whether it is by hand is asked at once
    if (!(await opening)) return
    history.replaceState({ open: id }, "", `/b/${this.shell.dataset.brand}/conversations/${id}/?view=${this.shell.dataset.view}&${this.shell.dataset.sorted}`)
  }

  /** What it shows when it is its turn is asked for again from the number it was read at, as for any page that missed something. */
  async #prefetch({ ready, readySeq }) {
    if (this.ready?.id !== ready) this.ready = null
    if (!ready || this.ready?.seq >= Number(readySeq)) return
    const since = this.shell.line.seen
    try {
      const html = await ask(`/b/${this.shell.dataset.brand}/conversations/${ready}/`)
      const parts = elements(html)
      if (this.on && !this.going) this.ready = { id: ready, parts, since, seq: Number(parts[0].dataset.seq) }
    } catch {
      // Then it is fetched when it is its turn.
    }
  }

  async #stay() {
    if (this.going || this.lost) return
    if (!this.current) return this.#goOn()
    const { current } = this
    try {
      const place = await this.#ask(current, { stays: true })
      if (!this.on) return this.#release()
      if (this.current !== current || this.going) return
      if (place.current && this.shell.pane?.dataset.id !== current && !isTyping()) await this.#show(current) // it had not come
      if (place.current) return this.#prefetch(place)
      this.#lose(place)
    } catch {
      // The next round asks again; the lease outlives three of them.
    }
  }

  /** It is asked for no more: a colleague's lease ends one day, and it is theirs all the same. */
  #lose({ lostTo }) {
    this.lost = true
    this.shell.line.keeps("")
    this.say(`${lostTo ? `${lostTo} has taken this one over` : "This one is no longer in your focus"}. Skip goes on.`)
  }

  /** What was shown before the server had answered is not to be had, but somebody writes in it by now: what was given instead goes back. */
  #keepHand(place) {
    this.#lose(place)
    this.#release()
    this.#begin()
  }

  /** Whether the view still holds anything says the server: not every view has a counter. */
  #nothing({ left }) {
    this.shell.close({ push: false })
    this.say(`${left === undefined ? "Nothing is left here" : "What is left is with colleagues, or you passed it over"}. What comes in opens by itself.`)
  }

  async #ask(conversation, { stays = false } = {}) {
    const { view, sort } = this.shell.list.dataset
    const body = new FormData()
    for (const [name, value] of Object.entries({ view, sort, conversation, page: this.page, stays: stays ? "on" : "", q: new URLSearchParams(this.shell.dataset.sorted).get("q") ?? "" })) body.set(name, value)
    for (const [id, said] of this.passed) body.append("passed", `${id}:${said}`)
    return elements(await ask(this.dataset.url, { method: "POST", body }))[0].dataset
  }

  #release() {
    const headers = { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]')?.content ?? "" }
    fetch(`${this.dataset.url}?page=${this.page}`, { method: "DELETE", headers, keepalive: true, credentials: "same-origin" }).catch(() => {})
  }
}
customElements.define("focus-bar", FocusBar)
