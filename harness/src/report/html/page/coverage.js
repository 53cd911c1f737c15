// How much was tried, and where it hurts; budgets, snapshots, notes.

function coverageSection(entry) {
  const it = entry.coverage;
  if (!it) return null;
  const parts = [
    ['tried', it.tried - it.by_class, 'tried'],
    ['class', it.by_class + (it.represented || 0), 'tried by one of their class'],
    ['lost', it.not_reached + it.failed + it.cut_short, 'not reached, failed or interrupted'],
    ['out', Math.max(0, it.found - it.tried - it.not_reached - it.failed - it.cut_short), 'left out on request or tried elsewhere'],
  ].filter(([, number]) => number > 0);
  const stack = h('div', { class: 'stack', role: 'img', 'aria-label': parts.map(([, number, words]) => `${number} ${words}`).join(', ') },
    parts.map(([kind, number]) => { const piece = h('span', { class: kind }); piece.style.flexGrow = number; return piece; }));
  const key = h('div', { class: 'key' }, parts.map(([kind, number, words]) => {
    const swatch = h('i', { class: kind });
    swatch.style.background = { tried: 'var(--good)', class: 'var(--good-soft)', lost: 'var(--bad)', out: 'var(--line-strong)' }[kind];
    return h('span', {}, swatch, `${number.toLocaleString('en')} ${words}`);
  }));
  return section('Interrupt coverage', `${percent(it.tried, it.found)} % of ${count(it.found, 'point')}, ${count(it.runs, 'run')} in ${duration(entry.times.sweeping_ns)}`,
    h('div', { class: 'columns' }, h('div', { class: 'card' }, stack, key, it.unsteady ? h('p', { class: 'small soft' }, `${count(it.unsteady, 'call')} met in one of two undisturbed runs only`) : null), hurts(entry), byFunction(it)));
}

/** The calls with findings, worst first. */
function hurts(entry) {
  const calls = new Map();
  for (const point of entry.points) {
    if (!['holds', 'violated', 'flaky'].includes(point.outcome)) continue;
    const row = calls.get(point.call) || { call: point.call, tried: 0, bad: 0 };
    row.tried += 1;
    if (point.outcome !== 'holds') row.bad += 1;
    calls.set(point.call, row);
  }
  const rows = [...calls.values()].sort((a, b) => b.bad - a.bad || b.tried - a.tried || a.call.localeCompare(b.call)).slice(0, 12);
  if (!rows.length) return null;
  return scrolled('Calls', 'table',
    h('thead', {}, h('tr', {}, ['call', 'points tried', 'with findings', 'share'].map((title, column) => h('th', { scope: 'col', class: column === 3 ? 'wide' : column ? 'number' : '' }, title)))),
    h('tbody', {}, rows.map((row) => {
      const bar = h('span', { class: row.bad ? '' : 'ok' });
      bar.style.width = `${row.bad ? Math.max(3, (row.bad / row.tried) * 100) : 0}%`;
      return h('tr', {}, h('td', {}, h('code', {}, row.call)), h('td', { class: 'number' }, row.tried.toLocaleString('en')),
        h('td', { class: `number ${row.bad ? 'bad' : 'soft'}` }, row.bad.toLocaleString('en')), h('td', { class: 'wide' }, h('span', { class: 'meter', 'aria-hidden': 'true' }, bar)));
  })));
}

/** The functions with most points, those of which something was not tried first. */
function byFunction(coverage) {
  const covered = (row) => row.tried + (row.represented || 0) === row.found;
  const rows = [...(coverage.by_function || [])].sort((a, b) => covered(a) - covered(b) || b.found - a.found).slice(0, 12);
  if (!rows.length) return null;
  return scrolled('Functions', 'table',
    h('thead', {}, h('tr', {}, ['function', 'points tried', 'represented', 'points found'].map((title, column) => h('th', { scope: 'col', class: column ? 'number' : '' }, title)))),
    h('tbody', {}, rows.map((row) => h('tr', {}, h('td', {}, h('code', {}, row.name)),
      h('td', { class: `number ${covered(row) ? 'soft' : 'bad'}` }, row.tried.toLocaleString('en')),
      h('td', { class: 'number soft' }, (row.represented || 0).toLocaleString('en')), h('td', { class: 'number' }, row.found.toLocaleString('en'))))));
}

function budgetsSection(entry) {
  const budgets = entry.budgets || [];
  if (!budgets.length) return null;
  const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
  return section('Latency budgets', null, scrolled('Table of latency budgets', 'table',
    h('thead', {}, h('tr', {}, ['verdict', 'promise', 'limit', 'p50', 'p99', 'longest', 'runs'].map((title, column) => h('th', { scope: 'col', class: column > 1 ? 'number' : '' }, title)))),
    h('tbody', {}, budgets.map((budget) => h('tr', { class: budget.holds ? '' : 'differs' },
      h('td', {}, verdictIcon(budget.holds ? 'holds' : 'violated')), h('td', {}, budget.name, h('span', { class: 'soft' }, ` ${budget.quantile}`)),
      [ms(budget.limit_ms), ms(budget.p50_ms), ms(budget.p99_ms), ms(budget.max_ms), budget.runs].map((value) => h('td', { class: 'number' }, value)))))));
}

/** Lines that went, came and stayed. */
function lineDiff(before, after) {
  const [a, b] = [before.split('\n'), after.split('\n')];
  if (a.length * b.length > 400000) return [...a.map((line) => ['gone', line]), ...b.map((line) => ['new', line])];
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) table[i][j] = a[i] === b[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
  }
  const lines = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { lines.push(['same', a[i]]); i += 1; j += 1; }
    else if (i < a.length && (j === b.length || table[i + 1][j] >= table[i][j + 1])) { lines.push(['gone', a[i]]); i += 1; }
    else { lines.push(['new', b[j]]); j += 1; }
  }
  return lines;
}

function differencesSection(entry) {
  const differences = entry.differences || [];
  if (!differences.length) return null;
  return section('Snapshots that differ', null, h('div', { class: 'columns' }, differences.map((it) => h('div', { class: 'card' },
    h('h3', {}, it.name), it.file ? h('p', { class: 'small soft' }, h('code', {}, it.file)) : null,
    h('pre', { class: 'diff' }, lineDiff(it.expected, it.actual).map(([kind, line]) => h('span', { class: kind }, `${{ gone: '− ', new: '+ ', same: '  ' }[kind]}${line}`)))))));
}

function notesSection(entry) {
  const notes = [
    ...(entry.not_followed || []).map((what) => `not proven: ${what}`),
    ...(entry.notes || []),
    ...(entry.fuzz ? [`seed ${entry.fuzz.seed}, ${count(entry.fuzz.pairs, 'pair')} of moments`] : []),
    ...(entry.failed_runs || []).slice(0, 20).map((run) => `a run failed: ${run}`),
    ...(entry.limits || []).map((limit) => `in ${count(limit.runs, 'run')}: ${limit.text}`),
    ...(entry.cut || []).map((cut) => `not in this file, because of its size: ${cut}`),
  ];
  return notes.length ? section('To know', null, h('ul', { class: 'notes card' }, notes.map((note) => h('li', {}, icon('unknown', 'note'), h('span', {}, note))))) : null;
}
