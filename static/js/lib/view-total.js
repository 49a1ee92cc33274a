/** How many conversations the view on screen holds. Null: nobody knows. What is typed is not counted, and a saved view is not while it is being filled. */
export function viewTotal(shell) {
  const said = shell.querySelector(".list__count .view__count")?.textContent ?? ""
  return /^\d+$/.test(said) ? Number(said) : null
}
