/* The views: what the map is coloured by. Each says whether it colours cells or quarters, in which classes, and what one reads there. */
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

  /* What the legend adds where the group was estimated. */
  const estimated = () =>
    plan.document.groups[groupIndex(state.group)].modelled ? ` ${text("Estimated, not counted: nine of ten joint draws lie in the brackets.")}` : "";

  const change = {
    kind: "cells",
    name: () => text("Change within {n} minutes", { n: minutes(standard) }),
    title: () => text("Within {n} minutes: “{variant}” against “{before}”", {
      n: minutes(standard), variant: countedName(state.variant), before: variantName(diffusa.before),
    }),
    usesVariant: true,
    usesGroup: false,
    entries: () => [
      { color: scales.change.gained, label: text("gained: reached only now") },
      { color: scales.change.both, label: text("reached before and after") },
      { color: scales.change.outside, label: text("still not reached") },
      { color: scales.change.lost, label: text("lost: no longer reached") },
    ],
    note: () => text("Paler squares: nobody lives there."),
    colors: () => [scales.change.outside, scales.change.both, scales.change.gained, scales.change.lost],
    classify: (cell) => diffusa.cells.change(counted(state.variant))[cell],
    read: (cell) => change.entries()[[2, 1, 0, 3][diffusa.cells.change(counted(state.variant))[cell]]].label,
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
    note: () => text("Blue: within the standard of {n} minutes. Paler squares: nobody lives there.", { n: minutes(standard) }),
    colors: () => [...scales.minutes.colors, scales.minutes.none],
    classify(cell) {
      const value = diffusa.cells.minutes(counted(state.variant), cell);
      return value === null ? scales.minutes.breaks.length : classOf(value, scales.minutes.breaks);
    },
    read: (cell) => diffusa.cells.readMinutes(counted(state.variant), cell),
  };

  const people = {
    kind: "cells",
    name: () => text("People"),
    title: () => text("People in each square: {group}", { group: groupName(state.group) }),
    usesVariant: false,
    usesGroup: true,
    entries() {
      const scale = scales.people[state.group];
      return [
        { color: scale.none, label: text("nobody") },
        ...ranges(scale.breaks, scale.colors, number, true),
        { color: scales.no_data, label: text("no data") },
      ];
    },
    note: () => text("One square is {n} by {n} metres.", { n: number(plan.cells.size_m) }) + estimated(),
    colors: () => [scales.people[state.group].none, ...scales.people[state.group].colors, scales.no_data],
    classify(cell) {
      const scale = scales.people[state.group];
      const value = diffusa.cells.people(state.group, cell);
      if (value === null) return scale.colors.length + 1;
      if (value === 0) return 0;
      const found = classOf(value, scale.breaks);
      return found < 0 ? scale.colors.length : found + 1;
    },
    read: (cell) => diffusa.cells.readPeople(state.group, cell),
  };

  const share = {
    kind: "quarters",
    name: () => text("Share reached, by quarter"),
    title: () => text("Share of {group} within {n} minutes: “{variant}”", {
      group: groupName(state.group), n: minutes(standard), variant: countedName(state.variant),
    }),
    usesVariant: true,
    usesGroup: true,
    entries: () => [
      ...ranges(scales.share.breaks, scales.share.colors, (end) => percent(end, 0), false),
      { color: scales.no_data, label: text("no data") },
    ],
    note: () => text("The share counts everybody of the quarter. Choose a quarter to see its figures.") + estimated(),
    color(quarter) {
      const value = quarter.share[counted(state.variant)][groupIndex(state.group)];
      return value === null ? scales.no_data : scales.share.colors[classOf(value, scales.share.breaks)];
    },
    read(quarter) {
      const [key, index] = [counted(state.variant), groupIndex(state.group)];
      return percent(quarter.share[key][index]) + diffusa.shareEnds(quarter.share_ends[key][index]);
    },
  };

  const none = {
    kind: "none",
    name: () => text("Outlines only"),
    title: () => text("Outlines only"),
    usesVariant: true,
    usesGroup: false,
    entries: () => [],
    note: () => "",
  };

  const views = { change, minutes: travel, people, share, none };
  if (!diffusa.compared.length) delete views.change;
  return { all: views, current: () => views[state.view] };
})();
