// Before the first paint: the colours this person chose, else the system's.
(() => {
  try {
    const chosen = localStorage.getItem("parley.theme")
    if (chosen) document.documentElement.dataset.theme = chosen
  } catch {
    // A browser that keeps nothing follows the system.
  }
})()
