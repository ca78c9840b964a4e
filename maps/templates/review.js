"use strict";
/* A review sheet: points on the drawing, checks, and the file of answers. It fetches nothing and keeps nothing. */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const form = document.getElementById("form"), map = document.getElementById("map");
  const list = document.getElementById("proposals"), points = document.getElementById("points");
  const pattern = document.getElementById("proposal");
  const NEAR_M = 25, UNIT_M = 10, MAIL = /[^\s@]+@[^\s@]+\.[^\s@]+/;
  let active = null, isDirty = false;

  const language = () => (document.getElementById("language-en").checked ? "en" : "it");
  const say = (key, value = "") => data.texts[key][language()].replace("%1", () => value);

  function relabel() {
    const now = language();
    document.documentElement.lang = now;
    document.querySelectorAll("option[data-it]").forEach((option) => { option.textContent = option.dataset[now]; });
    document.querySelectorAll("svg[data-it]").forEach((drawing) => drawing.setAttribute("aria-label", drawing.dataset[now]));
    if (document.querySelector("#faults li")) show(check());
  }

  const polynomial = (c, u, v) => c[0] + c[1] * u + c[2] * v + c[3] * u * u + c[4] * u * v + c[5] * v * v;

  function toLonLat(x, y) {
    const f = data.fit, u = (x - f.origin_xy[0]) / f.scale_xy, v = (y - f.origin_xy[1]) / f.scale_xy;
    return [polynomial(f.lon, u, v), polynomial(f.lat, u, v)];
  }

  function toXY(lon, lat) {
    const f = data.fit, u = (lon - f.origin_lonlat[0]) / f.scale_lonlat, v = (lat - f.origin_lonlat[1]) / f.scale_lonlat;
    return [polynomial(f.x, u, v), polynomial(f.y, u, v)];
  }

  const field = (proposal, name) => proposal.querySelector(`[data-field="${name}"]`);
  const value = (element) => element.value.trim();
  const proposals = () => [...list.children];

  function degrees(text) {
    const found = text.replace(",", ".");
    return /^[+-]?\d+(\.\d*)?$/.test(found) ? Number(found) : NaN;
  }

  /* Nothing, "bad" or a pair of degrees. */
  function pointOf(proposal) {
    const texts = [value(field(proposal, "lon")), value(field(proposal, "lat"))];
    if (texts.every((text) => text === "")) return null;
    const found = texts.map(degrees);
    return found.some(Number.isNaN) ? "bad" : found;
  }

  function isInside(lon, lat) {
    const own = map.querySelector(".own"), [x, y] = toXY(lon, lat), at = new DOMPoint(x, y);
    if (own.isPointInFill(at)) return true;
    const steps = [...Array(16).keys()].map((n) => (n * Math.PI) / 8);
    return steps.some((a) => own.isPointInFill(new DOMPoint(x + (NEAR_M / UNIT_M) * Math.cos(a), y + (NEAR_M / UNIT_M) * Math.sin(a))));
  }

  function draw() {
    points.textContent = "";
    const size = Math.max(map.viewBox.baseVal.width, map.viewBox.baseVal.height);
    proposals().forEach((proposal, row) => {
      const point = pointOf(proposal);
      if (point === null || point === "bad") return;
      const [x, y] = toXY(...point);
      const mark = document.createElementNS("http://www.w3.org/2000/svg", "g");
      mark.setAttribute("class", "point");
      mark.setAttribute("transform", `translate(${x} ${y}) scale(${size / 900})`);
      for (const [name, attributes, text] of [["circle", { r: 11 }, ""], ["text", { y: 5 }, String(row + 1)]]) {
        const shape = document.createElementNS("http://www.w3.org/2000/svg", name);
        Object.entries(attributes).forEach(([key, one]) => shape.setAttribute(key, one));
        shape.textContent = text;
        mark.append(shape);
      }
      points.append(mark);
    });
  }

  function renumber() {
    proposals().forEach((proposal, row) => {
      proposal.querySelector(".number").textContent = row + 1;
      proposal.querySelector(".fault").id = `proposal-${row}-fault`;
      proposal.querySelectorAll("[data-field]").forEach((input) => input.setAttribute("aria-describedby", `proposal-${row}-fault`));
    });
    document.getElementById("add").disabled = proposals().length >= data.mostProposals;
    draw();
  }

  function add() {
    if (proposals().length >= data.mostProposals) {
      document.getElementById("told").textContent = say("most", data.mostProposals);
      return null;
    }
    const proposal = pattern.content.firstElementChild.cloneNode(true);
    list.append(proposal);
    active = proposal;
    proposal.addEventListener("focusin", () => { active = proposal; });
    proposal.addEventListener("input", draw);
    proposal.querySelector(".remove").addEventListener("click", () => {
      proposal.remove();
      active = proposals().at(-1) || null;
      renumber();
      document.getElementById("add").focus();
    });
    renumber();
    return proposal;
  }

  map.addEventListener("click", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    const target = active && list.contains(active) ? active : add();
    if (!target) return;
    const [lon, lat] = toLonLat(at.x, at.y);
    field(target, "lon").value = lon.toFixed(6);
    field(target, "lat").value = lat.toFixed(6);
    isDirty = true;
    draw();
  });

  const sites = () => [...form.querySelectorAll("[data-site]")].map((box, row) => {
    const chosen = box.querySelector("input:checked");
    return { row, answer: chosen ? chosen.value : "", reason: value(box.querySelector("textarea")) };
  });

  function siteFaults({ row, answer, reason }) {
    const facts = data.sites[row], named = `${row + 1}. ${facts.name}`, at = document.getElementById(`reason-${row}`);
    const faults = [];
    if (facts.mayAnswer && (answer === "object" || answer === "veto") && !reason) faults.push([at, say("noReason", named)]);
    if (facts.mayAnswer && answer === "" && reason) faults.push([at, say("noAnswer", named)]);
    if (MAIL.test(reason)) faults.push([at, say("mail", named)]);
    return faults;
  }

  function proposalFaults(proposal, row) {
    const faults = [], address = field(proposal, "address"), lon = field(proposal, "lon"), reason = field(proposal, "reason");
    const point = pointOf(proposal), number = row + 1;
    if (point === "bad") faults.push([lon, say("badNumber", number)]);
    else if (point === null && !value(address)) faults.push([address, say("emptyProposal", number)]);
    else if (point !== null && !isInside(...point)) faults.push([lon, say("outside", number)]);
    if (!value(reason)) faults.push([reason, say("noProposalReason", number)]);
    for (const input of [address, reason]) if (MAIL.test(value(input))) faults.push([input, say("mail", say("proposal", number))]);
    return faults;
  }

  function check() {
    const faults = [], role = document.getElementById("role"), answered = sites().filter((site) => site.answer || site.reason);
    if (!answered.length && !proposals().length) faults.push([role, say("nothing")]);
    if (!role.value) faults.push([role, say("noRole")]);
    sites().forEach((site) => faults.push(...siteFaults(site)));
    proposals().forEach((proposal, row) => faults.push(...proposalFaults(proposal, row)));
    return faults;
  }

  function show(faults) {
    const box = document.getElementById("faults");
    box.textContent = "";
    form.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
    form.querySelectorAll(".fault").forEach((place) => { place.textContent = ""; });
    if (!faults.length) return;
    const head = document.createElement("p"), items = document.createElement("ul");
    head.textContent = say("faults");
    faults.forEach(([input, text]) => {
      input.setAttribute("aria-invalid", "true");
      const place = document.getElementById(input.getAttribute("aria-describedby"));
      if (place) place.textContent = place.textContent ? `${place.textContent} ${text}` : text;
      const item = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.addEventListener("click", () => input.focus());
      item.append(button);
      items.append(item);
    });
    box.append(head, items);
  }

  function answers() {
    return {
      format: data.format, city: data.city, plan: data.plan, quarter: data.quarter, language: language(),
      role: document.getElementById("role").value,
      answers: sites().filter((site) => site.answer || site.reason).map((site) => (
        { site: data.sites[site.row].id, answer: site.answer || "remark", reason: site.reason })),
      proposals: proposals().map((proposal) => {
        const point = pointOf(proposal);
        return { address: value(field(proposal, "address")), lon: point ? point[0] : null, lat: point ? point[1] : null,
          reason: value(field(proposal, "reason")) };
      }),
      sites: data.sites.map(({ id, name }) => ({ id, name })),
    };
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const told = document.getElementById("told"), faults = check();
    told.textContent = "";
    show(faults);
    if (faults.length) {
      document.getElementById("faults").focus();
      return;
    }
    const url = URL.createObjectURL(new Blob([`${JSON.stringify(answers(), null, 2)}\n`], { type: "application/json" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = data.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    isDirty = false;
    told.textContent = say("saved", data.file);
  });

  function fill(saved) {
    document.getElementById("role").value = [...document.getElementById("role").options].some((o) => o.value === saved.role) ? saved.role : "";
    const rows = new Map(data.sites.map(({ id }, row) => [id, row]));
    saved.answers.forEach(({ site, answer, reason }) => {
      if (!rows.has(site)) return;
      const row = rows.get(site);
      document.getElementById(`reason-${row}`).value = String(reason);
      form.querySelectorAll(`input[name="answer-${row}"]`).forEach((input) => { input.checked = input.value === answer || (!input.value && answer === "remark"); });
    });
    proposals().forEach((proposal) => proposal.remove());
    saved.proposals.slice(0, data.mostProposals).forEach((one) => {
      const proposal = add();
      ["address", "lon", "lat", "reason"].forEach((name) => { field(proposal, name).value = one[name] ?? ""; });
    });
    draw();
  }

  document.getElementById("open").addEventListener("change", async (event) => {
    const told = document.getElementById("told"), file = event.target.files[0];
    if (!file) return;
    try {
      const saved = JSON.parse(await file.text());
      const isOwn = ["format", "city", "plan", "quarter"].every((key) => saved[key] === data[key]);
      if (isOwn) fill(saved);
      told.textContent = say(isOwn ? "opened" : "otherSheet");
    } catch {
      told.textContent = say("notReadable");
    }
    event.target.value = "";
  });

  document.getElementById("add").addEventListener("click", () => { const proposal = add(); if (proposal) field(proposal, "address").focus(); });
  document.querySelectorAll('input[name="language"]').forEach((input) => input.addEventListener("change", relabel));
  form.addEventListener("input", () => { isDirty = true; });
  addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });
  relabel();
  document.documentElement.dataset.ready = "";
})();
