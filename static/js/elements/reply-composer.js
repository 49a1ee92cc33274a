/**
 * Where replies and notes are written. Nothing typed is ever lost: it stays in this browser until the server has taken it.
 * What the platform allows comes with <composer-state>, which the server renders and pushes anew when it changes.
 */
import { choiceOf, isAway, tellOf } from "../lib/afar.js"
import { DraftKeeper } from "../lib/draft-keeper.js"
import * as drafts from "../lib/drafts.js"
import { Refused, ask, elements, explain, notify, sentence } from "../lib/fragments.js"
import { heardHere } from "../lib/going.js"
import { measure } from "../lib/measure.js"
import { isTyping } from "../lib/picks.js"
import { unfilled } from "../lib/triggers.js"
import { doing, say, undo } from "../lib/undo.js"
import { Uploads } from "../lib/uploads.js"

const ON_ITS_WAY = "A file is still on its way up. Wait for it, or take it out."
const STATE_REST = 10_000 // milliseconds until it is asked again whether a window is over

class ReplyComposer extends HTMLElement {
  connectedCallback() {
    this.shell = this.closest("workspace-shell")
    this.field = this.querySelector("textarea")
    this.form = this.querySelector("form")
    this.stale = this.querySelector("[data-stale]")
    this.uploads = new Uploads(this)
    this.form.addEventListener("submit", (event) => this.#submitted(event))
    this.field.addEventListener("input", () => this.#typed())
    this.field.addEventListener("keydown", (event) => this.querySelector("composer-picker").pressed(event))
    this.querySelector("[role=tablist]").addEventListener("keydown", (event) => this.#tabPressed(event))
    this.addEventListener("click", (event) => this.#clicked(event))
    this.addEventListener("window-ended", () => this.#windowEnded())
    const { asked, clientId } = drafts.asked(this.shell.dataset.me, this.dataset.id)
    Object.assign(this, { asked, clientId })
    this.keeper = new DraftKeeper(this)
    this.leaving = new AbortController()
    const { signal } = this.leaving
    this.field.addEventListener("blur", () => this.keeper.flush())
    window.addEventListener("pagehide", () => this.keeper.flush({ leaving: true }), { signal })
    window.addEventListener("focus", () => this.lookElsewhere(), { signal })
    window.addEventListener("online", () => this.keeper.flush(), { signal })
    this.#restoreFiles()
    this.write("reply", { focus: false })
    const { left } = this.keeper.of("reply")
    if (left) this.#goAs(this.#ask(), left.clientId)
    this.mindChoice()
  }

  disconnectedCallback() {
    this.keeper?.flush()
    this.leaving?.abort()
  }

  get state() {
    return this.querySelector("composer-state").dataset
  }

  get head() {
    return this.closest("conversation-pane").querySelector("conversation-head")
  }

  get thread() {
    return this.closest("conversation-pane").querySelector("message-thread")
  }

  /** Turn to reply or note; each keeps its own draft. */
  write(mode, { focus = true } = {}) {
    if (this.mode !== mode) this.next = false
    if (this.mode !== mode || !this.stale.querySelector(".stale")) this.stale.replaceChildren()
    this.mode = this.dataset.mode = mode
    for (const tab of this.querySelectorAll("[role=tab]")) {
      const picked = tab.dataset.mode === mode
      tab.setAttribute("aria-selected", picked)
      tab.tabIndex = picked ? 0 : -1
    }
    this.form.setAttribute("aria-labelledby", `tab-${mode}`)
    this.field.value = this.#draftOf(mode)
    this.showOther()
    this.refresh()
    if (focus && !this.field.disabled) this.field.focus()
  }

  /** Bring everything in line with what the platform allows now. */
  refresh() {
    const note = this.mode === "note"
    const { problem, parked, max, unit, unitWord, label, requiresHuman } = this.state
    const closed = !note && Boolean(problem)
    this.toggleAttribute("data-closed", closed)
    this.closest("conversation-pane").toggleAttribute("data-quotes", this.state.quotes === "true" && !problem)
    this.querySelector("[data-quote]").hidden = note || !this.replyTo
    this.field.readOnly = closed
    this.field.setAttribute("aria-disabled", closed)
    this.field.placeholder = closed ? problem : note ? "Write a note for colleagues; it never leaves Parley" : `Write to the customer on ${label}`
    const length = measure(this.field.value.trim(), unit)
    const over = !note && Number(max) > 0 && length > Number(max)
    const counter = this.querySelector("[data-counter]")
    const near = length > Number(max) * 0.8
    counter.textContent = note || !Number(max) ? "" : over ? `${(length - max).toLocaleString()} ${unitWord} too long` : `${length.toLocaleString()} / ${Number(max).toLocaleString()} ${unitWord}`
    counter.dataset.tone = over ? "danger" : near ? "warning" : ""
    const slot = note ? null : unfilled(this.field.value)
    this.querySelector("[data-unfilled]").hidden = !slot || closed
    this.querySelector("[data-slot]").textContent = slot?.[1] ?? ""
    const empty = !this.field.value.trim() && (note || !this.uploads.ids.length)
    const send = this.querySelector(".composer__send")
    send.disabled = closed || over || empty || Boolean(slot) || this.#waitsForFiles
    send.querySelector("[data-send-label]").textContent = note ? "Add note" : parked ? "Queue" : "Send"
    send.title = this.#waitsForFiles ? ON_ITS_WAY : note ? "Add the note" : requiresHuman === "true" ? `Send: ${label} wants a person's click` : "Send"
    this.uploads.refresh(note || closed)
    this.mindCompany()
  }

  /** A colleague answers at this moment: said before two answers are sent, and in nobody's way. */
  mindCompany() {
    const place = this.querySelector("[data-company]")
    const writers = this.mode === "reply" ? (this.shell.company?.of(this.dataset.id) ?? []).filter(({ doing }) => doing === "reply") : []
    const names = writers.map(({ name }) => name).join(" and ")
    const words = names && `${names} ${writers.length > 1 ? "are" : "is"} writing a reply, too. Yours would be a second answer.`
    if (place.textContent !== words) place.textContent = words
    place.hidden = !words
  }

  /** Answer one message of the thread; the platform shows it above the reply. */
  quote(externalId, words) {
    this.#showQuote(externalId, words)
    if (externalId) this.write("reply")
    this.filesChanged()
  }

  #showQuote(externalId, words) {
    this.replyTo = externalId
    const place = this.querySelector("[data-quote]")
    place.hidden = !externalId
    place.querySelector(".composer__quoted").textContent = words ?? ""
  }

  channelChanged(channel) {
    if (this.state.channel === String(channel)) this.#askState()
  }

  /** What is kept of a kind, but for the words that are leaving just now. */
  #draftOf(mode) {
    const { text } = this.keeper.of(mode)
    return this.sending === mode && text === this.leavingWords ? "" : text
  }

  /** Something arrived that was not seen: it is shown, with a choice. A hand that writes on is left where it is: the next key is no answer. */
  stop(html, { focus = true } = {}) {
    this.stale.replaceChildren(...elements(html))
    if (focus && !isTyping()) this.stale.querySelector("[data-read-first]")?.focus()
    document.querySelector("state-line")?.wake()
  }

  /** What waited to be chosen here, unless it has been done meanwhile. */
  mindChoice() {
    const choice = choiceOf(this.dataset.id)
    if (choice && !(choice.resolving && isAway(this.head.dataset))) this.stop(choice.html, { focus: false })
  }

  /** Put words in the place of others, as if they had been typed: the browser's own undo takes them back. */
  insert(start, end, words) {
    this.field.focus()
    this.field.setSelectionRange(start, end)
    if (!document.execCommand("insertText", false, words)) {
      this.field.setRangeText(words, start, end, "end")
      this.field.dispatchEvent(new InputEvent("input", { bubbles: true }))
    }
    const slot = unfilled(words)
    if (slot) this.field.setSelectionRange(start + slot[0], start + slot[0] + slot[1].length)
    this.field.scrollTop = this.field.scrollHeight
  }

  /** The first variable that nobody has filled in, ready to be written over. */
  #toSlot() {
    const slot = unfilled(this.field.value)
    this.field.focus()
    if (slot) this.field.setSelectionRange(slot[0], slot[0] + slot[1].length)
  }

  #typed() {
    this.next = false
    if (!this.sending && this.asked !== this.#ask()) this.#settle()
    this.keeper.typed(this.mode, this.field.value)
    this.refresh()
  }

  /** Files of a draft are kept with it; a quote, too. */
  filesChanged() {
    this.next = false
    if (this.sending === "reply") return
    this.keeper.typed("reply", this.mode === "reply" ? this.field.value : this.keeper.of("reply").text)
  }

  #restoreFiles() {
    const { piece, left } = this.keeper.of("reply")
    if (left) return this.#putBeside(left)
    this.uploads.put(piece ? [...piece.children] : [])
    if (piece?.dataset.replyTo) this.#showQuote(piece.dataset.replyTo, piece.dataset.quoted)
  }

  /** What goes with the words: of a note nothing. */
  get #beside() {
    if (this.mode === "note") return {}
    return { replyTo: this.replyTo ?? "", quoted: this.querySelector("[data-quote] .composer__quoted").textContent, files: this.uploads.kept }
  }

  #putBeside({ replyTo, quoted, files }) {
    this.#showQuote(replyTo, quoted)
    this.uploads.put(elements(files))
  }

  /** What another window of the same person wrote, where it is not what stands here, or what a page that went had under way. */
  showOther() {
    const { other } = this.keeper.of(this.mode)
    const lost = this.keeper.lost(this.mode)
    const words = other || (lost ? inWords(lost) : "")
    this.querySelector("[data-other]").hidden = !words
    this.querySelector("[data-other-whence]").textContent = other ? "In another window you wrote:" : "This may not have been sent:"
    this.querySelector("[data-other-words]").textContent = words
  }

  #choose(useOther) {
    if (this.sending === this.mode) return // what leaves has its quote and files still: they are none of the other words'
    const text = this.field.value
    const beside = this.#beside
    const used = this.keeper.choose(this.mode, useOther, { text, ...beside, clientId: this.asked === this.#ask() ? this.clientId : undefined })
    this.field.value = this.keeper.of(this.mode).text
    // Files without words of their own are not offered again: they stay.
    if (used?.files !== undefined) this.#putBeside({ ...used, files: text.trim() ? used.files : used.files + beside.files })
    if (used?.clientId) this.#goAs(this.#ask(), used.clientId)
    this.showOther()
    this.refresh()
    this.field.focus()
  }

  /** What another window, or an undo, has kept since. */
  async lookElsewhere() {
    try {
      if (this.sending || !(await this.keeper.look())) return
      this.field.value = this.keeper.of(this.mode).text
      this.#restoreFiles()
      this.showOther()
      this.refresh()
    } catch {
      // Without a line what stands here stays.
    }
  }

  #ask() {
    return JSON.stringify([this.mode, this.field.value.trim(), this.replyTo ?? "", this.uploads.ids])
  }

  /** The very same again, after an answer or a page that was lost, keeps its id and is one message. Anything else is another message. */
  #idOf(asked) {
    this.#goAs(asked, this.asked === asked ? this.clientId : crypto.randomUUID())
    return this.clientId
  }

  #goAs(asked, clientId) {
    Object.assign(this, { asked, clientId })
    drafts.keepAsked(this.shell.dataset.me, this.dataset.id, { asked, clientId })
  }

  /** What was asked has its answer, or is not what will be asked next. */
  #settle(clientId = this.clientId) {
    if (clientId !== this.clientId) return // other words go next, by a name of their own
    if (this.asked) drafts.keepAsked(this.shell.dataset.me, this.dataset.id, null)
    this.asked = null
  }

  /** Files leave with a reply; a note takes none. */
  get #waitsForFiles() {
    return this.mode === "reply" && this.uploads.busy
  }

  submit() {
    if (this.#waitsForFiles) notify(sentence(ON_ITS_WAY, "calm"))
    if (!this.querySelector(".composer__send").disabled) this.form.requestSubmit()
  }

  /** What was taken back before it left stands here again, before what was typed since: once, though it may have come with the page. */
  giveBack({ mode, text, replyTo, version, files }) {
    const kept = this.keeper.of(mode)
    const hasCome = kept.base >= Number(version) && kept.text.startsWith(text) && files.every(({ dataset }) => this.uploads.ids.includes(dataset.attachment))
    if (hasCome) return this.write(mode)
    this.write(mode)
    kept.base = Number(version) // the server keeps it as a draft already
    if (replyTo) this.quote(replyTo, "the message quoted before")
    this.field.value = text && this.field.value ? `${text}\n${this.field.value}` : text || this.field.value
    this.uploads.giveBack(files)
    this.#typed()
  }

  /** Only one of the tabs is reached by Tab; arrows go to the other. */
  #tabPressed(event) {
    const tabs = [...this.querySelectorAll("[role=tab]")]
    const at = tabs.indexOf(event.target)
    const to = { ArrowRight: (at + 1) % tabs.length, ArrowLeft: (at + tabs.length - 1) % tabs.length, Home: 0, End: tabs.length - 1 }[event.key]
    if (at < 0 || to === undefined) return
    event.preventDefault()
    this.write(tabs[to].dataset.mode, { focus: false })
    tabs[to].focus()
  }

  #clicked({ target }) {
    const tab = target.closest("[role=tab]")
    if (tab) this.write(tab.dataset.mode)
    if (target.closest("[data-use-other]")) this.#choose(true)
    if (target.closest("[data-drop-other]")) this.#choose(false)
    if (target.closest("[data-slot]")) this.#toSlot()
    if (target.closest("[data-unquote]")) this.quote("")
    if (target.closest("[data-read-first]")) this.#readFirst()
    if (target.closest("[data-send-anyway]")) this.#sendAnyway()
    if (target.closest("[data-resolve-anyway]")) this.#resolveAnyway()
  }

  /** While a choice stands here, who sends once more comes to it: it is not passed over. */
  #submitted(event) {
    event.preventDefault()
    const choice = this.mode === "reply" && this.stale.querySelector(".stale:has([data-send-anyway]) [data-read-first]")
    if (choice) choice.focus()
    else this.#send()
  }

  /** What the agent has before their eyes: unseen news makes the server ask back. */
  get seen() {
    const line = document.querySelector("state-line")
    const whole = Math.min(line?.seen ?? Infinity, line?.numbers?.whole ?? Infinity)
    return Math.max(this.ownSeq ?? 0, Math.min(this.thread.seen, whole), Number(this.read ?? 0))
  }

  async #send() {
    // Whoever writes on while a reply is leaving does not press a dead key: the next goes when this one has been taken, as it stands now.
    if (this.sending) this.next = true
    if (this.sending || this.querySelector(".composer__send").disabled) return
    const { mode, replyTo } = this
    const files = this.uploads.ids
    const again = this.asked === this.#ask()
    const clientId = this.#idOf(this.#ask())
    const text = this.field.value
    const body = new FormData()
    body.set("client_id", clientId)
    body.set("text", text)
    const { against } = this.keeper.of(mode)
    if (mode === "reply") {
      // A draft that is sent as it was found is as old as its words.
      body.set("written_against", against ? Math.min(Math.max(against, Number(this.read ?? 0)), this.seen) : this.seen)
      if (replyTo) body.set("reply_to", replyTo)
      for (const id of files) body.append("attachments", id)
    }
    this.sending = mode
    this.leavingWords = text
    this.keeper.leaves(mode, { text, clientId, against: Number(body.get("written_against") ?? 0), ...this.#beside })
    const pending = this.thread.pend(clientId, text.trim(), mode === "note" ? "note" : "brand")
    this.field.value = ""
    this.toggleAttribute("data-sending", true)
    this.refresh()
    try {
      await this.keeper.settled(mode)
      for (const [name, value] of Object.entries(this.keeper.sent(mode))) body.set(name, value)
      const html = await heardHere(doing(ask(mode === "note" ? this.dataset.noteUrl : this.dataset.replyUrl, { method: "POST", body })))
      this.#taken(mode, html, { replyTo, files, clientId, again })
    } catch (error) {
      this.next = false
      this.#givenBack(error, { text, mode, clientId, replyTo, files })
    } finally {
      this.keeper.answered(mode, clientId)
      pending.remove()
      this.sending = false
      this.toggleAttribute("data-sending", false)
      this.refresh()
    }
    const goesOn = this.next
    this.next = false
    if (goesOn) this.#send()
  }

  #taken(mode, html, sent) {
    const entries = say(elements(html))
    if (this.#heir) return this.#heir.#hasLeft(mode, this.leavingWords, sent)
    const seq = Math.max(0, ...entries.map((entry) => Number(entry.dataset.seq)))
    // A reply that was taken shows that nothing had come before it that was not seen. A note does not, nor one that was asked for again: it
    // may have been taken then, and have other numbers by now.
    if (mode === "reply" && !sent.again) this.ownSeq = seq
    this.thread.receive(entries, { own: true })
    this.stale.replaceChildren()
    if (this.isConnected) this.shell.presence.stopped()
    if (mode === "reply") {
      this.uploads.sent(sent.files)
      if (this.replyTo === sent.replyTo) this.#showQuote("")
    }
    this.#settle(sent.clientId)
    // Words typed and files added while this one was under way are the next draft.
    const rest = this.#restOf(mode)
    this.keeper.taken(mode, rest)
    if (mode === "reply" && this.uploads.ids.length) this.keeper.typed(mode, rest)
    if (mode === "reply" && !rest && this.uploads.isEmpty) this.shell.done(this.dataset.id, seq)
  }

  /** The composer that stands here now, where its writer has left this one with words under way and come back. */
  get #heir() {
    return !this.isConnected && this.shell.pane?.dataset.id === this.dataset.id ? this.shell.composer : null
  }

  /** Words that a composer before this one had under way were taken. They stand here, too, kept as a draft; what was added to them stays. */
  #hasLeft(mode, words, { files, clientId }) {
    if (this.sending) return
    const { text } = this.keeper.of(mode)
    const rest = text.startsWith(words) ? text.slice(words.length).trimStart() : text
    if (mode === "reply") this.uploads.sent(files)
    this.#settle(clientId)
    this.keeper.taken(mode, rest)
    if (this.mode === mode && this.field.value !== rest) this.field.value = rest
    this.refresh()
  }

  /** They were not: they stand before what was written here since, with the files and the quote that the draft on the server may be without. */
  #comesBack(mode, words, { replyTo, quoted, items }) {
    const { text } = this.keeper.of(mode)
    const { ids } = this.uploads
    const missing = items.filter(({ dataset }) => !ids.includes(dataset.attachment))
    if (text.startsWith(words) && !missing.length) return
    if (replyTo && !this.replyTo) this.#showQuote(replyTo, quoted)
    this.uploads.giveBack(missing)
    this.keeper.typed(mode, text.startsWith(words) ? text : text ? `${words}\n${text}` : words)
    if (this.mode === mode) this.field.value = this.keeper.of(mode).text
    this.refresh()
  }

  /** What was written while other words were leaving. */
  #restOf(mode) {
    return this.mode === mode ? this.field.value : this.#draftOf(mode)
  }

  #givenBack(error, { text, mode, clientId, replyTo, files }) {
    if (this.#heir) this.#heir.#comesBack(mode, text, mode === "reply" ? this.#whatLeft(replyTo, files) : { items: [] })
    else this.#stand(mode, text)
    const stopped = error instanceof Refused && error.status === 409
    if (stopped) this.#settle(clientId)
    const { id } = this.dataset
    const here = this.shell.stays(id) ? this.shell.composer : null // its writer may have gone on, or be going
    if (!here) return tellOf(this.shell, { id, name: this.#name, html: stopped ? error.html : explain(error), waits: stopped })
    if (stopped) here.stop(error.html)
    else notify(explain(error))
    if (error instanceof Refused && error.status === 422) here.#askState()
  }

  #whatLeft(replyTo, files) {
    return { replyTo, quoted: this.querySelector("[data-quote] .composer__quoted").textContent, items: this.uploads.itemsOf(files) }
  }

  /** Here again, before what was written meanwhile. */
  #stand(mode, text) {
    const { against } = this.keeper.of(mode)
    const rest = this.#restOf(mode)
    const whole = text && rest ? `${text}\n${rest}` : text || rest
    if (this.mode === mode) this.field.value = whole
    this.keeper.typed(mode, whole)
    this.keeper.of(mode).against = against
  }

  get #name() {
    return this.head.querySelector(".head__name")?.textContent.trim()
  }

  /** Whatever the choice has shown. What came after it is one more choice. */
  #sendAnyway() {
    this.read = this.stale.firstElementChild?.dataset.newest // before the other tab takes the choice away
    if (this.mode !== "reply") this.write("reply")
    this.#send()
  }

  #readFirst() {
    const resolving = this.stale.querySelector("[data-resolve-anyway]")
    this.#haveRead()
    this.thread.toEnd()
    const next = resolving ? this.thread : this.field
    next.focus()
  }

  /** What has been shown here counts as seen; what came after it does not. The same button opens again what somebody has resolved meanwhile. */
  #resolveAnyway() {
    this.#haveRead()
    if (!isAway(this.head.dataset)) this.head.querySelector("[data-act=resolve]")?.click()
  }

  #haveRead() {
    this.read = this.stale.firstElementChild?.dataset.newest
    this.stale.replaceChildren()
  }

  /** By this page's clock. Where the server's goes behind, its answer says that it is open, and the new chip that it is over: asked once in a while. */
  #windowEnded() {
    clearTimeout(this.later)
    const wait = (this.mayAskAt ?? 0) - performance.now()
    if (wait > 0) return (this.later = setTimeout(() => this.isConnected && this.#windowEnded(), wait))
    this.mayAskAt = performance.now() + STATE_REST
    this.#askState()
  }

  async #askState() {
    try {
      this.closest("conversation-pane").receive(elements(await ask(this.dataset.stateUrl)))
    } catch {
      notify(sentence("The reply window has changed. Reload the page to see how it stands.", "warning"))
    }
  }
}
customElements.define("reply-composer", ReplyComposer)

/** Files without words are known by their names. */
function inWords({ text, files }) {
  if (text.trim()) return text
  return elements(files).map((file) => file.querySelector(".upload__name").textContent).join(", ")
}

/** Tells the composer when its rules have changed. */
class ComposerState extends HTMLElement {
  connectedCallback() {
    const composer = this.closest("reply-composer")
    if (composer?.field) composer.refresh()
  }
}
customElements.define("composer-state", ComposerState)
