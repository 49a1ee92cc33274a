/** Rows come the same for everybody; which of them carry one's own unsent words is a rule of this page's style, whoever brings the row. */
export class DraftMarks {
  constructor(ids) {
    this.ids = new Set(ids)
    this.sheet = new CSSStyleSheet()
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.sheet]
    this.#show()
  }

  set(id, has) {
    if (this.ids.has(id) === has) return
    has ? this.ids.add(id) : this.ids.delete(id)
    this.#show()
  }

  #show() {
    const rows = [...this.ids].map((id) => `#row-${CSS.escape(id)} .row__draft`)
    this.sheet.replaceSync(rows.length ? `${rows.join(",")} { display: inline }` : "")
  }
}
