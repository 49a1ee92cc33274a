/**
 * What is asked for until it is here, so many at a time. Its numbers have passed, so nobody else would ask for it: what did not come is
 * asked for again, longer apart each time, and the page is not live before.
 */
import { hadOrTold } from "./fragments.js"

const AT_A_TIME = 100 // as many as the server answers for
const SOON = 1000
const LATEST = 15_000

/** By id, what is known of it. What is told of anew while it is asked for is asked for once more. */
export class Wanted extends Map {
  /** `fetch`: asks for these ids, and brings what comes to its place. */
  constructor(fetch) {
    super()
    this.fetch = fetch
    this.wait = SOON
  }

  askSoon(shell, pause = 0) {
    clearTimeout(this.soon)
    this.soon = setTimeout(() => this.asking || this.#ask(shell), pause)
  }

  async #ask(shell) {
    this.asking = true
    const hasCome = await this.#askAll(shell)
    this.asking = false
    if (hasCome) {
      this.wait = SOON
      shell.line.paid(this)
      return
    }
    shell.line.owe(this)
    this.askSoon(shell, this.wait)
    this.wait = Math.min(LATEST, this.wait * 2)
  }

  async #askAll(shell) {
    while (this.size && !shell.line.gone) {
      const piece = [...this].slice(0, AT_A_TIME)
      try {
        await hadOrTold(this.fetch(shell, piece.map(([id]) => id)))
      } catch {
        return false
      }
      for (const [id, known] of piece) if (this.get(id) === known) this.delete(id)
    }
    return true
  }
}
