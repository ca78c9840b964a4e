/* The views: what the map is coloured by. Each says whether it colours cells or quarters, in which classes, and what one reads there.
   `key` names a situation through a lens, as the plan's columns do; views that look at no situation do without. */
diffusa.views = (() => {
  const { plan, state, text, number, percent, minutes, counted, countedName, variantName, groupName, groupIndex } = diffusa;
  const scales = plan.scales;
  const standard = plan.document.standard_min;
  const cutoff = plan.document.cutoff_min;

  const classOf = (value, breaks) => breaks.findIndex((end) => value <= end + 1e-9);

  /* Entries of a legend from upper ends; `write` writes an end. `isOpen`: values above the last end have a class of their own. */
  function ranges(breaks, colors, write, isOpen) {
    const entries = breaks.map((end, index) => ({
      color: colors[index],
      label: index ? text("{low} to {high}", { low: write(breaks[index - 1]), high: write(end) }) : text("up to {high}", { high: write(end) }),
    }));
    if (!isOpen) return entries;
    const last = breaks.length ? text("more than {low}", { low: write(breaks.at(-1)) }) : text("more than {low}", { low: write(0) });
    return [...entries, { color: colors.at(-1), label: last }];
  }

  /* 0.5 and 12, as a legend writes the ends of its classes. */
  const short = (value) => number(value, Number.isInteger(value) ? 0 : 1);

  const isModelled = (key) => Boolean(plan.document.groups[groupIndex(key)].modelled);

  /* What the legend adds where the group was estimated. */
  const estimated = () => (isModelled(state.group) ? ` ${text("Estimated, not counted: nine of ten joint draws lie in the brackets.")}` : "");

  const joined = () => (plan.cells.is_joined ? ` ${text("Where few people live, several squares are joined, and each shows their mean.")}` : "");

  const square = () => text("One square is {n} by {n} metres.", { n: number(plan.cells.size_m) }) + joined();

  /* A view of a quantity in each cell: nothing, the classes, no data. */
  function quantity({ scale, value, zero, write, ...rest }) {
    return {
      kind: "cells",
      usesVariant: false,
      usesGroup: true,
      entries: () => [{ color: scale().none, label: zero() }, ...ranges(scale().breaks, scale().colors, write, true), { color: scales.no_data, label: text("no data") }],
      colors: () => [scale().none, ...scale().colors, scales.no_data],
      classify(cell) {
        const found = value(cell);
        if (found === null) return scale().colors.length + 1;
        if (found === 0) return 0;
        const place = classOf(found, scale().breaks);
        return place < 0 ? scale().colors.length : place + 1;
      },
      ...rest,
    };
  }

  const change = {
    kind: "cells",
    name: () => text("Change within {n} minutes", { n: minutes(standard) }),
    title: () => text("Within {n} minutes: “{variant}” against “{before}”", {
      n: minutes(standard), variant: countedName(state.variant), before: variantName(diffusa.before),
    }),
    usesVariant: true,
    usesGroup: false,
    isChange: true,
    entries: () => [
      { color: scales.change.gained, label: text("gained: reached only now") },
      { color: scales.change.both, label: text("reached before and after") },
      { color: scales.change.outside, label: text("still not reached") },
      { color: scales.change.lost, label: text("lost: no longer reached") },
    ],
    note: () => text("Paler squares: nobody of these groups is there."),
    colors: () => [scales.change.outside, scales.change.both, scales.change.gained, scales.change.lost],
    classify: (cell, key) => diffusa.cells.change(key)[cell],
    read: (cell, key) => change.entries()[[2, 1, 0, 3][diffusa.cells.change(key)[cell]]].label,
  };

  const isReached = (cell, key) => {
    const value = diffusa.cells.minutes(key, cell);
    return value !== null && value <= standard + 1e-9;
  };

  const reached = {
    kind: "cells",
    name: () => text("Reached within {n} minutes", { n: minutes(standard) }),
    title: () => text("Reached within {n} minutes: “{variant}”", { n: minutes(standard), variant: countedName(state.variant) }),
    usesVariant: true,
    usesGroup: false,
    entries: () => [{ color: scales.reached.within, label: text("reached") }, { color: scales.reached.outside, label: text("not reached") }],
    note: () => text("Paler squares: nobody of these groups is there."),
    colors: () => [scales.reached.within, scales.reached.outside],
    classify: (cell, key) => (isReached(cell, key) ? 0 : 1),
    read: (cell, key) => (isReached(cell, key) ? text("reached") : text("not reached")),
  };

  const travel = {
    kind: "cells",
    name: () => text("Minutes to the nearest place"),
    title: () => text("Minutes to the nearest open place: “{variant}”", { variant: countedName(state.variant) }),
    usesVariant: true,
    usesGroup: false,
    entries: () => [
      ...ranges(scales.minutes.breaks, scales.minutes.colors, minutes, false),
      { color: scales.minutes.none, label: text("not within {n} minutes", { n: minutes(cutoff) }) },
    ],
    note: () => text("Blue: within the standard of {n} minutes. Paler squares: nobody of these groups is there.", { n: minutes(standard) }),
    colors: () => [...scales.minutes.colors, scales.minutes.none],
    classify(cell, key) {
      const value = diffusa.cells.minutes(key, cell);
      return value === null ? scales.minutes.breaks.length : classOf(value, scales.minutes.breaks);
    },
    read: (cell, key) => diffusa.cells.readMinutes(key, cell),
  };

  const need = quantity({
    name: () => text("Need"),
    title: () => text("Need in each square, in parts of 100,000 of the whole city’s"),
    usesGroup: false,
    scale: () => scales.need,
    zero: () => text("no need"),
    write: short,
    note: () => square(),
    value: (cell) => diffusa.cells.need(cell),
    read: (cell) => diffusa.cells.readNeed(cell),
  });

  const people = quantity({
    name: () => text("How many, by group"),
    title: () => text("In each square: {group}", { group: groupName(state.group) }),
    scale: () => scales.people[state.group],
    zero: () => text("nobody"),
    write: number,
    note: () => square() + estimated(),
    value: (cell) => diffusa.cells.people(state.group, cell),
    read: (cell) => diffusa.cells.readPeople(state.group, cell),
  });

  const rateNote = () => text("Estimated, not counted: a rate says something of places, never of persons.");

  const rate = quantity({
    name: () => text("Risk: estimated rate"),
    title: () => text("Estimated rate of {group}", { group: groupName(state.group) }),
    isFor: (key) => Object.hasOwn(scales.rates, key),
    scale: () => scales.rates[state.group].rate,
    zero: () => text("{n}%", { n: 0 }),
    write: (value) => text("{n}%", { n: short(value) }),
    note: rateNote,
    value: (cell) => diffusa.cells.rate(state.group, cell),
    read: (cell) => diffusa.cells.readRate(state.group, cell),
  });

  const spread = quantity({
    name: () => text("Risk: how uncertain"),
    title: () => text("Width of the interval of the rate: {group}", { group: groupName(state.group) }),
    isFor: (key) => Object.hasOwn(scales.rates, key),
    scale: () => scales.rates[state.group].spread,
    zero: () => text("{n} points", { n: 0 }),
    write: (value) => text("{n} points", { n: short(value) }),
    note: () => `${text("From the lower to the upper end of the interval, in points of a hundred: nine of ten joint draws lie in it.")} ${rateNote()}`,
    value: (cell) => diffusa.cells.spread(state.group, cell),
    read: (cell) => diffusa.cells.readRate(state.group, cell),
  });

  /* The share reached of each quarter or district. */
  const shareOf = (kind, name, note) => ({
    kind,
    name,
    title: () => text("Share of {group} within {n} minutes: “{variant}”", {
      group: groupName(state.group), n: minutes(standard), variant: countedName(state.variant),
    }),
    usesVariant: true,
    usesGroup: true,
    entries: () => [
      ...ranges(scales.share.breaks, scales.share.colors, (end) => percent(end, 0), false),
      { color: scales.no_data, label: text("no data") },
    ],
    note: () => note() + estimated(),
    color(unit) {
      const value = unit.share[counted(state.variant)][groupIndex(state.group)];
      return value === null ? scales.no_data : scales.share.colors[classOf(value, scales.share.breaks)];
    },
    read(unit) {
      const [key, index] = [counted(state.variant), groupIndex(state.group)];
      return percent(unit.share[key][index]) + diffusa.shareEnds(unit.share_ends[key][index]);
    },
  });

  const share = shareOf("quarters", () => text("Share reached, by quarter"), () => text("The share counts all of the quarter. Choose a quarter to see its figures."));
  const districtShare = shareOf("districts", () => text("Share reached, by district"), () => text("The share counts all of the district. Choose a district to see its figures."));

  const none = {
    kind: "none",
    name: () => text("Outlines only"),
    title: () => text("Outlines only"),
    usesVariant: true,
    usesGroup: false,
    entries: () => [],
    note: () => "",
  };

  const views = { change, reached, minutes: travel, need, people, rate, spread, share, districts: districtShare, none };
  if (!diffusa.compared.length) delete views.change;
  if (!scales.need) delete views.need;
  if (!plan.districts.some((district) => district.share)) delete views.districts;
  if (!Object.keys(scales.rates).length) ["rate", "spread"].forEach((key) => delete views[key]);

  /* The groups that a view can show. */
  const groupsOf = (key) => plan.document.groups.map((group) => group.key).filter(views[key].isFor ?? (() => true));

  /* Two situations beside each other need cells that look at one situation at a time. */
  const canSwipe = (key) => views[key].kind === "cells" && views[key].usesVariant && !views[key].isChange;

  return { all: views, current: () => views[state.view], groupsOf, canSwipe };
})();
