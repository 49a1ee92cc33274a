/**
 * The line to the server: one socket for the page, and a word that says how it stands.
 * News is numbered. The page knows up to which number it has seen everything, and asks again when a number is missing,
 * when it comes back from sleep, and when the pulse tells that the brand is further than the page. It is live when all that the
 * numbers stand for is on the page, and not before.
 */
import * as clock from "../lib/clock.js"
import { ThreadNumbers, numbersOf } from "../lib/thread-numbers.js"
import { zone } from "./local-time.js"

const WORDS = { connecting: "connecting", live: "live", catching: "catching up", offline: "offline", gone: "signed out" }
const SIGNED_OUT = 4401 // as inbox/consumers.py closes
const NOT_YOURS = 4404
const PATIENCE = 500 // how long a missing number may still be on its way
const THREAD_PATIENCE = 1000 // how long the thread may take to be told of what its row tells already
const SOON = 1000 // until what could not be read anew is asked for again; longer each time
const SILENCE = 45_000 // a line that says nothing for so long is dead (pulses come every 10 s)

class StateLine extends HTMLElement {
  connectedCallback() {
    this.shell = this.closest("workspace-shell")
    this.seen = Number(this.shell.dataset.seq)
    this.told = Number(this.shell.dataset.told ?? 0) // the last change of a saved view's counter
    this.figures = this.seen // the number with which the other counters were told
    this.ahead = []
    this.numbers = new ThreadNumbers()
    this.owing = new Set() // what is not on the page yet, though its numbers have passed
    this.tries = 0
    this.abort = new AbortController()
    const { signal } = this.abort
    window.addEventListener("online", () => this.connect(), { signal })
    window.addEventListener("offline", () => this.say("offline"), { signal })
    window.addEventListener("pageshow", () => this.wake(), { signal })
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.wake(), { signal })
    this.watch = setInterval(() => this.#listenForSilence(), 5000)
    this.connect()
  }

  disconnectedCallback() {
    this.abort.abort()
    clearInterval(this.watch)
    this.socket?.close()
  }

  connect() {
    if (this.gone || (this.socket && this.socket.readyState <= WebSocket.OPEN)) return
    clearTimeout(this.later)
    const address = new URL(`/ws/b/${this.shell.dataset.brand}/`, location.href)
    address.protocol = address.protocol.replace("http", "ws")
    const socket = (this.socket = new WebSocket(address))
    socket.onopen = () => this.#resume()
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data))
    socket.onclose = ({ code }) => this.socket === socket && this.#closed(code)
  }

  /** Come back from sleep, or told that something was missed: it is asked for, by a new line where this one is gone. */
  wake() {
    if (this.socket?.readyState === WebSocket.OPEN) this.catchUp()
    else this.connect()
  }

  /** The page shows another conversation now, read when the brand was at `read`. */
  open(id, read = this.seen) {
    this.opened = id
    if (this.focused && this.focused !== id) this.keeps("")
    this.numbers.begin(id ? read : null)
    if (this.socket?.readyState === WebSocket.OPEN) this.#send({ open: id, ...this.#question() })
  }

  /** What the page's person does; see lib/presence.js. */
  here(doing) {
    this.doing = doing
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ here: doing }))
  }

  /** What its person has in focus: theirs for as long as this line lives. */
  keeps(id) {
    this.focused = id
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ focus: id }))
  }

  catchUp() {
    this.say("catching")
    this.#send(this.#question())
  }

  /**
   * Two numbers: the open conversation may lack something since an earlier one than all else. It may have been fetched some time before
   * it was shown, and its pushes have a way of their own. Only an answer says that it is whole; any other news may have come before it.
   */
  #question() {
    const read = Math.min(this.numbers.whole, this.seen)
    return { since: this.seen, read, ask: this.numbers.ask(read) }
  }

  /** The counters of saved views, which are told by themselves. */
  askCounts() {
    this.#send({ counts: true })
  }

  /** Something is told of and could not be had yet: the page is not live before it is. */
  owe(what) {
    this.owing.add(what)
    if (this.dataset.state === "live") this.say("catching")
  }

  paid(what) {
    if (this.owing.delete(what) && !this.owing.size && !this.anew) this.wake()
  }

  #isCaughtUp() {
    if (!this.owing.size && this.socket?.readyState === WebSocket.OPEN) this.say("live")
  }

  say(state, word = WORDS[state]) {
    if (this.dataset.state === state) return
    this.dataset.state = state
    this.shell.dataset.line = state
    this.shell.dataset.lineWord = word
    this.querySelector(".state__word").textContent = word
  }

  #resume() {
    this.tries = 0
    this.say("catching")
    this.dispatchEvent(new CustomEvent("line-open", { bubbles: true }))
    this.#send({ open: this.opened ?? null, ...this.#question(), here: this.doing ?? "looks", focus: this.focused ?? "", counts: true, presence: true, zone })
  }

  #send(wish) {
    this.asked = Date.now()
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(wish))
  }

  #closed(code) {
    if (code === SIGNED_OUT || code === NOT_YOURS) {
      this.gone = true
      this.say("gone", code === NOT_YOURS ? "no longer yours" : undefined)
      this.dispatchEvent(new CustomEvent("line-gone", { bubbles: true, detail: { code } }))
      return
    }
    this.say("offline")
    const wait = Math.min(15_000, 400 * 2 ** this.tries++) * (0.5 + Math.random() / 2)
    this.later = setTimeout(() => this.connect(), wait)
  }

  #hear(news) {
    this.heard = Date.now()
    if (news.type === "pulse") {
      if (news.now) clock.told(news.now)
      if ((news.counted ?? 0) > this.told) this.#send({ counts: true })
      if ((news.there ?? 0) > this.shell.attendance.there) this.#send({ presence: true })
      if (this.anew) return
      if (news.seq > this.seen) this.#missing()
      else this.#isCaughtUp()
      return
    }
    this.dispatchEvent(new CustomEvent("news", { bubbles: true, detail: news }))
    if (news.type === "thread" && news.conversation === this.opened) this.numbers.hear(news.last)
    if (news.type === "rows") {
      this.numbers.answered(news.ask, news.last)
      for (const number of this.numbers.expect(numbersOf(this.opened, news))) this.#mind(number)
      this.#count(news)
    }
    if (news.type === "reload") this.#readAnew(news)
  }

  /** The thread is told of it, too. If that does not come soon, it was lost on the way. */
  #mind(number) {
    setTimeout(() => {
      if (!this.numbers.isOwed(number)) return
      if (this.anew) this.#mind(number)
      else if (this.socket.readyState === WebSocket.OPEN) this.catchUp()
    }, THREAD_PATIENCE)
  }

  /** Too much has happened to be told piece by piece. Only what has been read counts as seen; and it is read once: who is reading it
   * is not thrown to its end each time that the other part is asked for again. */
  async #readAnew({ seq, ask }) {
    const anew = (this.anew = {})
    if (seq < this.seen) {
      this.shell.list.restored()
      this.numbers.restored(seq)
    }
    this.say("catching")
    const had = new Set()
    for (let wait = SOON; this.anew === anew && !this.gone; wait = Math.min(15_000, wait * 2)) {
      try {
        await this.shell.readAnew(had)
        break
      } catch {
        await new Promise((again) => setTimeout(again, wait))
      }
    }
    if (this.anew !== anew || this.gone) return
    this.anew = null
    this.seen = seq
    this.numbers.answered(ask, seq)
    this.#goOn()
  }

  /** Numbers without a hole move `seen` on; later ones wait for what lies between. */
  #count({ first, last }) {
    this.ahead.push({ first, last })
    this.ahead.sort((a, b) => a.first - b.first)
    if (!this.anew) this.#goOn()
  }

  #goOn() {
    while (this.ahead.length && this.ahead[0].first <= this.seen + 1) this.seen = Math.max(this.seen, this.ahead.shift().last)
    if (this.ahead.length) this.#missing()
    else this.#isCaughtUp()
  }

  /**
   * Changes of counters are numbered, too: where one is missing, all are asked for. Once more where the answer was read before a change that
   * came ahead of it; if the next one is as old, the brand was restored and counts from there.
   */
  counted({ counted: told, views, anew }) {
    const isLate = Boolean(views) && told < this.told && !this.wasLate
    if (views) this.wasLate = isLate
    if (isLate || (!views && told > this.told && (anew || told > this.told + 1))) this.#send({ counts: true })
    else if (views || told > this.told) this.told = told
  }

  /** Whether these counters are older than those that are shown: an answer may have been read before a push and come after it. */
  isOld({ type, last, seq }) {
    if (type === "counts") return false // saved views' have numbers of their own
    const number = last ?? seq
    if (type === "rows" && number < this.figures) return true
    this.figures = number
    return false
  }

  #missing() {
    if (this.patience) return
    const before = this.seen
    this.patience = setTimeout(() => {
      this.patience = null
      if (this.seen === before && !this.anew) this.wake()
    }, PATIENCE)
  }

  #listenForSilence() {
    if (this.socket?.readyState !== WebSocket.OPEN) return
    if (Date.now() - (this.heard ?? this.asked) > SILENCE) this.socket.close()
  }
}
customElements.define("state-line", StateLine)
