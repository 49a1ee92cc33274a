/** What a key or a line of the palette does to a conversation: the row in hand, else the one that is open. */
import { Refused, ask, explain, notify, sentence } from "./fragments.js"
import { address, settle, show } from "./picks.js"

export function inHand(shell) {
  return document.activeElement?.closest?.(".row")?.dataset.id ?? shell.dataset.open
}

/** Who resolves says what they have seen, in the thread or in the row, so that nothing is buried that came a moment before. */
export async function resolve(shell) {
  const id = inHand(shell)
  const isOpen = shell.pane?.dataset.id === id
  const place = isOpen ? shell.pane.querySelector("conversation-head") : shell.list.find(id)
  const seen = isOpen ? shell.composer.seen : place.dataset.said
  const method = place.dataset.state === "resolved" ? "DELETE" : "POST"
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
  const before = row?.dataset.unread
  if (before === "0") row.dataset.unread = "1"
  try {
    const said = await ask(`${address(shell, id)}readings/`, { method: "DELETE" })
    notify(said.trim() || sentence("It is unread already.", "calm"))
  } catch (error) {
    if (row && before) row.dataset.unread = before
    notify(explain(error))
  }
}

export async function spam(shell) {
  const id = inHand(shell)
  const seen = shell.pane?.dataset.id === id ? shell.composer?.seen : shell.list.find(id)?.dataset.said
  await settle(shell, `${address(shell, id)}spam/`, { method: "POST", values: { seen_seq: seen ?? "" } })
}

export async function assign(shell, person) {
  await settle(shell, `${address(shell, inHand(shell))}assignment/`, { method: "POST", values: { person } })
}

export async function tag(shell, tagId) {
  await settle(shell, `${address(shell, inHand(shell))}tags/${tagId}/`, { method: "POST" })
}

/** Shown with the key; the answer brings the row as it now is, or takes the change back. */
async function change(shell, id, act, { url, method, values }) {
  const places = () => [shell.list.find(id), shell.pane?.dataset.id === id && shell.pane.querySelector("conversation-head")].filter(Boolean)
  for (const place of places()) place.setAttribute("data-pending", act)
  const body = new FormData()
  for (const [name, value] of Object.entries(values)) body.set(name, value)
  try {
    show(shell, await ask(url, method === "DELETE" ? { method } : { method, body }))
    if (act === "resolve" && method === "POST") shell.done(id)
  } catch (error) {
    for (const place of places()) place.removeAttribute("data-pending")
    if (!(error instanceof Refused) || error.status !== 409) return notify(explain(error))
    await shell.open(id) // something came that the row did not show: it is shown, with the choice
    shell.composer?.stop(error.html)
  }
}
