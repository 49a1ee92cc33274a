/** The open conversation: takes the news that concerns it, and says how far it has been read. */
import { haveRead } from "../lib/readings.js"
import { standIn } from "../lib/standing-in.js"

/** What is as it was but for its number stays: a name that is being selected, and the button under a hand that comes down. */
function stand(piece, existing) {
  const { seq } = piece.dataset
  if (seq) existing.dataset.seq = seq
  if (!existing.isEqualNode(piece)) standIn(piece, existing)
}

class ConversationPane extends HTMLElement {
  connectedCallback() {
    this.thread = this.querySelector("message-thread")
    this.typing = this.querySelector("#typing")
    this.addEventListener("thread-seen", ({ detail }) => this.#read(detail.seq))
    this.addEventListener("click", ({ target }) => target.closest("[data-context]") && this.closest("workspace-shell").toggleContext())
    this.addEventListener("click", ({ target }) => this.#quote(target.closest("[data-quote-message]")))
    window.htmx?.process(this)
  }

  /** Entries find their place in the thread; the head, the facts and the composer's rules replace what stands here. */
  receive(pieces, gone = []) {
    this.thread.forget(gone)
    const entries = pieces.filter((piece) => piece.hasAttribute("data-entry"))
    for (const piece of pieces) {
      if (piece.hasAttribute("data-entry")) continue
      const existing = this.querySelector(`#${CSS.escape(piece.id)}`)
      if (existing?.matches(".triage") && existing.dataset.seq === piece.dataset.seq && existing.dataset.turns === piece.dataset.turns) continue // nothing moves under a hand
      if (existing && Number(piece.dataset.seq ?? Infinity) >= Number(existing.dataset.seq ?? 0)) stand(piece, existing)
    }
    if (pieces.some(({ id }) => id === "conversation-head")) this.sayWho()
    if (!entries.length) return
    const isNew = (entry) => !this.querySelector(`#${CSS.escape(entry.id)}`)
    if (entries.some((entry) => entry.hasAttribute("data-anew") && isNew(entry))) return void this.dispatchEvent(new CustomEvent("thread-anew", { bubbles: true }))
    if (entries.some((entry) => entry.hasAttribute("data-whose") && isNew(entry))) this.dispatchEvent(new CustomEvent("person-anew", { bubbles: true }))
    this.thread.receive(entries)
    this.querySelector("reply-composer")?.showOther()
    this.typing.textContent = ""
  }

  /** The name of its person may be known only by now. */
  sayWho() {
    const shell = this.closest("workspace-shell")
    const name = this.querySelector(".head__name").textContent
    this.thread.ariaLabel = `Messages with ${name}`
    if (shell.stays(this.dataset.id)) document.title = `${name} · ${shell.dataset.title}`
  }

  #quote(button) {
    if (!button) return
    const words = button.closest(".message").querySelector(".message__text")?.textContent ?? "a file"
    this.querySelector("reply-composer").quote(button.dataset.quoteMessage, words)
  }

  showTyping(name) {
    this.typing.textContent = `${name || "The customer"} is typing…`
    clearTimeout(this.quiet)
    this.quiet = setTimeout(() => (this.typing.textContent = ""), 6000)
  }

  async #read(seq) {
    const bell = document.querySelector("notice-bell")
    const times = bell?.times
    if (await haveRead(this.dataset.id, this.dataset.readUrl, seq)) bell?.quiet(times)
  }
}
customElements.define("conversation-pane", ConversationPane)
