/** What stands first in the list. The order is in the address, so that it can be kept and passed on. */
class ListSort extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", ({ target }) => {
      const address = new URL(location.href)
      address.searchParams.set("sort", target.value)
      const { view } = this.closest("workspace-shell").dataset
      if (address.pathname.includes("/conversations/")) address.searchParams.set("view", view)
      location.assign(address)
    })
  }
}
customElements.define("list-sort", ListSort)
