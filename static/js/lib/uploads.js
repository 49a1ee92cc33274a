/** Files on their way into a reply: checked against the platform's limits, sent up with progress, removable. */
import { csrf, elements, explain, notify, Refused, sentence } from "./fragments.js"

const STILL = 60_000 // milliseconds without anything leaving after which the line is dead
const STORED = 600_000 // for the answer: what has left the page may stand in the system's buffer or a proxy's, and is stored then
const REMOVE = `<button class="button button--icon" type="button" data-remove title="Do not send this file"><svg class="icon" aria-hidden="true"><use href="#icon-cross"></use></svg><span class="visually-hidden"></span></button>`
const underWay = new Map() // conversation -> the items of its files that go up, whichever composer they stand in by now
const KINDS = { image: "image", video: "video", audio: "audio" }

export class Uploads {
  constructor(composer) {
    this.composer = composer
    this.list = composer.querySelector("ul[data-files]") // the state beside it has an attribute of that name
    this.input = composer.querySelector("[data-file-input]")
    this.input.addEventListener("change", () => this.take([...this.input.files]))
    composer.field.addEventListener("paste", (event) => this.#dropped(event, event.clipboardData))
    composer.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault())
    composer.addEventListener("drop", (event) => this.#dropped(event, event.dataTransfer))
    this.list.addEventListener("click", ({ target }) => target.closest("[data-remove]") && this.#remove(target.closest("li")))
  }

  get ids() {
    return [...this.list.querySelectorAll("[data-attachment]")].map((item) => item.dataset.attachment)
  }

  /** As they stand here, for a page to come. */
  get kept() {
    return [...this.list.querySelectorAll("[data-attachment]")].map(({ outerHTML }) => outerHTML).join("")
  }

  get isEmpty() {
    return !this.list.children.length
  }

  get busy() {
    return this.#underWay.size > 0
  }

  get #underWay() {
    return underWay.get(this.composer.dataset.id) ?? new Set()
  }

  get limits() {
    return JSON.parse(this.composer.state.files || "{}")
  }

  refresh(forbidden) {
    const none = forbidden || !Number(this.composer.state.maxFiles)
    this.input.disabled = none
    this.input.accept = this.composer.state.accept
    const label = this.input.closest("label")
    label.toggleAttribute("data-disabled", none)
    label.title = none && !forbidden ? `${this.composer.state.label} takes no files` : "Attach files"
  }

  /** Files of a reply that was taken back. */
  giveBack(items) {
    this.list.append(...items)
  }

  itemsOf(ids) {
    return [...this.list.querySelectorAll("[data-attachment]")].filter(({ dataset }) => ids.includes(dataset.attachment))
  }

  /** These have left with their reply; what was added since stays for the next. */
  sent(ids) {
    for (const item of this.itemsOf(ids)) item.remove()
  }

  /** Files that were kept with a draft, and those that go up still: who comes back finds them on their way. */
  put(items) {
    this.list.replaceChildren(...items, ...this.#underWay)
  }

  take(files) {
    for (const file of files) {
      const problem = this.#problem(file)
      if (problem) notify(sentence(problem))
      else this.#send(file)
    }
    this.input.value = ""
  }

  #problem(file) {
    const { label, maxFiles } = this.composer.state
    if (this.list.children.length >= Math.max(1, Number(maxFiles))) return `${label} takes at most ${maxFiles} files in a message.`
    const kind = KINDS[file.type.split("/")[0]] ?? "file"
    const limit = this.limits[kind]
    if (!limit) return `${label} does not take files of this kind (${file.type || "unknown"}).`
    if (limit.mimes.length && !limit.mimes.includes(file.type)) return `${label} takes ${limit.mimes.join(", ")}; this is ${file.type || "unknown"}.`
    const most = limit.maxOf[file.type] ?? limit.max
    if (file.size > most) return `${file.name} is larger than ${label} takes (${Math.floor(most / 1_048_576)} MB).`
    const here = Number(this.composer.state.houseMax)
    if (file.size > here) return `${file.name} is larger than this installation takes (${Math.floor(here / 1_048_576)} MB). Operations can raise PARLEY_PAGES_MAX_BODY.`
    return ""
  }

  #send(file) {
    const item = document.createElement("li")
    item.className = "upload"
    const name = document.createElement("span")
    name.className = "upload__name"
    name.textContent = file.name
    const progress = document.createElement("progress")
    progress.max = 1
    progress.value = 0
    progress.setAttribute("aria-label", `Sending up ${file.name}`)
    const [remove] = elements(REMOVE)
    remove.lastElementChild.textContent = `Remove ${file.name}`
    item.append(name, progress, remove)
    this.list.append(item)
    underWay.set(this.composer.dataset.id, this.#underWay.add(item))
    this.composer.refresh()
    const body = new FormData()
    body.set("file", file)
    // fetch tells nothing of what has left; the older request does.
    const request = (item.request = new XMLHttpRequest())
    let still
    const moves = (patience = STILL) => {
      clearTimeout(still)
      still = setTimeout(() => request.abort(), patience)
    }
    request.open("POST", this.composer.dataset.uploadUrl)
    request.setRequestHeader("X-CSRFToken", csrf())
    request.setRequestHeader("X-Parley-Fragment", "1")
    request.upload.onprogress = ({ loaded, total }) => {
      progress.value = loaded / total
      moves()
    }
    request.upload.onload = () => moves(STORED)
    request.onloadend = () => {
      clearTimeout(still)
      const composer = item.closest("reply-composer") ?? this.composer // its writer may have gone and come back
      this.#underWay.delete(item)
      if (item.takenOut) return composer.refresh()
      if (request.status === 200) item.replaceWith(...elements(request.responseText))
      else {
        item.remove()
        notify(explain(request.status ? new Refused(request.status, request.responseText) : new TypeError("offline")))
      }
      composer.refresh()
      composer.filesChanged()
    }
    moves()
    request.send(body)
  }

  #dropped(event, data) {
    const files = [...(data?.files ?? [])]
    if (!files.length || this.input.disabled) return
    event.preventDefault()
    this.take(files)
  }

  #remove(item) {
    item.takenOut = true
    item.remove()
    this.#underWay.delete(item)
    item.request?.abort()
    this.composer.refresh()
    this.composer.filesChanged()
  }
}
