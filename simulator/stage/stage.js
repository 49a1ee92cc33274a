/** Who you are, whom you write to, and what comes back. */

import { get, post, remove, upload } from "./api.js"
import { draw, element, time } from "./thread.js"

const $ = (id) => document.getElementById(id)
const names = { instagram: "Instagram", x: "X", linkedin: "LinkedIn" }
const state = { platform: "", account: null, person: null, member: "", about: null, shown: null }
let accounts = []
let abilities = {}

const place = () => ({ platform: state.platform, account: state.account.id })
const can = () => abilities[state.platform] || {}
const me = () => ({ ...place(), from: { id: state.member || state.person.key }, thread: state.person.thread })

/** Whose trouble is shown. What looks by itself every moment must not wipe away why a message was not sent. */
let troubled = null

function complain(work, error) {
  troubled = error ? work : null
  $("trouble").textContent = error ? error.message : ""
  $("trouble").hidden = !error
}

const guarded = (work) => async (...given) => {
  try {
    const result = await work(...given)
    if (troubled === work) complain(work, null)
    return result
  } catch (error) {
    complain(work, error)
  }
}

// Choosing

function choosePlatform(platform) {
  state.platform = platform
  for (const button of $("platforms").children) button.setAttribute("aria-pressed", String(button.dataset.platform === platform))
  const mine = accounts.filter((one) => one.platform === platform)
  $("account").replaceChildren(...mine.map((one) => element("option", { value: one.id, text: `${one.name} (@${one.handle})` })))
  chooseAccount(mine[0].id)
}

function chooseAccount(id) {
  state.account = accounts.find((one) => one.platform === state.platform && one.id === id)
  state.person = null
  complain(null, null)
  $("brand-name").textContent = state.account.name
  $("brand-face").src = `/stage/face/${encodeURIComponent(state.account.brand)}`
  $("story").hidden = !can().story
  discuss(null)
  showThread()
  showPeople(true)
}

const showPeople = guarded(async (pick = false) => {
  const { people, more } = await get("/stage/people", { ...place(), q: $("search").value })
  const rows = people.map((one) =>
    element("li", {}, element(
      "button",
      { class: "person", type: "button", "aria-current": String(state.person?.thread === one.thread), onclick: () => choosePerson(one) },
      element("img", { class: "face", src: `/stage/face/${encodeURIComponent(one.key)}.png`, alt: "", width: 40, height: 40 }),
      element("span", { class: "names" },
        element("span", { class: "name", text: one.name }),
        element("span", { class: "last", text: one.last })),
      element("time", { text: one.at_ms ? time(one.at_ms) : "" }),
    )))
  if (more) rows.push(element("li", { class: "none", text: `and ${more} more: search for a name` }))
  if (!people.length) rows.push(element("li", { class: "none", text: "Nobody yet. Add somebody below, or play traffic." }))
  $("people").replaceChildren(...rows)
  if (pick && people.length && !state.person) choosePerson(people[0], { stay: true })
})

function choosePerson(person, { stay = false } = {}) {
  if (!stay) complain(null, null)
  state.person = person
  state.member = person.group ? person.members[0].key : ""
  $("member").replaceChildren(...(person.members ?? []).map((one) => element("option", { value: one.key, text: `as ${one.name}` })))
  discuss(null)
  for (const row of $("people").querySelectorAll(".person")) row.setAttribute("aria-current", "false")
  if (!stay) document.body.dataset.half = "phone"
  $("thread").scrollTop = $("thread").scrollHeight
  showThread(true)
  showPeople()
}

// The thread

const showThread = guarded(async (fresh = false) => {
  const person = state.person
  for (const id of ["text", "picture", "story"]) $(id).disabled = !person
  $("composer").querySelector(".send").disabled = !person
  $("as").textContent = person && !person.group ? `as ${person.name}` : ""
  $("member").hidden = !person?.group
  if (!person) {
    $("thread").replaceChildren(element("li", { class: "empty", text: "Choose a person, or add somebody new." }))
    return
  }
  const found = await get("/stage/thread", { ...place(), thread: person.thread })
  if (state.person !== person) return
  state.shown = found
  for (const one of found.messages) one.own = one.mine && (!person.group || one.by === state.member)
  draw($("thread"), found, { abilities: can(), act, group: person.group })
  if (fresh) $("thread").scrollTop = $("thread").scrollHeight
  $("brand-state").textContent = found.typing ? "writes …" : names[state.platform]
  read(found)
})

/** Looking at the brand's newest message counts as reading it, where the platform tells. */
const read = guarded(async ({ messages, read: known }) => {
  const newest = messages.findLast((one) => !one.mine)
  if (!can().read || !newest || newest.id === known || document.visibilityState !== "visible") return
  await post("/stage/events", { ...me(), kind: "read", target: newest.id })
})

const act = guarded(async (kind, message) => {
  if (kind === "reply" || kind === "edit") return discuss({ kind, message })
  const has = message.reactions.some((one) => !one.brand)
  await post("/stage/events", { ...me(), kind: kind === "react" && has ? "unreact" : kind, target: message.id, emoji: "❤️" })
  showThread()
})

function discuss(about) {
  state.about = about
  $("about").hidden = !about
  const words = { reply: "Reply to", edit: "Edit", story: "Answer the story of" }
  if (about) {
    $("about-text").textContent = `${words[about.kind]} ${about.message?.text || state.account.name}`
    if (about.kind === "edit") $("text").value = about.message.text
    $("text").focus()
  }
}

// Writing

const send = guarded(async () => {
  const text = $("text").value.trim()
  if (!text || !state.person) return
  const { about, person } = state
  $("text").value = ""
  discuss(null)
  try {
    if (about?.kind === "edit") {
      await post("/stage/events", { ...me(), kind: "edit", target: about.message.id, text })
    } else {
      const kind = about?.kind === "story" ? "story_reply" : "text"
      await post("/stage/messages", { ...me(), kind, text, reply_to: about?.kind === "reply" ? about.message.id : "" })
    }
  } catch (error) {
    // Nobody has to write it twice, unless they have begun with something else.
    if (state.person === person && !$("text").value) {
      discuss(about)
      $("text").value = text
    }
    throw error
  }
  await showThread(true)
})

const sendPicture = guarded(async () => {
  const [file] = $("picture").files
  $("picture").value = ""
  if (!file || !state.person) return
  const { media_id } = await upload(file, place())
  await post("/stage/messages", { ...me(), kind: "image", attachments: [{ kind: "image", media_id }] })
  await showThread(true)
})

let typedAt = 0
const typing = guarded(async () => {
  if (!can().typing || !state.person || Date.now() - typedAt < 4000) return
  typedAt = Date.now()
  await post("/stage/events", { ...me(), kind: "typing" })
})

// Faults and traffic

const showFaults = guarded(async () => {
  const { faults } = await get("/control/faults")
  const on = faults.filter((one) => one.on.length).length
  $("faults-on").textContent = on ? `(${on} on)` : ""
  $("fault-list").replaceChildren(...faults.map((one) =>
    element("li", {}, element("label", {},
      element("input", { type: "checkbox", checked: one.on.length > 0, onchange: (event) => switchFault(one.name, event.target.checked) }),
      element("span", { text: one.name }),
      element("small", { text: one.sentence })))))
})

const switchFault = guarded(async (name, on) => {
  await (on ? post("/control/faults", { name }) : remove("/control/faults", { name }))
  showFaults()
})

const showPlay = guarded(async () => {
  const { playing } = await get("/control/play")
  $("play").textContent = playing ? "Stop traffic" : "Play traffic"
  $("play").dataset.on = String(playing)
})

// Live

/** Once after several calls; those that come while it waits do not put it off, or fast traffic would put it off for ever. */
function soon(work, wait) {
  let timer = 0
  return () => {
    timer ||= setTimeout(() => {
      timer = 0
      work()
    }, wait)
  }
}

/** Once nothing more has been typed. */
function atRest(work, wait) {
  let timer = 0
  return () => {
    clearTimeout(timer)
    timer = setTimeout(work, wait)
  }
}

const peopleSoon = soon(() => showPeople(true), 400)
const threadSoon = soon(() => showThread(), 40)

function listen() {
  const news = new EventSource("/stage/live")
  news.onopen = () => state.account && (threadSoon(), peopleSoon())
  news.onmessage = ({ data }) => {
    const one = JSON.parse(data)
    if (one.platform !== state.platform || one.account !== state.account?.id) return
    if (one.kind === "message") peopleSoon()
    if (one.thread === state.person?.thread) threadSoon()
  }
  setInterval(() => state.shown?.typing && threadSoon(), 3000)
}

$("composer").addEventListener("submit", (event) => (event.preventDefault(), send()))
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) (event.preventDefault(), send())
  if (event.key === "Escape") discuss(null)
})
$("text").addEventListener("input", typing)
$("picture").addEventListener("change", sendPicture)
$("story").addEventListener("click", () => discuss({ kind: "story" }))
$("about-cancel").addEventListener("click", () => (discuss(null), ($("text").value = "")))
$("back").addEventListener("click", () => delete document.body.dataset.half)
$("member").addEventListener("change", (event) => {
  state.member = event.target.value
  discuss(null)
  showThread()
})
$("account").addEventListener("change", (event) => chooseAccount(event.target.value))
$("search").addEventListener("input", atRest(() => showPeople(), 150))
$("faults").addEventListener("toggle", showFaults)
$("play").addEventListener("click", guarded(async () => {
  await ($("play").dataset.on === "true" ? remove("/control/play") : post("/control/play", {}))
  showPlay()
}))
$("new-person").addEventListener("submit", guarded(async (event) => {
  event.preventDefault()
  const form = event.target
  const made = await post("/stage/people", { ...place(), name: new FormData(form).get("name") })
  form.reset()
  await showPeople()
  choosePerson({ ...made, group: false })
}))
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && state.account && showThread())

const start = guarded(async () => {
  const found = await get("/stage/accounts")
  accounts = found.accounts
  abilities = found.abilities
  const platforms = [...new Set(accounts.map((one) => one.platform))]
  $("platforms").replaceChildren(...platforms.map((one) =>
    element("button", { type: "button", text: names[one], "data-platform": one, "aria-pressed": "false", onclick: () => choosePlatform(one) })))
  const wanted = new URLSearchParams(location.search)
  choosePlatform(platforms.includes(wanted.get("platform")) ? wanted.get("platform") : platforms[0])
  if (wanted.get("half") === "phone") document.body.dataset.half = "phone"
  showPlay()
  showFaults()
  listen()
})

start()
