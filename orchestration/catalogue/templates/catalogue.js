"use strict";
(() => {
  const page = document.documentElement;
  const remembered = (() => { try { return localStorage.getItem("language"); } catch { return null; } })();
  const show = (language) => { page.dataset.language = language; page.lang = language; };
  show(remembered === "en" ? "en" : "vi");
  document.getElementById("language").addEventListener("click", () => {
    show(page.dataset.language === "vi" ? "en" : "vi");
    try { localStorage.setItem("language", page.dataset.language); } catch { /* a browser may forbid it */ }
  });

  // Typed without diacritics, words are found all the same.
  const folded = (text) => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d");
  const entries = window.catalogueIndex.map((entry) => ({ entry, text: folded(entry.join(" ")) }));
  const found = document.getElementById("found");
  const kinds = { dataset: "bộ dữ liệu / dataset", kpi: "chỉ số / KPI", table: "bảng / table" };
  const search = () => {
    const words = folded(document.getElementById("words").value).split(/\s+/).filter(Boolean);
    const hits = words.length ? entries.filter(({ text }) => words.every((word) => text.includes(word))) : [];
    // What is called by these words comes before what merely mentions them.
    const named = ({ entry }) => (folded(entry[2]).includes(words.join(" ")) ? 0 : 1);
    hits.sort((one, other) => named(one) - named(other));
    found.replaceChildren(...hits.slice(0, 30).map(({ entry: [place, kind, name, other] }) => {
      const line = document.createElement("li");
      const link = document.createElement("a");
      link.href = place;
      link.textContent = name;
      const said = document.createElement("small");
      said.textContent = ` ${kinds[kind]} · ${other.slice(0, 120)}`;
      line.append(link, said);
      return line;
    }));
    if (words.length && !hits.length) { found.append("Không tìm thấy / Nothing found"); }
  };
  document.getElementById("words").addEventListener("input", search);
  document.getElementById("search").addEventListener("submit", (event) => { event.preventDefault(); search(); });
  // What was searched for can be linked to: index.html#tim=…
  const wanted = decodeURIComponent(location.hash).match(/^#tim=(.+)$/);
  if (wanted) { document.getElementById("words").value = wanted[1]; search(); }
})();
