/** The page: opens conversations without leaving it, hears the news, and listens to the keys. */
import { arrived, tellOf } from "../lib/afar.js"
import { Ahead } from "../lib/ahead.js"
import { Attendance } from "../lib/attendance.js"
import * as beside from "../lib/beside.js"
import { refresh } from "../lib/changed.js"
import { find, makesSense } from "../lib/commands.js"
import { Company } from "../lib/company.js"
import { DraftMarks } from "../lib/draft-marks.js"
import { closeWhenLeft } from "../lib/drawers.js"
import { forgetOld } from "../lib/drafts.js"
import { Refused, ask, csrf, elements, explain, hadOrTold, notify, sentence } from "../lib/fragments.js"
import { catchUp, listen } from "../lib/keys.js"
import { tellWhatWasLeft } from "../lib/leaving.js"
import { Presence } from "../lib/presence.js"
import * as rail from "../lib/rail.js"
import { standIn } from "../lib/standing-in.js"
import { note } from "../lib/recent.js"
import { tell } from "../lib/tooltips.js"
import { say } from "../lib/undo.js"

const BESIDE = ".context [id^=conversation-]" // all that is known beside the thread; the pane around it stays where it was scrolled to

class WorkspaceShell extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector("inbox-list")
    this.main = this.querySelector("main")
    this.search = this.querySelector("search-pane")
    this.line = this.querySelector("state-line")
    this.company = new Company(this.dataset.me)
    this.ahead = new Ahead(this)
    this.attendance = new Attendance(this)
    this.presence = new Presence(this, (doing) => this.line.here(doing))
    this.addEventListener("line-open", () => this.#meet(this.company.forget()))
    this.drafts = new DraftMarks(this.dataset.drafts.split(" ").filter(Boolean))
    this.addEventListener("click", (event) => this.#clicked(event))
    this.addEventListener("news", ({ detail }) => this.#news(detail))
    this.addEventListener("thread-anew", () => this.renew())
    this.addEventListener("person-anew", () => this.#readBeside())
    this.addEventListener("line-gone", ({ detail }) => this.#gone(detail.code))
    window.addEventListener("popstate", () => this.#fromAddress())
    document.body.addEventListener("htmx:configRequest", ({ detail }) => this.#configure(detail))
    document.body.addEventListener("htmx:beforeSwap", (event) => this.#beforeSwap(event))
    document.body.addEventListener("htmx:afterRequest", (event) => this.#answered(event))
    document.body.addEventListener("htmx:sendError", ({ detail }) => this.#failed(detail.elt, new TypeError("offline")))
    document.body.addEventListener("htmx:timeout", ({ detail }) => this.#failed(detail.elt, new DOMException("", "TimeoutError")))
    listen(this)
    tell(this)
    closeWhenLeft(this)
    forgetOld()
    tellWhatWasLeft()
    this.started = location.href
    if (this.dataset.open) this.line.open(this.dataset.open)
    this.toggleContext(recall("parley.context") !== "closed")
    catchUp(this)
  }

  markDraft(id, has) {
    this.drafts?.set(id, has)
  }

  get pane() {
    return this.querySelector("conversation-pane")
  }

  /** Whether it is before the eyes and stays there: while another one is on its way, what stands here is about to go. */
  stays(id) {
    return this.pane?.dataset.id === id && !this.coming
  }

  get hands() {
    return this.querySelector("bulk-bar")
  }

  get composer() {
    return this.querySelector("reply-composer")
  }

  /**
   * Show a conversation in the thread's pane, at its end or `at` one of its messages. The list stays as it is. Settles when it is there
   * (true), or did not come (false): then what stood there is open as before.
   */
  open(id, how = {}) {
    if (!id) return Promise.resolve(false)
    clearTimeout(this.rest)
    const isThere = this.pane?.dataset.id === id && !this.pane.thread.mustTurn(how.at)
    if (id === this.dataset.open && (isThere || (this.coming && !how.at))) {
      this.#mindWhatWaits()
      return this.coming ?? Promise.resolve(true)
    }
    const coming = this.#open(id, how).finally(() => {
      if (this.coming === coming) this.coming = null
    })
    return (this.coming = coming)
  }

  async #open(id, { push = true, at, url, ready }) {
    const address = url ?? `/b/${this.dataset.brand}/conversations/${id}/${at ? `?at=${at}` : ""}`
    if (!at && !url) ready ??= this.ahead.take(id)
    const since = ready?.since ?? this.line.seen
    this.dataset.open = id
    this.presence.stopped()
    this.querySelector("focus-bar").opened(id)
    this.list.mark(id)
    this.main.setAttribute("aria-busy", "true")
    this.opening?.abort()
    const { signal } = (this.opening = new AbortController())
    try {
      const parts = (await ready?.parts) ?? elements(await ask(address, { signal }))
      if (signal.aborted) return false
      this.main.replaceChildren(...parts)
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return false
      notify(explain(error))
      this.#stay()
      return false
    } finally {
      if (!signal.aborted) this.main.removeAttribute("aria-busy")
    }
    if (push) history.pushState({ open: id }, "", `${address}${at ? "&" : "?"}view=${this.dataset.view}&${this.dataset.sorted}`)
    this.toggleContext(recall("parley.context") !== "closed")
    this.line.open(id, since)
    beside.opened(this, since)
    if (!this.hasAttribute("data-focus")) this.ahead.want(this.list.neighbour(this.list.way, this.list.selected)?.dataset.id)
    const name = this.pane?.querySelector(".head__name")?.textContent ?? ""
    document.title = `${name} · ${this.dataset.title}`
    arrived(id)
    note(this, { id, name, where: this.pane?.querySelector(".head__where")?.textContent ?? "" })
    return true
  }

  /** What was asked for did not come: what stands here is what is open. */
  #stay() {
    if (this.pane) this.dataset.open = this.pane.dataset.id
    else delete this.dataset.open
    this.list.mark(this.dataset.open ?? null)
    this.coming = null
    this.#mindWhatWaits()
    this.composer?.lookElsewhere() // what was taken back meanwhile is kept as a draft
  }

  /** What was told of it from afar, while another one was on its way, is shown where it stands. */
  #mindWhatWaits() {
    const { id } = this.pane?.dataset ?? {}
    if (!id || !this.stays(id)) return
    arrived(id)
    this.composer?.mindChoice()
  }

  close({ push = true } = {}) {
    if (!this.dataset.open) return
    const row = this.list.back
    delete this.dataset.open
    this.opening?.abort()
    this.main.removeAttribute("aria-busy")
    this.list.mark(null)
    this.main.replaceChildren(nothing())
    this.line.open(null)
    document.title = this.dataset.title
    if (push) history.pushState({}, "", this.search.isOpen ? this.search.address : this.listAddress)
    if (this.search.isOpen) this.search.leftThread()
    else row?.focus({ preventScroll: true })
    this.list.settle()
  }

  /** What somebody did ends their work on it for now; `seq`: the number of the answer that did. */
  done(id, seq) {
    this.dispatchEvent(new CustomEvent("done-here", { detail: { id, seq } }))
  }

  get listAddress() {
    return `/b/${this.dataset.brand}/inbox/${this.dataset.view}/?${this.dataset.sorted}`
  }

  get #hasRoom() {
    return matchMedia("(min-width: 1380px)").matches
  }

  /** Whether the person stands over the thread. */
  get isCovered() {
    return Boolean(this.dataset.open) && this.hasAttribute("data-context-over") && !this.#hasRoom
  }

  /** Beside the thread where there is room, over it where there is not. */
  toggleContext(show) {
    if (!this.#hasRoom) {
      const over = show === undefined ? !this.hasAttribute("data-context-over") : false
      this.toggleAttribute("data-context-over", over)
      this.querySelector("[data-context]")?.setAttribute("aria-expanded", over)
      return
    }
    show ??= this.hasAttribute("data-context-closed")
    this.toggleAttribute("data-context-closed", !show)
    this.querySelector("[data-context]")?.setAttribute("aria-expanded", show)
    remember("parley.context", show ? "open" : "closed")
  }

  #clicked(event) {
    const { target } = event
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey) return
    const row = target.closest(".row, [data-open-conversation]")
    if (row) {
      event.preventDefault()
      if (event.detail) row.blur() // a click leaves no hand on the list; Enter does, for j and k
      this.search.mark(row)
      this.open(row.dataset.id, { at: row.dataset.at }).then(() => row.dataset.message && this.pane?.thread?.bring(row.dataset.message))
    } else if (target.closest("[data-back]")) {
      event.preventDefault()
      this.close()
    } else if (target.closest("[data-run]")) this.#run(target.closest("[data-run]"))
    else if (target.closest("[data-menu]")) this.menu()
    else if (!target.closest(".views")) this.menu(false)
    if (target.tagName === "DIALOG") target.close()
  }

  #run(button) {
    const command = find(this, button.dataset.command)
    this.menu(false)
    this.pointed = button.closest("conversation-pane")?.dataset.id
    try {
      if (command && makesSense(command, this)) command.act(this)
    } finally {
      this.pointed = null
    }
  }

  /** The views, where they are a drawer: the hand goes in with it, and back to its button. */
  menu(open = !this.hasAttribute("data-menu-open")) {
    if (open === this.hasAttribute("data-menu-open")) return
    const views = this.querySelector(".views")
    const button = this.querySelector("[data-menu]")
    const held = views.contains(document.activeElement)
    this.toggleAttribute("data-menu-open", open)
    button.setAttribute("aria-expanded", open)
    if (open) (views.querySelector("[aria-current]") ?? views.querySelector("a")).focus({ preventScroll: true })
    else if (held) button.focus()
  }

  #news(news) {
    if (news.type === "rows") {
      const rows = elements(news.html)
      this.list.receive(rows)
      beside.changed(this, [...rows.map(({ dataset }) => ({ ...dataset, seq: Number(dataset.seq) })), ...(news.changed ?? []).map(([id, state, , , contact]) => ({ id, state, contact: String(contact ?? ""), seq: news.last }))])
      if (news.changed) refresh(this, news)
    }
    if (news.type === "bulk" && String(news.person) === this.dataset.me) this.querySelector("bulk-runs").receive(elements(news.html))
    if (news.channel) this.composer?.channelChanged(news.channel)
    if (news.channel || news.type === "reload") rail.readAnew(this)
    if (news.type === "counts") this.line.counted(news)
    if (news.views) rail.standFor(this, news.views)
    rail.mind(this, news.rail)
    if (news.counts && !this.line.isOld(news)) this.#counters(news.counts, { partly: news.type === "counts" })
    if (news.told?.includes(Number(this.dataset.me))) this.querySelector("notice-bell")?.ring()
    if (news.spared?.includes(Number(this.dataset.me))) this.querySelector("notice-bell")?.look()
    if (news.type === "thread" && news.conversation === this.pane?.dataset.id) {
      this.meanwhile?.push(news)
      this.pane?.receive(elements(news.html), news.gone)
    }
    if (news.type === "typing" && news.conversation === this.pane?.dataset.id) this.pane.showTyping(news.name)
    if (news.type === "company") this.#meet(this.company.receive(news))
    if (news.type === "presence") this.attendance.receive(news)
  }

  #meet(conversations) {
    for (const id of conversations) {
      this.list.find(id)?.querySelector("company-mark")?.draw()
      if (id !== this.pane?.dataset.id) continue
      this.querySelector("thread-company")?.draw()
      this.composer?.mindCompany()
    }
  }

  /** The list and the open thread as they now are. Fails where either could not be had; what is in `had` is not asked for again. */
  async readAnew(had = new Set()) {
    const asking = [
      ["list", () => hadOrTold(this.list.reload())],
      ["thread", () => this.#refreshThread()],
    ].filter(([part]) => !had.has(part))
    const ends = await Promise.allSettled(asking.map(([part, read]) => read().then(() => had.add(part))))
    for (const { reason } of ends) if (reason) throw reason
  }

  /** The open conversation anew, at its end, with all that stands beside it: more than its entries has changed. */
  async renew() {
    try {
      await this.#refreshThread({ beside: true })
      this.toggleContext(recall("parley.context") !== "closed")
    } catch (error) {
      notify(explain(error))
    }
  }

  /** The thread anew, without touching what is being written; what is owed beside it comes with whichever answer is shown. */
  #refreshThread({ beside = false } = {}) {
    const { pane } = this
    if (!pane?.thread) return Promise.resolve()
    pane.besideOwed ||= beside
    return (this.refreshing = this.#readThread(pane))
  }

  /** An answer that comes when another conversation stands there is none of its. Who is overtaken ends as the one that has overtaken it. */
  async #readThread(pane) {
    const told = (this.meanwhile = [])
    const isOver = () => this.meanwhile !== told || this.pane !== pane
    const after = () => (this.pane === pane ? this.refreshing : undefined)
    try {
      const [fresh] = elements(await ask(pane.dataset.url))
      if (isOver()) return after()
      const { thread } = pane
      for (const part of ["message-thread", "#conversation-head", ...(pane.besideOwed ? [".context"] : []), "composer-state"]) pane.querySelector(part).replaceWith(fresh.querySelector(part))
      if (!pane.besideOwed) for (const piece of fresh.querySelectorAll(BESIDE)) standIn(piece, pane.querySelector(`#${piece.id}`))
      pane.besideOwed = false
      pane.thread = pane.querySelector("message-thread")
      pane.thread.standFor(thread)
      pane.sayWho()
      this.composer?.showOther()
      for (const { html, gone } of told) pane.receive(elements(html), gone)
    } catch (error) {
      if (isOver()) return after()
      if (!(error instanceof Refused) || error.status >= 500) throw error
      notify(explain(error))
    } finally {
      if (this.meanwhile === told) this.meanwhile = null
    }
  }

  /** Said to be the same person as somebody else, or not any more: who it is stands beside the thread, which stays where it is read. */
  async #readBeside() {
    const { pane } = this
    try {
      const [fresh] = elements(await ask(pane.dataset.url))
      if (this.pane === pane) pane.receive([...fresh.querySelectorAll(BESIDE)])
    } catch {
      pane.besideOwed = true // it comes with whatever is read anew next
    }
  }

  /** What is not told of is empty; unless only what has changed is told, as of saved views always. */
  #counters(counts, { partly }) {
    for (const place of this.querySelectorAll("[data-count]")) {
      const key = place.dataset.count
      if (!key || (!(key in counts) && (partly || key.startsWith("saved:")))) continue
      const [total, unread] = counts[place.dataset.count] ?? [0, 0]
      const figure = place.querySelector(".view__count")
      if (figure.textContent !== String(total)) figure.textContent = total
      figure.toggleAttribute("data-unread", unread > 0)
    }
  }

  /** Who sends a reply again says up to where they have read. */
  #configure({ headers, parameters, elt }) {
    headers["X-CSRFToken"] = csrf()
    if (elt.closest(".message") && this.composer) parameters.seen_seq = this.composer.seen
  }

  #answered({ detail }) {
    document.querySelectorAll("[data-pending]:not(.pending)").forEach((element) => element.removeAttribute("data-pending"))
    if (detail.successful || !detail.xhr.status) return
    this.#failed(detail.elt, new Refused(detail.xhr.status, detail.xhr.responseText))
  }

  #failed(element, error) {
    document.querySelectorAll("[data-pending]:not(.pending)").forEach((each) => each.removeAttribute("data-pending"))
    const pane = element.closest("conversation-pane")
    if (pane && !this.stays(pane.dataset.id)) tellOf(this, { id: pane.dataset.id, name: pane.querySelector(".head__name")?.textContent.trim(), html: explain(error) })
    else if (error.status === 409 && this.composer) this.composer.stop(error.html)
    else notify(explain(error))
  }

  /** An answer may bring the row along; the list takes it as any other news. */
  #beforeSwap({ detail }) {
    if (!detail.shouldSwap || !detail.serverResponse.includes("data-live-row")) return
    const pieces = elements(detail.serverResponse)
    const template = pieces.find((piece) => piece.hasAttribute("data-live-row"))
    const parts = say([...template.content.children])
    this.list.receive(parts.filter((part) => part.matches(".row")))
    if (detail.target?.closest("conversation-pane") === this.pane) this.pane?.receive(parts.filter((part) => !part.matches(".row")))
    detail.serverResponse = pieces.filter((piece) => piece !== template).map((piece) => piece.outerHTML).join("")
  }

  #gone(code) {
    const [line] = elements(sentence(code === 4401 ? "You have been signed out. What you typed is kept." : "You no longer work for this brand.", "warning"))
    line.dataset.stays = ""
    if (code === 4401) {
      const here = encodeURIComponent(location.pathname + location.search)
      line.append(" ", Object.assign(document.createElement("a"), { href: `/accounts/login/?next=${here}`, className: "link", textContent: "Sign in" }))
    }
    notify(line.outerHTML)
  }

  #fromAddress() {
    const id = location.pathname.match(/conversations\/([0-9a-f-]{36})/)?.[1]
    const asked = new URLSearchParams(location.search)
    if (id) return this.open(id, { push: false, at: asked.get("at") })
    this.querySelector("focus-bar").stop() // else it opens its conversation again, over the list
    if (location.pathname.endsWith("/search/")) this.search.open({ push: false, typed: asked.get("q") ?? "" })
    else this.search.close({ push: false })
    this.close({ push: false })
  }
}

function nothing() {
  const place = document.createElement("div")
  place.className = "empty"
  place.append(Object.assign(document.createElement("p"), { textContent: "Choose a conversation." }))
  return place
}

function recall(key) {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Then it holds for this page only.
  }
}

customElements.define("workspace-shell", WorkspaceShell)
