/** The newest number told of each of those that were told of last. */
const KEPT = 1000

export class Latest {
  numbers = new Map() // the longest untold first

  /** Whether something newer was told of it already; what is not old is remembered. */
  isOld({ dataset: { id, seq = 0 } }) {
    if (Number(seq) < this.numbers.get(id)) return true
    this.numbers.delete(id)
    this.numbers.set(id, Number(seq))
    if (this.numbers.size > KEPT) this.numbers.delete(this.numbers.keys().next().value)
    return false
  }
}
