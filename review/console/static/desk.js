// Keys of the desk: "/" to search, "j" and "k" to move between flags, Ctrl+Enter to send a text. Enter opens what has
// the focus. Everything works without this file.
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
    event.target.form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "/") {
    const box = document.getElementById("q");
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  }
  if (event.key !== "j" && event.key !== "k") return;
  const links = [...document.querySelectorAll(".flag .title")];
  const now = links.findIndex((a) => a.closest(".flag").contains(document.activeElement));
  const next = links[event.key === "j" ? now + 1 : now < 0 ? -1 : now - 1];
  if (next) {
    next.focus();
    next.closest(".flag").scrollIntoView({ block: "nearest" });
  }
});

// On a narrow screen the filters begin closed, so that the results come first.
if (matchMedia("(max-width: 760px)").matches) {
  document.querySelector(".filters")?.removeAttribute("open");
}
