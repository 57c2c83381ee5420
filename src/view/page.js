// What happens to the page around a popover.

// Keeps it clear of the keyboard of a touch screen, and off whatever has the focus in the page. Gives what ends that.
export function keepClear(host, root) {
  const ends = [];
  const listen = (target, kind, hear) => {
    target.addEventListener(kind, hear);
    ends.push(() => target.removeEventListener(kind, hear));
  };
  const wrapper = root.firstElementChild;
  if (window.visualViewport)
    listen(visualViewport, "resize", () => {
      const { scale, height, offsetTop } = visualViewport;
      // Zooming by pinch shrinks the visual viewport as well; then nothing is in the way.
      const hidden = scale > 1.01 ? 0 : Math.max(Math.trunc(innerHeight - height - offsetTop), 0);
      // Not the host's, which is the page's element.
      wrapper.style.marginBottom = `${hidden}px`;
    });
  const covers = () => {
    const focused = document.activeElement;
    if (!focused || focused == host || focused == document.body) return false;
    const theirs = focused.getBoundingClientRect();
    const ours = root.querySelector(".card").getBoundingClientRect();
    return theirs.left < ours.right && ours.left < theirs.right && theirs.top < ours.bottom && ours.top < theirs.bottom;
  };
  const avoid = () => {
    try {
      // Not under a pointer that is down: its click would miss. What fills the page is in the way here and there.
      if (document.querySelector(":active") || !covers()) return;
      host.toggleAttribute("data-top");
      if (covers()) host.toggleAttribute("data-top");
    } catch {} // nothing of the page's doing is its fault
  };
  avoid();
  for (const kind of ["focusin", "pointerup"]) listen(document, kind, () => setTimeout(avoid));
  return () => ends.forEach((end) => end());
}
