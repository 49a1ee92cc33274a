/** On a phone a page's neighbours stand in one line that is pushed aside: the one that is open is brought into sight. */
const current = document.querySelector("nav [aria-current=page]")
const line = current?.closest("ul")
if (line && line.scrollWidth > line.clientWidth) {
  const { left, width } = current.getBoundingClientRect()
  line.scrollLeft += left + width / 2 - innerWidth / 2
}
