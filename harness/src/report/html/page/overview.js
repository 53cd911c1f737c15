// The head of the page, and the table of cases.

function sentence(cases) {
  const number = (verdict) => cases.filter((entry) => entry.verdict === verdict).length;
  const all = cases.length;
  const [only] = cases;
  if (all === 0) return ['not_reached', 'No case was run'];
  const worst = VERDICT_ORDER.find((verdict) => number(verdict) > 0);
  if (all === 1) {
    return [worst, {
      error: 'It could not be carried out',
      violated: `${count(problems(only), 'promise')} broken`,
      flaky: 'Something breaks, not every time',
      not_reached: only.shortfalls?.[0]?.not_followed
        ? `Not proven: ${only.not_followed.join('; ')}` : 'Nothing found, but not everything was tried',
      holds: 'Every contract holds',
    }[worst]];
  }
  if (worst === 'holds') return [worst, `All ${all} cases hold`];
  const parts = VERDICT_ORDER.filter((verdict) => verdict !== 'holds' && number(verdict) > 0)
    .map((verdict) => `${number(verdict)} ${VERDICTS[verdict].word}`);
  return [worst, `${parts.join(', ')} of ${all} cases`];
}

function counted(entry) {
  return entry.findings.filter((finding) => !finding.before_ready && !finding.at_start);
}

function problems(entry) {
  const broken = (entry.budgets || []).filter((budget) => !budget.holds).length;
  return counted(entry).length + (entry.differences || []).length + broken;
}

function head(results) {
  const { cases, tool } = results;
  const [verdict, words] = sentence(cases);
  const sum = (pick) => cases.reduce((total, entry) => total + pick(entry), 0);
  const found = sum((entry) => entry.coverage?.found || 0);
  const tried = sum((entry) => entry.coverage?.tried || 0);
  const runs = sum((entry) => entry.coverage?.runs || (entry.kind === 'run' ? 1 : 0));
  const findings = sum(problems);
  const when = new Date(tool.at_unix_s * 1000);
  const tile = (value, label) => h('div', { class: 'tile' }, h('b', {}, value), h('span', { class: 'soft small' }, label));
  return h('header', {},
    h('div', { class: 'head' },
      h('span', { class: 'brand' }, 'sigproof'),
      h('span', { class: 'soft small' }, h('time', { datetime: when.toISOString() }, when.toISOString().slice(0, 16).replace('T', ' '), ' UTC'), ` · ${tool.version} · ${tool.system}`)),
    h('h1', { class: `verdict ${VERDICTS[verdict].tone}` }, verdictIcon(verdict), h('span', {}, words)),
    h('div', { class: 'tiles' },
      cases.length > 1 ? tile(cases.length.toLocaleString('en'), 'cases') : null,
      tile(findings.toLocaleString('en'), findings === 1 ? 'finding' : 'findings'),
      found > 0 ? tile(`${percent(tried, found)} %`, `interrupt coverage: ${tried.toLocaleString('en')} of ${count(found, 'point')}`) : null,
      tile(runs.toLocaleString('en'), runs === 1 ? 'run' : 'runs'),
      tile(duration(sum((entry) => entry.times?.elapsed_ns || 0)), 'of running')));
}

function caseTable(results, state, open) {
  const order = results.cases
    .map((entry, index) => ({ entry, index }))
    .sort((a, b) => VERDICT_ORDER.indexOf(a.entry.verdict) - VERDICT_ORDER.indexOf(b.entry.verdict) || a.index - b.index);
  const rows = order.map(({ entry, index }) => {
    const broken = problems(entry);
    const row = h('tr', { class: state.case === index ? 'open' : '' },
      h('td', { class: 'name' },
        h('button', { type: 'button', 'aria-current': state.case === index ? 'true' : false, onclick: () => open(index) },
          verdictIcon(entry.verdict), h('span', {}, entry.name, entry.file ? h('span', { class: 'file soft small' }, entry.file) : null))),
      h('td', { class: VERDICTS[entry.verdict].tone }, VERDICTS[entry.verdict].word),
      h('td', { class: 'number' }, broken ? count(broken, 'finding') : '–'),
      h('td', { class: 'wide soft' }, entry.kind),
      h('td', { class: 'wide number' }, entry.coverage ? `${percent(entry.coverage.tried, entry.coverage.found)} % of ${count(entry.coverage.found, 'point')}` : '–'),
      h('td', { class: 'wide number soft' }, duration(entry.times?.elapsed_ns || 0)));
    return { row, text: `${entry.name} ${entry.file || ''} ${entry.verdict}`.toLowerCase() };
  });
  const titles = ['case', 'verdict', 'findings', 'kind', 'coverage', 'time'];
  const table = scrolled('Table of cases', 'cases',
    h('thead', {}, h('tr', {}, titles.map((title, column) => h('th', { scope: 'col', class: column > 2 ? 'wide' : '' }, title)))),
    h('tbody', {}, rows.map(({ row }) => row)));
  const search = rows.length > 12 && h('input', {
    class: 'find', type: 'search', placeholder: 'Filter by name or verdict', 'aria-label': 'Filter the cases',
    oninput: (event) => {
      const wanted = event.currentTarget.value.toLowerCase();
      for (const { row, text } of rows) row.hidden = !text.includes(wanted);
    },
  });
  return section('Cases', null, search, table);
}
