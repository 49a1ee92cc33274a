/** What a key or a line of the palette does to a conversation: the row in hand, else the one that is open. */
import { Refused, ask, explain, notify, sentence } from "./fragments.js"
import { isAway, tellOf } from "./afar.js"
import * as drafts from "./drafts.js"
import { leaveUnread } from "./readings.js"
import { address, handAt, inHand, isShown, isTyping, newestOf, seenOf, settle, show } from "./picks.js"
import { doing } from "./undo.js"

export { inHand }

/** Where it stands, as newest known: a head that was read a moment before one's own key still shows what was. */
function placeOf(shell, id) {
  const head = isShown(shell, id) && shell.pane.querySelector("conversation-head")
  const places = [head, shell.list.find(id), handAt()].filter((place) => place && place.dataset.id === id)
  return places.reduce((best, place) => (!best || Number(place.dataset.seq) > Number(best.dataset.seq) ? place : best), undefined)
}

/** Who resolves says what they have seen, so that nothing is buried that came a moment before. */
export async function resolve(shell) {
  const id = inHand(shell)
  const place = placeOf(shell, id)
  if (!place) return // it is on its way
  const seen = seenOf(shell, id)
  const method = isAway(place.dataset) ? "DELETE" : "POST"
  await change(shell, id, "resolve", { url: `${address(shell, id)}resolution/`, method, values: { seen_seq: seen } })
}

export async function take(shell) {
  const id = inHand(shell)
  await change(shell, id, "mine", { url: `${address(shell, id)}assignment/`, method: "POST", values: { person: shell.dataset.meId } })
}

/** Put it back among the unread: it stays so until something new is seen. */
export async function unread(shell) {
  const id = inHand(shell)
  const row = shell.list.find(id)
  leaveUnread(id)
  const before = row?.dataset.unread
  if (before === "0") row.dataset.unread = "1"
  try {
    const said = await doing(ask(`${address(shell, id)}readings/`, { method: "DELETE" }))
    notify(said.trim() || sentence("It is unread already.", "calm"))
  } catch (error) {
    if (row && before) row.dataset.unread = before
    notify(explain(error))
  }
}

export async function spam(shell) {
  const id = inHand(shell)
  await settle(shell, `${address(shell, id)}spam/`, { method: "POST", values: { seen_seq: seenOf(shell, id) ?? "" } })
}

/**
 * Reply, or note, in the conversation in hand. What is typed before its composer is there goes into a field of its own: it is neither
 * lost, nor written to whoever was open before, nor taken for keys.
 */
export async function write(shell, mode) {
  const id = inHand(shell) ?? shell.dataset.open
  if (isShown(shell, id)) return shell.composer.write(mode)
  const { at } = handAt()?.dataset ?? {}
  const early = Object.assign(document.createElement("textarea"), { className: "visually-hidden", ariaLabel: mode === "note" ? "Note" : "Reply" })
  document.body.append(early)
  early.focus({ preventScroll: true })
  await shell.open(id, { at })
  const writing = document.activeElement === early
  const { value } = early
  early.remove()
  if (isShown(shell, id)) {
    shell.composer.write(mode, { focus: writing })
    const { length } = shell.composer.field.value
    if (value) shell.composer.insert(length, length, value)
  } else if (value.trim()) drafts.before(shell.dataset.me, id, mode, value)
}

/** A bot or the customer has it, and nobody here can do anything; again: it is back. */
export async function pend(shell) {
  const id = inHand(shell)
  const method = placeOf(shell, id)?.dataset.state === "pending" ? "DELETE" : "POST"
  await settle(shell, `${address(shell, id)}pending/`, { method, values: { seen_seq: seenOf(shell, id) ?? "" } })
}

/** What its customer wrote, as far as it has been seen, needs none. */
export async function needNoAnswer(shell) {
  const id = inHand(shell)
  await settle(shell, `${address(shell, id)}no-reply-needed/`, { method: "POST", values: { seen_seq: seenOf(shell, id) ?? "" } })
}

export function isUnderWay(shell) {
  const place = placeOf(shell, inHand(shell))
  return Boolean(place) && !isAway(place.dataset)
}

export async function assign(shell, person) {
  await settle(shell, `${address(shell, inHand(shell))}assignment/`, { method: "POST", values: { person } })
}

export async function tag(shell, tagId) {
  await settle(shell, `${address(shell, inHand(shell))}tags/${tagId}/`, { method: "POST" })
}

/** Whose conversation it is weighs more from now on; again: no more than others. */
export async function markVip(shell) {
  const id = inHand(shell)
  const method = placeOf(shell, id)?.dataset.vip === "yes" ? "DELETE" : "POST"
  await settle(shell, `${address(shell, id)}vip/`, { method })
}

/** A group is nobody that could be marked. */
export function isOfOne(shell) {
  return Boolean(placeOf(shell, inHand(shell))?.dataset.vip)
}

export async function feel(shell, mood) {
  await settle(shell, `${address(shell, inHand(shell))}mood/${mood}/`, { method: "POST" })
}

/** Shown with the key; the answer brings the row as it now is, or takes the change back. */
async function change(shell, id, act, { url, method, values }) {
  const places = () => [shell.list.find(id), isShown(shell, id) && shell.pane.querySelector("conversation-head")].filter(Boolean)
  for (const place of places()) place.setAttribute("data-pending", act)
  const name = nameIn(placeOf(shell, id))
  const was = whereabouts(shell)
  const newest = newestOf(shell, id)
  const body = new FormData()
  for (const [name, value] of Object.entries(values)) body.set(name, value)
  try {
    show(shell, await doing(ask(url, method === "DELETE" ? { method } : { method, body })))
    if (act === "resolve" && method === "POST") shell.done(id, newest)
  } catch (error) {
    for (const place of places()) place.removeAttribute("data-pending")
    if (!(error instanceof Refused) || error.status !== 409) return notify(explain(error))
    // Something came that was not seen: it is shown, with the choice, but never under a hand that has gone on.
    if (shell.stays(id)) return shell.composer.stop(error.html)
    if (isTyping() || whereabouts(shell) !== was) return tellOf(shell, { id, name, html: error.html, waits: true })
    if (await shell.open(id)) shell.composer?.stop(error.html)
  }
}

const whereabouts = (shell) => JSON.stringify([handAt()?.dataset.id, shell.dataset.open])

function nameIn(place) {
  return place?.querySelector(".head__name, .row__name, .hit__name")?.textContent.trim() ?? ""
}
