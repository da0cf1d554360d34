// Before the first paint: the theme that was chosen here last, so that nothing flashes.
(() => {
  const chosen = window.localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
