/**
 * The list. Rows come the same for everybody; this element decides whether a row belongs to the view it shows and where.
 * While a hand is on the list nothing moves: what changed waits behind a pill.
 */
import { heard } from "../lib/afar.js"
import { lacks } from "../lib/changed.js"
import { Refused, ask, elements, explain, newer, notify } from "../lib/fragments.js"
import { turns } from "../lib/glance.js"
import { KeysetScroller } from "../lib/keyset-scroller.js"
import { Latest } from "../lib/latest.js"
import { leaves } from "../lib/leaving.js"
import { judge, moment } from "../lib/view-checks.js"
import { Wanted } from "../lib/wanted.js"
import { headGroups } from "./due-groups.js"

const TICK = 5000 // between two looks at what time alone has changed
const WAITING = 300 // rows that are kept aside, behind the pill or for their time

class InboxList extends KeysetScroller {
  static newestFirst = true
  static keep = 300
  way = 1 // in which one goes through it: down, or up (-1)
  told = new Latest() // also of rows that are not here: one that has left is not brought back by what was read before
  bursts = 0 // told of, of which rows may be missing here
  answered = 0 // by what stands here
  looks = [] // that were not long enough for their pages: until which place, and how many each has seen
  handOn = null // the row that a dialog is about
  atTop = true // when it was last looked at: each row that is told asks, and must cost no layout

  /** Every row says where it stands in each order; this list goes by one of them. */
  get order() {
    return `sort${this.dataset.sort[0].toUpperCase()}${this.dataset.sort.slice(1)}`
  }

  arranged() {
    if (this.dataset.sort === "due") headGroups(this.entries)
  }

  connectedCallback() {
    super.connectedCallback()
    this.pill = this.parentElement.querySelector("[data-pill]")
    this.held = new Map() // id -> the newer row, waiting to be put in its place
    this.early = new Map() // id -> a row that time alone will bring in
    this.unclear = new Wanted((_, ids) => this.#whichAreIn(ids)) // id -> a row of which the server has not told yet what was said
    this.checks = this.dataset.checks ? JSON.parse(this.dataset.checks) : null
    this.days = JSON.parse(this.dataset.days ?? "[]")
    this.turnedAt = [0, performance.timeOrigin] // by the clocks below: since the page was asked for
    if (this.checks?.some((check) => check.kind === "today" || "span" in check)) {
      this.ticking = setInterval(() => this.#turn(), TICK)
      this.abort.signal.addEventListener("abort", () => clearInterval(this.ticking))
    }
    this.ended(this.items)
    this.querySelector("[data-further] button")?.addEventListener("click", () => this.#lookFurther(), { signal: this.abort.signal })
    this.pill.addEventListener("click", () => this.settle({ toTop: true }), { signal: this.abort.signal })
    this.parentElement.addEventListener("pointerleave", () => this.#perhapsSettle(), { signal: this.abort.signal })
    this.mark()
  }

  place(row) {
    return row.dataset[this.order]
  }

  /**
   * Between which places all that belongs here is here, or waits. A row that is held stands where it was, not at its place: the rows
   * at the edges cannot tell.
   */
  adopt(page) {
    super.adopt(page)
    const { entries } = this
    this.reach = { start: entries[0] && this.place(entries[0]), end: entries.length ? this.place(entries.at(-1)) : undefined }
  }

  from(edge) {
    return (edge === "end" && this.resumes) || this.reach[edge]
  }

  came(edge, rows) {
    const last = edge === "start" ? rows[0] : rows.at(-1)
    if (last) this.reach[edge] = this.place(last)
  }

  leaves(edge, rows) {
    const going = new Set(rows)
    const stays = this.entries.filter((row) => !going.has(row) && !this.held.has(row.dataset.id))
    const last = edge === "start" ? stays[0] : stays.at(-1)
    if (last) this.reach[edge] = this.place(last)
    const current = rows.find((row) => row.hasAttribute("aria-current"))
    if (current) this.dropped = { id: current.dataset.id, place: this.place(current) }
    if (edge === "end") this.#endsLook()
  }

  async load(edge) {
    await super.load(edge)
    this.#sayIfNothing()
  }

  admit(row) {
    const latest = super.admit(row)
    if (!latest || !this.belongs(latest)) return null
    if (latest.dataset.id === this.open) {
      latest.setAttribute("aria-current", "true")
      this.dropped = null
    }
    return latest
  }

  /** Once a frame at most, and only where it is shown: one that is hidden is where it was. */
  scrolled() {
    this.atTop = this.scrollTop < 4
    if (this.atTop) this.#perhapsSettle()
  }

  keepStill(change) {
    super.keepStill(change)
    if (this.isShown) this.atTop = this.scrollTop < 4
  }

  /** The id of the open conversation. */
  get open() {
    return this.closest("workspace-shell")?.dataset.open
  }

  get selected() {
    return this.items.querySelector(":scope > [aria-current]")
  }

  /** Where the hand goes from the open one: to its row or, where that has gone, to the nearest that stood beside it. */
  get back() {
    return this.selected ?? this.#neighbourOfAbsent(1) ?? this.#neighbourOfAbsent(-1)
  }

  /** Rows as they now are. Anything older than what stands here is ignored. */
  receive(rows) {
    const shell = this.closest("workspace-shell")
    shell.search?.heard(rows)
    heard(rows)
    this.take(rows.filter((row) => !this.#isUnclear(row)))
    if (this.unclear.size) this.unclear.askSoon(shell)
  }

  take(rows) {
    for (const row of rows) {
      const isOld = this.told.isOld(row)
      if (!isOld) this.meanwhile(row)
      const existing = this.find(row.dataset.id)
      const held = this.held.get(row.dataset.id)
      if (isOld || (existing && !newer(row, existing)) || (held && !newer(row, held))) continue
      this.held.delete(row.dataset.id)
      this.#receiveOne(row, existing)
    }
    this.#tell()
  }

  #receiveOne(row, existing) {
    const belongs = this.belongs(row)
    this.early.delete(row.dataset.id)
    if (!belongs) this.#perhapsLater(row)
    if (!existing && !belongs) return
    if (!existing) {
      if (this.#isBelow(row)) return
      if (this.isFree && !this.more.start) this.#put([row])
      else this.#hold(row)
      return
    }
    const stays = belongs && this.#keepsPlace(row, existing)
    this.replace(existing, row)
    row.toggleAttribute("data-left", !belongs)
    if (stays) return
    if (this.isFree && belongs) this.#put([row])
    else if (this.isFree && !belongs && !row.hasAttribute("aria-current")) row.remove()
    else this.#hold(row)
  }

  /** Until no hand is on the list. Where very much waits, what is not here yet is read anew with the list instead of being kept. */
  #hold(row) {
    this.held.set(row.dataset.id, row)
    if (this.held.size <= WAITING) return
    const absent = [...this.held.keys()].filter((id) => !this.find(id))
    if (!absent.length) return
    for (const id of absent) this.held.delete(id)
    lacks(this)
  }

  /** A page that was on its way was read before them: those that have their place in it now are not in it. */
  toldMeanwhile(rows) {
    const lacking = rows.filter((row) => !this.find(row.dataset.id) && !this.held.has(row.dataset.id) && this.belongs(row))
    if (!lacking.length) return
    this.keepStill(() => this.#put(lacking))
    this.#tell()
  }

  belongs(row) {
    if (this.checks) return judge(this.checks, JSON.parse(row.dataset.facts), moment(this.days)).holds && row.dataset.unsaid === undefined
    const { view, me, channel } = this.dataset
    if (view === "resolved" || view === "snoozed") return row.dataset.state === view
    if (row.dataset.state !== "open") return false
    if (view === "mine") return row.dataset.assignee === me
    if (view === "unassigned") return row.dataset.assignee === ""
    return !channel || row.dataset.channel === channel
  }

  /**
   * No hand is on the list: it stands at its top, no pointer is over its pane (what is done to many, at its end, is none of it), no key moves
   * in it and no dialog is about a row of it.
   */
  get isFree() {
    return this.atTop && !this.handOn && !this.parentElement.matches(":hover:not(:has(> bulk-runs:hover))") && !this.contains(document.activeElement)
  }

  settle({ toTop = false } = {}) {
    const waiting = [...this.held.values()]
    this.held.clear()
    const change = () => {
      const hand = this.contains(document.activeElement) && document.activeElement.closest(".row")
      const before = hand ? this.entries : []
      const coming = []
      for (const row of waiting) {
        if (this.belongs(row)) coming.push(row)
        else if (!row.hasAttribute("aria-current")) row.remove()
        else this.held.set(row.dataset.id, row)
      }
      this.#put(coming)
      if (hand && hand !== document.activeElement) this.#takeUp(hand, before, waiting)
    }
    if (toTop) {
      change()
      this.more.start || this.lacks ? this.reload().catch((error) => notify(explain(error))) : this.scrollTo({ top: 0 })
    } else if (this.isFree) change()
    else this.keepStill(change)
    this.#tell()
  }

  /** The hand was on a row that has moved, or has gone: it goes with it, or to the next that stood there. Else the next key would start at the top. */
  #takeUp(hand, before, moved) {
    const at = before.indexOf(hand)
    const others = [...before.slice(at + 1), ...before.slice(0, at).reverse()]
    const still = others.filter((row) => !moved.includes(row)) // one that moved, too, stands elsewhere by now: it is better than none
    const row = [hand, ...still, ...others].find(({ isConnected }) => isConnected)
    row?.focus({ preventScroll: true })
  }

  /** Rows came into the view of which no more is known: the pill says so while a hand is on the list. */
  lack() {
    this.bursts += 1
    this.#tell()
  }

  /** What stands here was read after so many bursts. One that came while it was being read may not be in it. */
  readAfter(bursts) {
    this.answered = Math.max(this.answered, bursts)
    this.#tell()
  }

  get lacks() {
    return this.bursts > this.answered
  }

  /** The brand was restored: its numbers begin again lower than those that were told of. */
  restored() {
    this.told = new Latest()
  }

  /** From the beginning, because too much happened to tell it row by row. Settles when the newest such page is there. */
  reload() {
    return (this.anew = this.#reload())
  }

  async #reload() {
    const coming = (this.loading.whole = {})
    const { bursts } = this
    let page
    try {
      ;[page] = elements(await ask(this.dataset.url))
    } catch (error) {
      if (this.loading.whole !== coming) return this.anew
      this.giveUp("whole")
      if (leaves(this, error)) return
      throw error
    }
    if (this.loading.whole !== coming) return this.anew
    const told = [...this.news.values()] // while it was on its way
    this.giveUp("start", "end", "whole")
    this.held.clear()
    this.answered = Math.max(this.answered, bursts)
    this.early.clear() // as old as the list that goes; the server tells of what time brings in
    this.items.replaceChildren(...page.children)
    this.looks = []
    this.adopt(page)
    this.ended(page)
    this.scrollTo({ top: 0 })
    if (this.isShown) this.atTop = true
    this.mark()
    this.take(told)
  }

  mark(id = this.open) {
    if (this.stood?.id !== id) this.stood = null
    if (this.dropped?.id !== id) this.dropped = null
    for (const row of this.items.querySelectorAll("[aria-current]")) if (row.dataset.id !== id) row.removeAttribute("aria-current")
    this.find(id)?.setAttribute("aria-current", "true")
  }

  find(id) {
    return id ? this.items.querySelector(`:scope > #row-${CSS.escape(id)}`) : null
  }

  /** The row before or after the one that is picked, or before or after where that has stood; else the first. */
  neighbour(step, from = this.contains(document.activeElement) ? document.activeElement.closest(".row") : this.selected) {
    const rows = this.entries
    if (!from) return this.#neighbourOfAbsent(step) ?? rows[0]
    if (from === this.selected && this.stood) return this.#neighbourOfOld(step) ?? rows[rows.indexOf(from) + step]
    return rows[rows.indexOf(from) + step]
  }

  /** An answer moves its conversation to where nothing is due; who goes on, goes on from where it stood. */
  #neighbourOfOld(step) {
    const { id, order } = this.stood
    for (let at = order.indexOf(id) + step; at in order; at += step) {
      const row = this.find(order[at])
      if (row) return row
    }
    return null
  }

  /** The open one has gone below what is loaded, or was dropped with what is far: one goes on from where it was, or as near as there are rows. */
  #neighbourOfAbsent(step) {
    const { open } = this
    if (open && this.stood?.id === open) return this.#neighbourOfOld(step)
    if (!open || this.dropped?.id !== open) return null
    const rows = this.#measures
    const below = rows.findIndex((row) => this.place(row) < this.dropped.place)
    if (below < 0) return rows.at(-1)
    return step > 0 ? rows[below] : rows[below - 1]
  }

  #keepsPlace(row, existing) {
    if (!this.#isWithin(row)) return false
    const before = this.#next(existing, "previous")
    const after = this.#next(existing, "next")
    const place = this.place(row)
    return (!before || this.place(before) > place) && (!after || this.place(after) < place || !this.entries.length)
  }

  /** The next one that stands at its place. */
  #next(row, side) {
    let item = row
    do item = item[`${side}ElementSibling`]
    while (item && this.held.has(item.dataset.id))
    return item
  }

  /** By which rows others find their place. One that is held stands where it was, which may be far from its own. */
  get #measures() {
    const { entries } = this
    if (!this.held.size) return entries
    return entries.filter((row) => {
      if (!this.held.has(row.dataset.id)) return true
      const [before, after] = [this.#next(row, "previous"), this.#next(row, "next")]
      return (!before || this.place(before) > this.place(row)) && (!after || this.place(after) < this.place(row))
    })
  }

  /** The hand stays where it is, in the same breath: a key pressed a moment later would start again from the top. */
  replace(existing, row) {
    const inHand = existing === document.activeElement
    if (existing.hasAttribute("aria-current")) row.setAttribute("aria-current", "true")
    if (this.held.has(row.dataset.id)) this.held.set(row.dataset.id, row)
    turns(existing, row)
    super.replace(existing, row)
    if (inHand) row.focus({ preventScroll: true })
  }

  /** Each to its place, in one walk along what stands here. */
  #put(rows) {
    const { open } = this
    for (const row of rows) {
      const old = this.find(row.dataset.id)
      if (old?.hasAttribute("aria-current")) this.stood ??= { id: row.dataset.id, order: this.entries.map((each) => each.dataset.id) }
      old?.remove()
    }
    const standing = this.#measures
    let at = 0
    for (const row of rows.filter((each) => this.#isWithin(each)).sort((one, other) => (this.place(one) < this.place(other) ? 1 : -1))) {
      while (at < standing.length && this.place(standing[at]) >= this.place(row)) at++
      this.items.insertBefore(row, standing[at] ?? null)
      if (row.dataset.id === open) row.setAttribute("aria-current", "true")
    }
  }

  /** Else its place is on a page that is not loaded; it comes with that page. */
  #isWithin(row) {
    return !this.#isBelow(row) && !this.#isAbove(row)
  }

  #isBelow(row) {
    if (this.resumes) return this.place(row) < this.resumes
    return Boolean(this.reach.end && this.more.end && this.place(row) < this.reach.end)
  }

  #isAbove(row) {
    return Boolean(this.reach.start && this.more.start && this.place(row) > this.reach.start)
  }

  /** A look that was not long enough for the page: the rest is looked at when somebody asks for it. */
  ended({ dataset }) {
    this.resumes = dataset.resumes
    this.#sayIfNothing()
    const further = this.querySelector("[data-further]")
    if (!further) return
    further.hidden = !this.resumes
    if (!this.resumes) return
    this.more.end = false
    this.looks.push({ until: this.resumes, looked: Number(dataset.looked) })
    const all = this.looks.reduce((sum, { looked }) => sum + looked, 0)
    further.firstElementChild.textContent = `Looked at ${all.toLocaleString()} conversations.`
  }

  /** What the look had come to is asked for again, if anybody comes there. */
  #endsLook() {
    this.resumes = undefined
    this.looks = this.looks.filter(({ until }) => until >= this.reach.end)
    const further = this.querySelector("[data-further]")
    if (further) further.hidden = true
  }

  #lookFurther() {
    this.more.end = true
    this.load("end")
  }

  /** Rows that do not belong yet: time may bring them in without anybody telling. Where words are asked for, the server tells of them. */
  #perhapsLater(row) {
    if (this.checks && !("asksWords" in this.dataset) && judge(this.checks, JSON.parse(row.dataset.facts), moment(this.days)).until) this.early.set(row.dataset.id, row)
    // The server tells of those that were not kept.
    if (this.early.size > WAITING) this.early.delete(this.early.keys().next().value)
  }

  /** What time has changed: rows that no longer belong go, those that do come, and the server tells of those that were never here. */
  async #turn() {
    for (const row of [...this.entries, ...this.early.values()]) {
      const waits = !row.isConnected
      if (this.belongs(row) !== waits || row.hasAttribute("data-left")) continue
      this.early.delete(row.dataset.id)
      const here = this.find(row.dataset.id)
      if (waits && here && !newer(row, here)) continue // it came with a page meanwhile
      this.#receiveOne(waits ? row : row.cloneNode(true), here)
    }
    this.#tell()
    if (document.visibilityState !== "visible" || this.asking || this.isLeft) return
    this.asking = true
    try {
      const asked = clocks()
      const html = await this.#answer({ turned_within: Math.round(passed(this.turnedAt, asked) + TICK) })
      if (html === undefined) return
      if (html === null) await this.reload()
      else this.take(elements(html))
      this.turnedAt = asked
    } catch {
      // Asked again with the next tick, from the same instant on.
    } finally {
      this.asking = false
    }
  }

  /** What was said is no fact of a row: where words are asked for, one that may belong waits until the server has told. */
  #isUnclear(row) {
    if (!("asksWords" in this.dataset)) return false
    const { id } = row.dataset
    const told = this.unclear.get(id)
    if (told && !newer(row, told)) return true
    this.unclear.delete(id)
    const mayBelong = this.belongs(row)
    if (mayBelong) this.unclear.set(id, row)
    return mayBelong
  }

  async #whichAreIn(ids) {
    const rows = ids.map((id) => this.unclear.get(id))
    const answer = await this.#answer({ ids })
    const said = answer && JSON.parse(answer).ids
    const told = rows.filter((row) => this.unclear.get(row.dataset.id) === row) // of the others there is newer news
    if (!said) return this.take(told.filter(({ dataset: { id } }) => this.find(id) || this.held.has(id)))
    for (const row of told) row.toggleAttribute("data-unsaid", !said.includes(row.dataset.id))
    this.take(told)
  }

  /** What came into the view of all that changed after this number: very many changed, and their rows were not sent along. */
  async catchUp(since) {
    const html = await this.#answer({ changed_since: since })
    if (html === null) lacks(this)
    else if (html !== undefined) this.take(elements(html))
  }

  /** Nothing where the view is not there any more, or cannot be read: that is told once, not with each push, and what stands here is kept true. */
  async #answer(asked) {
    if (this.isLeft) return undefined
    try {
      const html = await ask(this.address(asked), { signal: this.abort.signal })
      this.toldRefusal = false
      return html
    } catch (error) {
      if (!(error instanceof Refused) || error.status >= 500) throw error
      this.denied(error)
      return undefined
    }
  }

  denied(error) {
    if (leaves(this, error)) return
    if (!this.toldRefusal) notify(explain(error))
    this.toldRefusal = true
  }

  #perhapsSettle() {
    if (this.held.size && this.isFree) this.settle()
  }

  #tell() {
    this.trim()
    this.arranged()
    const arrived = [...this.held.values()].filter((row) => this.belongs(row)).length
    const lacks = this.lacks && !this.isFree // where it is free they are on their way
    this.pill.hidden = !arrived && !lacks
    this.pill.textContent = lacks ? "New" : arrived ? `${arrived} new` : ""
    this.toggleAttribute("data-empty", !this.entries.length)
    this.#sayIfNothing()
  }

  /** That nobody waits is not said while a page is still to come. */
  #sayIfNothing() {
    this.items.toggleAttribute("data-more", this.more.start || this.more.end)
  }
}

/** What two clocks show: one that nobody sets, but that stands still in the sleep of some machines; and one that goes on, but may be set. */
function clocks() {
  return [performance.now(), Date.now()]
}

/** Milliseconds between two looks at the clocks: where these differ the longer time, for which too much is asked at the worst. */
function passed(from, to) {
  return Math.max(...to.map((now, which) => now - from[which]))
}

customElements.define("inbox-list", InboxList)
