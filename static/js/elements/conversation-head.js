/** The head of the open conversation. It is the same for every viewer; what is "mine" is found out here. */
class ConversationHead extends HTMLElement {
  connectedCallback() {
    const shell = this.closest("workspace-shell")
    this.toggleAttribute("data-mine", this.dataset.assignee === shell?.dataset.me)
    const back = this.querySelector("[data-back]")
    const current = document.querySelector(".view[aria-current]")
    if (back && current) back.href = current.href
    shell?.attendance?.mark(this)
    window.htmx?.process(this)
  }
}
customElements.define("conversation-head", ConversationHead)
