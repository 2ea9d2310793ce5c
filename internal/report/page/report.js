// Filters, search and the map. Without it the page shows everything.
(() => {
  "use strict";
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const form = document.getElementById("filters");
  const findings = all(".finding");
  const several = findings.length > 8;

  const setOpen = (open) => { for (const one of findings) one.open = open; };

  // A name in the address opens what it names.
  const reveal = () => {
    let target = null;
    try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    if (target instanceof HTMLDetailsElement) {
      if (target.hidden && form) form.reset();
      target.open = true;
      target.scrollIntoView();
    }
  };

  if (form) filters();
  map();
  if (several) setOpen(false);
  addEventListener("hashchange", reveal);
  reveal();

  function filters() {
    const items = all(".f");
    const chunks = all("[data-rows]");
    const groups = all("[data-group]");
    const search = document.getElementById("search");
    const choices = all("select", form);
    const shown = document.getElementById("shown");
    const fold = document.getElementById("fold");
    let texts = null;
    let hidden = new Uint8Array(items.length);

    const textOf = (item) => (item.textContent + " " + (item.dataset.f || "")).toLowerCase();
    const has = (list, wanted) => list.includes("+") || wanted.some((one) => list.includes(one));

    const apply = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      if (words.length > 0 && texts === null) texts = items.map(textOf);
      const tests = choices.filter((one) => one.value !== "").map((one) => [one.dataset.by, one.value.split(" ")]);
      let count = 0;
      items.forEach((item, i) => {
        const keep = tests.every(([by, wanted]) => has((item.dataset[by] || "").split(" "), wanted)) &&
          words.every((word) => texts[i].includes(word));
        if (keep) count++;
        if (keep === (hidden[i] === 1)) {
          hidden[i] = keep ? 0 : 1;
          item.hidden = !keep;
        }
      });
      for (const one of chunks) one.hidden = one.querySelector(".f:not([hidden])") === null;
      for (const one of groups) one.hidden = one.querySelector(".f:not([hidden])") === null;
      const spell = (n) => n.toLocaleString("en");
      shown.value = count === items.length ? `${spell(count)} shown` : `${spell(count)} of ${spell(items.length)} shown`;
    };

    let waiting = 0;
    const later = () => { clearTimeout(waiting); waiting = setTimeout(apply, items.length > 5000 ? 200 : 30); };
    search.addEventListener("input", later);
    for (const one of choices) one.addEventListener("change", apply);
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
    const name = () => { fold.textContent = findings.some((one) => one.open) ? "Fold all" : "Unfold all"; };
    fold.hidden = findings.length === 0;
    fold.addEventListener("click", () => { setOpen(!findings.some((one) => one.open)); name(); });
    form.hidden = false;
    if (several) fold.textContent = "Unfold all";
    apply();

    // A third party of the map is filtered by.
    for (const node of all(".map [data-party]")) {
      node.addEventListener("click", (event) => {
        const party = choices.find((one) => one.dataset.by === "p");
        if (!party) return;
        event.preventDefault();
        form.reset();
        party.value = node.dataset.party;
        apply();
        document.getElementById("findings").scrollIntoView();
        party.focus({ preventScroll: true });
      });
    }
  }

  function map() {
    const svg = document.querySelector(".map");
    if (!svg) return;
    const lines = all("path", svg).map((path) => [path, path.dataset.n.split(" ")]);
    const nodes = all(".nodes [data-n]", svg);
    const pick = (event) => {
      const at = event.target.closest("[data-n]");
      const met = new Set();
      for (const [path, ends] of lines) {
        const on = at !== null && at.dataset.n.split(" ").every((one) => ends.includes(one));
        path.classList.toggle("on", on);
        if (on) ends.forEach((one) => met.add(one));
      }
      for (const node of nodes) node.classList.toggle("on", met.has(node.dataset.n));
      svg.classList.toggle("picked", met.size > 0);
    };
    const leave = () => svg.classList.remove("picked");
    svg.addEventListener("pointerover", pick);
    svg.addEventListener("pointerleave", leave);
    svg.addEventListener("focusin", pick);
    svg.addEventListener("focusout", leave);
  }

  // On paper nothing can be unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of folded) one.open = false; });
})();
