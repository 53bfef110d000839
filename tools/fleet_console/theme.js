/* Light or dark before anything is drawn: the user's choice, else the system's. */
"use strict";
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem("fleet-console.theme"); } catch { /* a browser that stores nothing */ }
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
