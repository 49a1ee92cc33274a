/** What this page says of its person: that they look, write a reply or a note, or are away. Said when it changes, and every few seconds while it holds. */
const AGAIN = 5000
const STOPPED = 6000 // milliseconds without a letter after which somebody no longer writes

export class Presence {
  constructor(shell, tell) {
    this.shell = shell
    this.tell = tell
    this.doing = ""
    shell.addEventListener("input", ({ target }) => target.matches("#composer-text") && this.#wrote(target))
    for (const kind of ["visibilitychange", "freeze", "resume"]) document.addEventListener(kind, () => this.say())
    window.addEventListener("pageshow", () => this.say())
    setInterval(() => document.visibilityState === "visible" && this.say({ again: true }), AGAIN)
  }

  get now() {
    if (document.visibilityState !== "visible") return ""
    return this.shell.dataset.open && Date.now() - (this.wroteAt ?? 0) < STOPPED ? this.writes : "looks"
  }

  /** `again`: also where nothing has changed. A page that is hidden says nothing more once it has said so. */
  say({ again = false } = {}) {
    if (this.now === this.doing && !again) return
    this.doing = this.now
    this.tell(this.doing)
  }

  stopped() {
    this.wroteAt = 0
    this.say()
  }

  #wrote(field) {
    clearTimeout(this.soon)
    this.writes = this.shell.composer?.mode ?? "reply"
    this.wroteAt = field.value.trim() ? Date.now() : 0
    this.say()
    this.soon = setTimeout(() => this.say(), STOPPED + 50)
  }
}
