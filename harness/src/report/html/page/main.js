// State in the address, so that a place in the report can be sent to somebody; everything else follows from it.

const results = JSON.parse(document.getElementById('results').textContent);
const guides = JSON.parse(document.getElementById('guides').textContent);
const app = document.getElementById('app');

function readState() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const number = (name, size) => {
    const value = Number.parseInt(wanted.get(name) ?? '', 10);
    return Number.isInteger(value) && value >= 0 && value < size ? value : null;
  };
  const worst = results.cases.map((entry, index) => ({ rank: VERDICT_ORDER.indexOf(entry.verdict), index })).sort((a, b) => a.rank - b.rank || a.index - b.index)[0];
  const place = number('case', results.cases.length) ?? worst?.index ?? null;
  const entry = results.cases[place];
  return {
    case: place,
    point: entry ? number('point', entry.points.length) : null,
    run: entry ? number('run', entry.runs.length) : null,
    beside: wanted.get('beside') === '-1' ? -1 : entry ? number('beside', entry.runs.length) : null,
  };
}

let state = readState();
let map = null;
let runs = null;

function remember() {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) if (value !== null) parts.set(name, value);
  history.replaceState(null, '', `#${parts}`);
}

function selectPoint(index) {
  const before = state.point;
  state.point = index;
  remember();
  map?.select(index);
  if (index === null && before !== null) map?.back(before);
}

function showRun(place, stay) {
  state.run = place;
  remember();
  runs?.show(place, state.beside ?? undefined);
  if (!stay) runs?.node.scrollIntoView({ block: 'start' });
}

/** Shows another run beside the chosen one; -1 shows none. */
function compareWith(place) {
  state.beside = place;
  const entry = results.cases[state.case];
  showRun(state.run ?? defaultRun(entry), true);
}

function defaultRun(entry) {
  const first = entry.findings.find((finding) => finding.run !== undefined);
  if (first) return first.run;
  const other = entry.runs.findIndex((_, place) => place !== entry.baseline);
  return other >= 0 ? other : 0;
}

function casePart(entry) {
  const verdict = VERDICTS[entry.verdict];
  const acts = { selectPoint, showRun, compareWith, showOnMap: (finding) => map?.highlight(finding) };
  map = mapSection(entry, state, acts);
  runs = runsSection(entry, acts);
  return h('article', { class: 'gap', 'aria-label': entry.name },
    h('div', { class: 'case-head' }, h('h2', {}, entry.name),
      h('span', { class: `badge ${verdict.tone}` }, verdictIcon(entry.verdict), verdict.word),
      h('span', { class: 'soft' }, [entry.kind, entry.fault, entry.file].filter(Boolean).join(' · '))),
    entry.command.length ? command(commandLine(entry.command), 'the command') : null,
    entry.error ? h('div', { class: 'card gap-card bad' }, h('pre', { class: 'diff' }, entry.error.text)) : null,
    h('ul', { class: 'chips', 'aria-label': 'Oracles' }, entry.oracles.map((oracle) => h('li', {
      class: `chip ${oracle.verdict === 'not_applicable' ? 'off' : ''}`, title: oracle.reason || `a violation is: ${oracle.violation}`,
    }, verdictIcon(oracle.verdict), oracle.name, h('span', { class: 'soft small' }, oracle.verdict === 'holds' ? '' : VERDICTS[oracle.verdict].word)))),
    findingsSection(entry, acts), differencesSection(entry), budgetsSection(entry), map?.node, runs?.node, coverageSection(entry), notesSection(entry));
}

function openCase(index) {
  state = { case: index, point: null, run: null, beside: null };
  remember();
  render();
  app.querySelector('article')?.scrollIntoView({ block: 'start' });
}

function render() {
  tip(null);
  const entry = results.cases[state.case];
  const parts = [head(results)];
  if (results.cases.length > 1) parts.push(caseTable(results, state, openCase));
  if (entry) parts.push(casePart(entry));
  parts.push(h('footer', { class: 'foot' }, 'Made by sigproof: it delivers the signal at every moment that matters, and looks at what is left.'));
  app.replaceChildren(...parts);
  if (entry?.runs.length) runs.show(state.run ?? defaultRun(entry), state.beside ?? undefined);
  if (state.point !== null) map?.select(state.point);
}

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  tip(null);
  if (state.point !== null) selectPoint(null);
});
window.addEventListener('hashchange', () => { state = readState(); render(); });

render();
requestAnimationFrame(() => requestAnimationFrame(() => { document.documentElement.dataset.ready = String(Math.round(performance.now())); }));
