/** How far conversations have been read, told until the server has taken it: a line that is lost for a moment leaves none unread. */
import { Refused, ask } from "./fragments.js"

const SOON = 1000 // until what was not taken is told again; longer each time
const owed = new Map() // id -> what the server has not taken yet

/** Settles with whether anybody is told of less now. Does not fail: what is not taken is told again. */
export async function haveRead(id, url, upTo, pause = SOON) {
  const reading = { upTo: Math.max(upTo, owed.get(id)?.upTo ?? 0) }
  owed.set(id, reading)
  const body = new FormData()
  body.set("up_to_seq", reading.upTo)
  try {
    const said = await ask(url, { method: "POST", body })
    if (owed.get(id) === reading) owed.delete(id)
    return Boolean(said)
  } catch (error) {
    const again = !(error instanceof Refused) || error.status >= 500
    if (again) setTimeout(() => owed.get(id) === reading && haveRead(id, url, reading.upTo, Math.min(15_000, pause * 2)), pause)
    else if (owed.get(id) === reading) owed.delete(id)
    return false
  }
}

/** Somebody puts it back among the unread: what was not told yet is not told any more. */
export function leaveUnread(id) {
  owed.delete(id)
}
