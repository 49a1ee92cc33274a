/**
 * One composer's drafts: in this browser with each letter, on the server when the hand rests. Saves go one after the other, each from
 * the version before; where another page was later, both texts are shown and the writer chooses.
 */
import * as drafts from "./drafts.js"
import { Refused, ask, elements } from "./fragments.js"
import { here } from "./window-name.js"

const REST = 700
const ANSWER = 60_000 // milliseconds: what another window has sent has its answer by then, or that window has gone
const latest = new Map() // of each conversation: the composer that was opened last
const underWay = new Set() // what this page has sent and heard nothing of yet, whichever composer sent it, by its client id
let steps = 0

export class DraftKeeper {
  constructor(composer) {
    this.composer = composer
    this.tab = crypto.randomUUID() // a composer of its own: one that its writer has left does not save over the one that they came back to
    latest.set(composer.dataset.id, this.tab)
    this.place = [composer.shell.dataset.me, composer.dataset.id]
    this.state = { reply: null, note: null }
    this.turns = 0 // that the words here have taken: what was asked before the last of them is older than they are
    this.adopt(composer.querySelector("[data-drafts]"))
  }

  /** Take what the server keeps, without losing what this browser has. */
  adopt(fragment) {
    for (const mode of ["reply", "note"]) {
      const piece = fragment?.querySelector(`[data-draft=${mode}]`)
      const server = piece && { text: piece.dataset.text, version: Number(piece.dataset.version), at: Date.parse(piece.dataset.at) }
      const other = drafts.read(...this.place, `${mode}.other`)?.text ?? ""
      const before = this.state[mode]
      const found = drafts.reconcile(drafts.read(...this.place, mode), server)
      if (this.#leaving(mode).some(({ text }) => text.startsWith(found.other))) found.other = "" // offered as what was on its way
      // What was on its way has the quote and the files of its own; a draft of its words was saved before some of them stood there.
      const wasLeaving = (text) => this.#leaving(mode).find((sent) => isAs(sent, text, piece) && !isOnItsWay(sent) && !this.#isInThread(sent))
      // Files without words are put back where nothing else stands yet: whoever has opened it with something else is asked.
      const left = found.text.trim() || !before ? wasLeaving(found.text) : undefined
      if (left) found.dirty = true // the server has the words alone
      const against = before && before.base === found.base ? before.against : Number(piece?.dataset.against ?? 0)
      this.state[mode] = { ...found, other: found.other || other, piece: wasLeaving(server?.text) ? null : piece, left, against }
      if (found.other) drafts.write(...this.place, `${mode}.other`, { text: found.other, dirty: true })
      drafts.write(...this.place, mode, found)
      if (found.dirty) this.#soon(mode)
      const stands = (sent) => (sent.text.trim() ? found.text.startsWith(sent.text) : sent.clientId === left?.clientId)
      const isOwed = (sent) => isOnItsWay(sent) || !(stands(sent) || this.#isInThread(sent))
      this.#keepLeaving(mode, this.#leaving(mode).filter(isOwed))
    }
    this.#mark()
  }

  of(mode) {
    return this.state[mode]
  }

  /** Its writer has left it and come back: the composer that stands now has its words, and may have changed or sent them. */
  get #isPast() {
    return latest.get(this.composer.dataset.id) !== this.tab
  }

  typed(mode, text) {
    const state = this.state[mode]
    this.turns++
    Object.assign(state, { text, dirty: true, against: 0 })
    drafts.write(...this.place, mode, state)
    this.#say("") // what was saved are other words
    this.#soon(mode)
    this.#mark()
  }

  /** A reply that is on its way must not be overtaken by a save of its own words. */
  async settled(mode) {
    clearTimeout(this.state[mode].timer)
    await this.state[mode].saving
  }

  /** The draft that leaves with its words: as it was told of last, and by the saves of which no answer came. */
  sent(mode) {
    return { draft: this.state[mode].base, tab: this.tab, step: steps }
  }

  /** The server has taken the words, and the draft with them. What was typed meanwhile is the next one. */
  taken(mode, rest) {
    this.turns++
    Object.assign(this.state[mode], { text: rest, base: 0, dirty: Boolean(rest), against: 0, piece: null })
    drafts.write(...this.place, mode, this.state[mode])
    if (rest) this.#soon(mode)
    this.#mark()
    this.#say("")
  }

  /**
   * Of what is offered; `standing`: the words that stand here, with their quote and their files. Gives back what is used, if that is: what was
   * on its way once goes as what it was.
   */
  choose(mode, useOther, standing) {
    const state = this.state[mode]
    const used = state.other ? this.#otherOf(mode) : this.lost(mode)
    if (useOther && !used) return null // it has arrived meanwhile
    if (!state.other && used) this.answered(mode, used.clientId)
    state.other = useOther ? standing.text : ""
    drafts.write(...this.place, `${mode}.other`, state.other ? { ...standing, dirty: true } : null)
    if (!useOther) return null
    this.typed(mode, used.text)
    state.against = used.against ?? 0
    return used
  }

  /** What another page has saved is known by its words alone. */
  #otherOf(mode) {
    const { other } = this.state[mode]
    const kept = drafts.read(...this.place, `${mode}.other`)
    return kept?.text === other ? kept : { text: other }
  }

  /**
   * On their way, and kept by themselves until their answer: others may be typed over them, and the page may go. `sent`: the words, with
   * their quote and their files, or files alone; the client id that they are sent by, and against what they were written.
   */
  leaves(mode, sent) {
    underWay.add(sent.clientId)
    if (sent.text.trim() || sent.files) this.#keepLeaving(mode, [...this.#leaving(mode).filter(({ clientId }) => clientId !== sent.clientId), { ...sent, window: here, at: Date.now() }])
  }

  /** They were taken, or stand here again. */
  answered(mode, clientId) {
    underWay.delete(clientId)
    this.#keepLeaving(mode, this.#leaving(mode).filter((sent) => sent.clientId !== clientId))
  }

  /**
   * What was on its way when its page went, the oldest first: perhaps it never left. What has stood in the thread once is not asked about
   * again, though it may be taken back; and where the newest messages are not here, nobody can say.
   */
  lost(mode) {
    if (this.composer.thread.more.end) return undefined
    for (const each of ["reply", "note"]) for (const sent of this.#leaving(each)) if (this.#isInThread(sent)) this.answered(each, sent.clientId)
    const all = this.#leaving(mode)
    clearTimeout(this.later)
    if (all.some(isOnItsWay)) this.later = setTimeout(() => this.composer.isConnected && this.composer.showOther(), ANSWER)
    return all.find((sent) => !isOnItsWay(sent))
  }

  #isInThread({ clientId }) {
    return Boolean(this.composer.thread.querySelector(`[data-client="${CSS.escape(clientId)}"]`))
  }

  #leaving(mode) {
    return drafts.read(...this.place, `${mode}.leaving`)?.all ?? []
  }

  #keepLeaving(mode, all) {
    drafts.write(...this.place, `${mode}.leaving`, all.length ? { all, dirty: true } : null)
  }

  /** Now, because the hand leaves. `leaving`: the page goes, nobody hears the answer. */
  flush({ leaving = false } = {}) {
    for (const mode of ["reply", "note"]) if (this.state[mode].dirty) this.#save(mode, { leaving })
  }

  /** What other pages of the same person have saved meanwhile. */
  async look() {
    if (!Object.values(this.state).every(({ dirty, saving }) => !dirty && !saving)) return false
    const { turns } = this
    const before = JSON.stringify(Object.values(this.state).map(({ base, text }) => [base, text]))
    const [fragment] = elements(await ask(this.composer.dataset.draftsUrl))
    if (turns !== this.turns || !Object.values(this.state).every(({ dirty, saving }) => !dirty && !saving)) return false
    this.adopt(fragment)
    return before !== JSON.stringify(Object.values(this.state).map(({ base, text }) => [base, text]))
  }

  #soon(mode) {
    clearTimeout(this.state[mode].timer)
    this.state[mode].timer = setTimeout(() => this.#isPast || this.#save(mode), REST)
  }

  #save(mode, { leaving = false } = {}) {
    const state = this.state[mode]
    clearTimeout(state.timer)
    if (this.composer.sending === mode) return null
    if (state.saving && !leaving) return (state.again = true)
    const work = this.#send(mode, leaving)
    if (!leaving) state.saving = work.finally(() => this.#saved(mode))
    return work
  }

  #saved(mode) {
    const state = this.state[mode]
    state.saving = null
    if (state.again && state.dirty) this.#soon(mode)
    state.again = false
  }

  async #send(mode, leaving) {
    const state = this.state[mode]
    const { text, base } = state
    const body = new FormData()
    for (const [name, value] of Object.entries({ text, base, tab: this.tab, step: ++steps, written_against: state.against || this.composer.seen })) body.set(name, value)
    if (mode === "reply") {
      if (this.composer.replyTo) body.set("reply_to", this.composer.replyTo)
      for (const id of this.composer.uploads.ids) body.append("uploads", id)
    }
    try {
      state.base = Number(await ask(`${this.composer.dataset.draftsUrl}${mode}/`, { method: "POST", body, keepalive: leaving }))
      if (state.text === text) {
        state.dirty = false
        if (!this.#isPast) drafts.write(...this.place, mode, state)
        this.#say(text ? "Draft saved" : "")
      }
    } catch (error) {
      if (error instanceof Refused && error.status === 409) this.#overtaken(mode, error.html)
      else this.#say("Draft kept in this browser") // and saved with the next letter, or the next look
    }
    this.#mark()
  }

  /**
   * Another page was later. Whoever writes here now goes on; what stands there is offered. Where nobody writes here any more nothing is
   * saved over it: this browser keeps the words, and who comes back chooses.
   */
  #overtaken(mode, html) {
    if (!this.composer.isConnected) return
    const state = this.state[mode]
    const [fragment] = elements(html)
    const piece = fragment.querySelector(`[data-draft=${mode}]`)
    state.base = Number(piece?.dataset.version ?? 0)
    const other = piece?.dataset.text ?? ""
    if (other && !state.text.startsWith(other)) {
      state.other = other
      drafts.write(...this.place, `${mode}.other`, { text: other, dirty: true })
      this.composer.showOther()
    }
    this.#soon(mode)
  }

  #say(words) {
    const place = this.composer.querySelector("[data-kept]")
    if (place && place.textContent !== words) place.textContent = words
  }

  #mark() {
    if (this.#isPast) return
    const { shell, dataset } = this.composer
    const some = Object.values(this.state).some((state) => state?.text || state?.piece?.children.length)
    shell.markDraft?.(dataset.id, Boolean(some))
    shell.ahead?.forget(dataset.id) // it was fetched with another draft
  }
}

/** Its answer is to come: to this page, or to another window, which has it still. */
function isOnItsWay({ clientId, window, at }) {
  return underWay.has(clientId) || (window !== here && Date.now() - at < ANSWER)
}

/** Whether what stands here was on its way as that: the same words, or where it had files alone, no words and no other files. */
function isAs(sent, text, piece) {
  if (sent.text.trim()) return sent.text === text
  const files = idsOf(elements(sent.files))
  return text?.trim() === "" && idsOf([...(piece?.children ?? [])]).every((id) => files.includes(id))
}

function idsOf(items) {
  return items.map(({ dataset }) => dataset.attachment)
}
