/**
 * The conversation that is likely to be next, fetched while this one is read: it is there with the key. What has happened to it
 * since is asked for by number when it is shown, as for any page that missed something.
 */
import { ask, elements } from "./fragments.js"

const REST = 300 // milliseconds that a hand rests before anything is fetched for it
const FRESH = 30_000 // older than that, and asking for what it missed costs more than asking for it

export class Ahead {
  constructor(shell) {
    this.shell = shell
  }

  /** Have it ready soon, unless something else is likelier by then. */
  want(id) {
    clearTimeout(this.resting)
    if (!id || id === this.shell.dataset.open) return
    this.resting = setTimeout(() => this.#fetch(id), REST)
  }

  /** It, whole or on its way; what is taken is not there any more. Its parts are null where they could not be had. */
  take(id) {
    clearTimeout(this.resting)
    const { kept } = this
    this.kept = null
    return kept?.id === id && performance.now() - kept.at < FRESH ? kept : null
  }

  /** It is not any more as it was fetched, and no number tells of that. */
  forget(id) {
    if (this.kept?.id === id) this.kept = null
  }

  #fetch(id) {
    const { shell, kept } = this
    if (document.visibilityState !== "visible" || shell.line.dataset.state !== "live" || shell.dataset.open === id) return
    if (kept?.id === id && performance.now() - kept.at < FRESH / 2) return
    const parts = ask(`/b/${shell.dataset.brand}/conversations/${id}/`).then(elements).catch(() => null)
    this.kept = { id, parts, since: shell.line.seen, at: performance.now() }
    parts.then(() => (shell.dataset.ahead = id))
  }
}
