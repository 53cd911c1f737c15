// The map of points: a strip for each process, a cell for each point, in the order of the recording.

function mapSection(entry, state, acts) {
  const { points } = entry;
  if (!points.length) return null;
  const density = points.length > 1500 ? 'is-tiny' : points.length > 400 ? 'is-dense' : points.length > 120 ? '' : 'is-wide';
  const cells = new Array(points.length);
  const strips = new Map();
  points.forEach((point, index) => {
    const name = stripName(point);
    if (!strips.has(name)) strips.set(name, []);
    strips.get(name).push(index);
  });
  // The order on the screen, which the arrow keys follow.
  const order = [...strips.values()].flat();
  const place = new Map(order.map((index, at) => [index, at]));
  let wanted = null;
  let stop = order[0];

  const blocks = [...strips].map(([name, indices]) => {
    const row = h('div', { class: `cells ${density}`, role: 'group', 'aria-label': `points of ${name}` });
    for (const index of indices) {
      const point = points[index];
      const cell = document.createElement('button');
      cell.type = 'button';
      cell.tabIndex = -1;
      cell.className = `cell ${point.outcome}${point.before_ready ? ' is-early' : ''}`;
      cell.dataset.point = index;
      cell.setAttribute('aria-label', `${pointName(point)}, ${FATES[point.outcome].word}`);
      cells[index] = cell;
      row.append(cell);
    }
    const bad = indices.filter((index) => ['violated', 'flaky'].includes(points[index].outcome)).length;
    return h('div', { class: 'strip' },
      h('div', { class: 'strip-head' }, h('code', {}, name),
        h('span', { class: 'small soft' }, count(indices.length, 'point'), bad ? h('span', { class: 'bad' }, ` · ${bad.toLocaleString('en')} with findings`) : '')),
      row);
  });
  cells[stop].tabIndex = 0;

  const focus = (index) => {
    cells[stop].tabIndex = -1;
    stop = index;
    cells[index].tabIndex = 0;
    cells[index].focus();
  };
  const below = (index, direction) => {
    const from = cells[index].getBoundingClientRect();
    let at = place.get(index) + direction;
    let best = null;
    let line = null;
    while (at >= 0 && at < order.length) {
      const box = cells[order[at]].getBoundingClientRect();
      const gone = direction * (box.top - from.top) > from.height / 2;
      if (gone) {
        if (line === null) line = box.top;
        if (Math.abs(box.top - line) > from.height / 2) break;
        const distance = Math.abs(box.left - from.left);
        if (best === null || distance < best.distance) best = { distance, index: order[at] };
      }
      at += direction;
    }
    return best ? best.index : index;
  };
  const problem = (index, direction) => {
    for (let at = place.get(index) + direction; at >= 0 && at < order.length; at += direction) {
      if (FATES[points[order[at]].outcome].rank < 4) return order[at];
    }
    return null;
  };

  const show = (index) => {
    const point = points[index];
    const box = cells[index].getBoundingClientRect();
    const lines = [pointName(point), `${FATES[point.outcome].word}${point.outcome === 'by_class' ? '' : ` · at ${milliseconds(point.at_ns)}`}`];
    for (const finding of (point.findings || []).slice(0, 3)) lines.push(`${entry.findings[finding].oracle}: ${entry.findings[finding].subject}`);
    tip(lines.join('\n'), box.left + box.width / 2, box.top);
  };
  const cellOf = (event) => event.target.closest?.('.cell');
  const strip = h('div', {
    class: 'card',
    onclick: (event) => { const cell = cellOf(event); if (cell) { focus(+cell.dataset.point); acts.selectPoint(+cell.dataset.point); } },
    onpointerover: (event) => { const cell = cellOf(event); if (cell) show(+cell.dataset.point); else tip(null); },
    onpointerleave: () => tip(null),
    onfocusin: (event) => { const cell = cellOf(event); if (cell && cell.matches(':focus-visible')) show(+cell.dataset.point); },
    onfocusout: () => tip(null),
    onkeydown: (event) => {
      const cell = cellOf(event);
      if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
      const index = +cell.dataset.point;
      const at = place.get(index);
      const next = {
        ArrowRight: () => order[Math.min(order.length - 1, at + 1)],
        ArrowLeft: () => order[Math.max(0, at - 1)],
        ArrowDown: () => below(index, 1),
        ArrowUp: () => below(index, -1),
        Home: () => order[0],
        End: () => order[order.length - 1],
        n: () => problem(index, 1) ?? index,
        p: () => problem(index, -1) ?? index,
      }[event.key];
      if (!next) return;
      event.preventDefault();
      focus(next());
    },
  }, blocks);

  const dim = () => {
    points.forEach((point, index) => {
      const on = wanted === null || (wanted.fate ? point.outcome === wanted.fate : (point.findings || []).includes(wanted.finding));
      cells[index].classList.toggle('is-dim', !on);
    });
    for (const button of legend.children) button.setAttribute('aria-pressed', String(wanted?.fate === button.dataset.fate));
    everything.hidden = wanted === null;
  };
  const numbers = {};
  for (const point of points) numbers[point.outcome] = (numbers[point.outcome] || 0) + 1;
  const legend = h('div', { class: 'legend', role: 'group', 'aria-label': 'Highlight points by verdict' },
    Object.keys(FATES).filter((fate) => numbers[fate]).map((fate) => h('button', {
      type: 'button', 'data-fate': fate, 'aria-pressed': 'false',
      onclick: () => { wanted = wanted?.fate === fate ? null : { fate }; dim(); },
    }, h('span', { class: `cell ${fate}`, 'aria-hidden': 'true' }), `${FATES[fate].word} ${numbers[fate].toLocaleString('en')}`)));
  const everything = h('button', { class: 'plain-button', type: 'button', hidden: true, onclick: () => { wanted = null; dim(); } }, 'Show all points alike');

  const grid = h('div', { class: 'map-grid' }, strip);
  let panel = null;
  const close = () => acts.selectPoint(null);
  const map = {
    node: section(numbers.violated || numbers.flaky ? 'Where the signal does harm' : 'Where the signal was delivered', h('span', { class: 'keys' }, h('kbd', {}, '←'), ' ', h('kbd', {}, '→'), ' move · ', h('kbd', {}, 'n'), ' ', h('kbd', {}, 'p'), ' next and previous finding · ', h('kbd', {}, 'Enter'), ' details · ', h('kbd', {}, 'Esc'), ' close'),
      h('div', { class: 'section-head' }, legend, everything), grid),
    select(index) {
      for (const cell of grid.querySelectorAll('[aria-current]')) cell.removeAttribute('aria-current');
      panel?.remove();
      panel = null;
      grid.classList.toggle('is-open', index !== null);
      if (index === null) return;
      cells[index].setAttribute('aria-current', 'true');
      panel = inspector(entry, index, {
        close, ...acts,
        previous: problem(index, -1), next: problem(index, 1),
        go: (to) => { acts.selectPoint(to); cells[to].scrollIntoView({ block: 'nearest' }); },
      });
      grid.append(panel);
    },
    highlight(finding) {
      wanted = { finding };
      dim();
      const first = entry.findings[finding].points[0];
      map.node.scrollIntoView({ block: 'start' });
      focus(first);
    },
    back(index) { focus(index); },
  };
  return map;
}

/** What is known of one point. */
function inspector(entry, index, acts) {
  const point = entry.points[index];
  const fact = (name, value) => (value === null || value === undefined ? [] : [h('dt', {}, name), h('dd', {}, value)]);
  const verdict = { violated: 'violated', flaky: 'flaky', holds: 'holds', failed: 'error' }[point.outcome];
  const took = point.fired_ns !== undefined && point.end_ns !== undefined ? point.end_ns - point.fired_ns : null;
  const evidence = (point.findings || []).map((place) => {
    const finding = entry.findings[place];
    const stored = entry.runs[finding.run]?.point;
    return h('div', { class: 'evidence' },
      h('p', { class: finding.flaky ? 'warn' : 'bad' }, icon(finding.flaky ? 'flaky' : 'violated'), ' ', h('b', {}, finding.oracle),
        finding.flaky ? ` · flaky, ${finding.seen} of ${finding.times} runs` : ''),
      h('p', {}, finding.text),
      finding.count > 1 ? h('p', { class: 'small soft' }, `the same at ${count(finding.count - 1, 'other point')}`) : null,
      h('div', { class: 'actions' }, finding.run !== undefined ? h('button', { class: 'plain-button', type: 'button', onclick: () => acts.showRun(finding.run) }, 'Show the run') : null),
      finding.replay ? command(finding.replay, 'the replay command') : null,
      stored !== undefined && stored !== index ? h('p', { class: 'small soft' }, 'It repeats the finding at ', h('code', {}, pointName(entry.points[stored])), '.') : null);
  });
  const why = {
    represented: 'The points of its class before and behind it were tried, and show the same.',
    untried: 'The limit was reached before it (--for, --pairs).',
    not_met_again: 'The target makes this call in some runs only, and did not when it was to be tried.',
    by_class: 'Nothing had been done yet and no handler was installed: all such points look alike, and one of them was tried for all.',
    left_out: 'The sweep was narrowed down to other points.',
    elsewhere: 'Another shard of the same sweep has this point.',
    not_reached: 'The target did not come by this point in its run, so nothing is known of it.',
    cut_short: 'The sweep was interrupted before this point.',
  }[point.outcome];
  return h('section', {
    class: 'card inspector', 'aria-label': 'The chosen point',
    onkeydown: (event) => { if (event.key === 'Escape') { event.stopPropagation(); acts.close(); } },
  },
    h('div', { class: 'inspector-head' }, h('h3', {}, pointName(point)),
      h('button', { class: 'close', type: 'button', 'aria-label': 'Close', onclick: acts.close }, '×')),
    h('dl', { class: 'facts' },
      fact('verdict', h('span', { class: verdict ? VERDICTS[verdict].tone : 'soft' }, FATES[point.outcome].word)),
      fact('moment', `${phaseWords(point.phase)}, the ${ordinal(point.ordinal)} of its kind`),
      fact('undisturbed', `at ${milliseconds(point.at_ns)}`),
      fact('signal', point.fired_ns === undefined ? null : `at ${milliseconds(point.fired_ns)} of its run`),
      fact('then', took === null ? null : `${statusWords(point.status)}, ${duration(took)} later`),
      point.unsteady ? fact('note', 'met in one of two undisturbed runs only') : [],
      point.before_ready ? fact('note', 'before the target was ready: not part of the verdict') : [],
      fact('error', point.error)),
    why ? h('p', { class: 'small soft evidence' }, why) : null,
    evidence,
    h('div', { class: 'actions evidence' },
      h('button', { class: 'plain-button', type: 'button', disabled: acts.previous === null, onclick: () => acts.go(acts.previous) }, 'Previous finding'),
      h('button', { class: 'plain-button', type: 'button', disabled: acts.next === null, onclick: () => acts.go(acts.next) }, 'Next finding')));
}

function ordinal(number) {
  const tail = number % 100 > 10 && number % 100 < 14 ? 'th' : ['th', 'st', 'nd', 'rd'][number % 10] || 'th';
  return `${number}${tail}`;
}
