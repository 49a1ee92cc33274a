/**
 * Whether the open thread has all that it was told of. The numbers of the line are kept for rows; a row says with which numbers its
 * thread is told, too. What was told and does not come is asked for, and until it is here nobody counts it as seen.
 */
const KEPT = 200 // numbers that came before their row said so

export class ThreadNumbers {
  asks = 0
  lacks = [] // { from, number, ask }: something after `from` may not be here; asked for with question `ask`
  reads = new Map() // question -> what came after this number is in its answer

  constructor() {
    this.begin(null)
  }

  /** Another conversation is open, read when the brand was at `read`: what came since may not be in it. */
  begin(read) {
    this.heard = []
    this.base = read ?? Infinity
    this.firstAsk = this.asks + 1
    this.lacks = read === null ? [] : [{ from: read }]
  }

  /** Up to where nothing is missing. */
  get whole() {
    return Math.min(...this.lacks.map(({ from }) => from))
  }

  /** Up to where nothing is missing that it was told of. */
  get told() {
    return Math.min(...this.lacks.map(({ from, number }) => (number ? from : Infinity)))
  }

  /** Its row says that it is told with these numbers. Returns those that are not here yet. */
  expect(numbers) {
    const due = numbers.filter((number) => number > this.base && !this.heard.includes(number) && !this.lacks.some((each) => each.number === number))
    this.lacks.push(...due.map((number) => ({ from: number - 1, number })))
    return due
  }

  /** It is told with this number. */
  hear(number) {
    this.heard = [...this.heard, number].slice(-KEPT)
    this.lacks = this.lacks.filter((each) => each.number !== number)
  }

  /** The brand was restored, and counts again from `last`. */
  restored(last) {
    this.heard = []
    this.base = Math.min(this.base, last)
  }

  isOwed(number) {
    return this.lacks.some((each) => each.number === number && !each.ask)
  }

  /** All that is missing is asked for with one question, which has this number; it asks for what came after `read`. */
  ask(read) {
    this.asks += 1
    this.reads.set(this.asks, read)
    for (const each of this.lacks) each.ask ??= this.asks
    return this.asks
  }

  /** The answer to a question is here: all that there was up to `last`. */
  answered(ask, last) {
    const read = this.reads.get(ask)
    for (const each of this.reads.keys()) if (each <= ask) this.reads.delete(each)
    if (!(ask >= this.firstAsk)) return // it was about another conversation
    this.base = Math.max(this.base, last)
    const isBrought = ({ from, number }) => number <= last && from >= read // also where it was told of after the question
    this.lacks = this.lacks.filter((each) => !(each.ask <= ask) && !isBrought(each))
  }
}

/** With which numbers the thread of a conversation is told, by what is told of rows. */
export function numbersOf(id, { threads = {}, changed = [] }) {
  const [, , , , , ...numbers] = changed.find(([each]) => each === id) ?? []
  return threads[id] ?? numbers
}
