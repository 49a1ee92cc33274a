/** Draws a thread as its customer sees it. Text is only ever set as text. */

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" })
const date = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" })

export function element(name, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value)
    else made.setAttribute(key, value === true ? "" : value)
  }
  if (text !== undefined) made.textContent = text
  made.append(...children.filter(Boolean))
  return made
}

export const time = (ms) => clock.format(new Date(ms))

function attachment(row) {
  if (row.src && (row.mime || "").startsWith("image/")) {
    return element("img", { class: "picture", src: row.src, alt: row.name || "Picture", loading: "lazy" })
  }
  if (row.kind === "like_heart") return element("span", { class: "bubble", text: "❤️" })
  const words = row.name || row.title || row.kind.replaceAll("_", " ")
  return row.src ? element("a", { class: "file", href: row.src, text: words }) : element("span", { class: "file", text: words })
}

function actions(message, abilities, act) {
  const made = []
  const add = (label, kind) => made.push(element("button", { type: "button", text: label, onclick: () => act(kind, message) }))
  if (!message.deleted) {
    if (abilities.react && !message.mine) add(message.reactions.some((one) => !one.brand) ? "Remove ❤️" : "❤️", "react")
    if (abilities.reply) add("Reply", "reply")
    if (abilities.edit && message.own && message.text) add("Edit", "edit")
    if (abilities.unsend && message.own) add("Unsend", "unsend")
  }
  return made.length ? element("div", { class: "acts" }, ...made) : null
}

function bubble(message, { before, byId, abilities, act, group, seen }) {
  const quoted = message.reply_to && byId.get(message.reply_to)
  const turn = !before || before.own !== message.own || (group && before.author !== message.author)
  const node = element("li", {
    class: ["message", message.own && "mine", message.deleted && "deleted", turn && "turn"].filter(Boolean).join(" "),
    "data-id": message.id,
    onclick: (event) => event.currentTarget.classList.toggle("open"),
  })
  if (group && turn) node.append(element("span", { class: "author", text: message.author }))
  if (message.story) node.append(element("span", { class: "quote", text: "Answered a story" }))
  if (quoted) node.append(element("span", { class: "quote", text: `↩ ${quoted.text || quoted.kind}` }))
  if (message.deleted) node.append(element("span", { class: "bubble", text: "Message unsent" }))
  else {
    node.append(...message.attachments.map(attachment))
    if (message.text) node.append(element("span", { class: "bubble", text: message.text }))
    else if (!message.attachments.length) node.append(element("span", { class: "bubble", text: message.kind.replaceAll("_", " ") }))
  }
  if (message.reactions.length) {
    node.append(element("span", { class: "reactions", text: message.reactions.map((one) => one.emoji).join(" ") }))
  }
  const notes = [message.edited && !message.deleted && "Edited", seen && "Seen"].filter(Boolean)
  if (notes.length) node.append(element("span", { class: "below", text: notes.join(" · ") }))
  const more = actions(message, abilities, act)
  if (more) node.append(more)
  return node
}

/** Replaces what is shown; stays at the newest message unless the reader has scrolled up. */
export function draw(list, { messages, seen }, { abilities, act, group }) {
  const near = list.scrollHeight - list.scrollTop - list.clientHeight < 80
  const byId = new Map(messages.map((one) => [one.id, one]))
  const lastMine = messages.findLast((one) => one.own && !one.deleted)
  // The newest that was seen may be unsent by now, or another member's: what stands before it was seen as well.
  const seenUpTo = messages.findIndex((one) => one.id === seen)
  const nodes = []
  let before = null
  for (const message of messages) {
    const day = new Date(message.at_ms).toDateString()
    if (!before || new Date(before.at_ms).toDateString() !== day || message.at_ms - before.at_ms > 3_600_000) {
      nodes.push(element("li", { class: "day", text: `${date.format(new Date(message.at_ms))}, ${time(message.at_ms)}` }))
    }
    const isSeen = message === lastMine && messages.indexOf(message) <= seenUpTo
    nodes.push(bubble(message, { before, byId, abilities, act, group, seen: isSeen }))
    before = message
  }
  if (!nodes.length) nodes.push(element("li", { class: "empty", text: "Say hello. The brand sees it at once." }))
  list.replaceChildren(...nodes)
  if (near) list.scrollTop = list.scrollHeight
}
