// What is wrong: one card a finding.

const MOST_CARDS = 12;

/** Which code makes the calls around a point; names between backquotes are code. */
function around(between) {
  const words = between.text.split('`').map((part, place) => (place % 2 ? h('code', {}, part) : part));
  const stack = (title, frames) => (frames?.length ? [h('p', { class: 'small soft' }, title), h('ol', { class: 'stack-of-calls' }, frames.map((frame) => h('li', {}, h('code', {}, frame))))] : null);
  const stacks = [stack('Functions at the call before', between.after), stack('Functions at the call after', between.before)];
  return [h('p', { class: 'small' }, words),
    stacks.some(Boolean) ? h('details', { class: 'small' }, h('summary', {}, 'Call stacks'), stacks) : null];
}

/**
 * From which point on the harm is done. Points stand in the order of the undisturbed run: where every point that was
 * tried from the first with the finding to the last one of the run shows it, nothing after it saves the program.
 */
function reachOf(entry, index) {
  const tried = entry.points.filter((point) => ['holds', 'violated', 'flaky'].includes(point.outcome));
  const bad = tried.map((point) => (point.findings || []).includes(index));
  const [first, last] = [bad.indexOf(true), bad.lastIndexOf(true)];
  if (first < 0 || last === first) return null;
  const all = bad.slice(first, last + 1).every(Boolean);
  if (!all) return null;
  const from = h('code', {}, pointName(tried[first]));
  if (last === tried.length - 1) return [first === 0 ? 'At every tried point: no moment is safe.' : ['From ', from, ' on it is inevitable: every later point that was tried shows it.']];
  return ['At every tried point from ', from, ' to ', h('code', {}, pointName(tried[last])), '; after that it is over.'];
}

/** How a program is mended, as `sigproof explain` says it. */
function mended(oracle) {
  const mends = guides[oracle];
  if (!mends?.length) return null;
  return h('details', { class: 'small' }, h('summary', {}, 'How it is mended'),
    h('ul', { class: 'mends' }, mends.map((text) => h('li', {}, text.replace(/^- /, '')))),
    h('p', { class: 'soft' }, 'Programs that are right: ', h('code', {}, `sigproof explain ${oracle}`)));
}

/** What tells kinds apart: what is said, without what it is said of, and without numbers. */
function kindOf(finding) {
  const subject = finding.subject.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const line = finding.text.split('\n')[0];
  // As a word only: a file `e` is not part of every `file`.
  const text = subject ? line.replace(new RegExp(`(?<![\\p{L}\\p{N}])${subject}(?![\\p{L}\\p{N}])`, 'gu'), '…') : line;
  return [finding.oracle, finding.flaky, finding.unconfirmed, finding.before_ready, finding.at_start, text.replace(/[0-9]+/g, '#')].join(' ');
}

/** Findings of one kind are one card when there are three or more. */
function kinds(order) {
  const groups = new Map();
  for (const one of order) {
    const key = kindOf(one.finding);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(one);
  }
  const place = ({ finding }) => Math.min(...(finding.points || []), Infinity);
  // The earliest speaks for all.
  return [...groups.values()].flatMap((group) => (group.length > 2 ? [group.sort((a, b) => place(a) - place(b) || a.index - b.index)] : group.map((one) => [one])));
}

/** The others of a kind, a line each. */
function othersOf(entry, group, acts) {
  const [first, ...others] = group;
  if (others.length === 0) return null;
  const points = new Set(group.flatMap(({ finding }) => finding.points || []));
  const row = ({ finding, index }) => h('li', { id: `finding-${index}` },
    h('span', { class: 'other' }, finding.subject || finding.text),
    finding.points?.length ? h('span', { class: 'small soft' }, count(finding.count, 'point')) : null,
    finding.points?.length ? h('button', { class: 'plain-button', type: 'button', onclick: () => acts.showOnMap(index), 'aria-label': `Show ${finding.subject} on the map` }, 'Map') : null,
    finding.run !== undefined ? h('button', { class: 'plain-button', type: 'button', onclick: () => acts.showRun(finding.run), 'aria-label': `Show the run for ${finding.subject}` }, 'Run') : null);
  const list = h('ul', { class: 'others' });
  // Thousands of them are made when somebody wants to see them.
  const details = h('details', { class: 'small', ontoggle: () => { if (details.open && !list.firstChild) append(list, others.map(row)); } },
    h('summary', {}, `and ${others.length.toLocaleString('en')} more of the kind`,
      points.size > first.finding.count ? h('span', { class: 'small soft' }, `, together at ${count(points.size, 'point')}`) : null), list);
  return details;
}

function findingCard(entry, group, acts) {
  const [{ finding, index }] = group;
  const found = entry.coverage?.found;
  const where = finding.points?.length
    ? `at ${finding.count.toLocaleString('en')} of ${count(found || finding.count, 'point')}, first at `
    : null;
  const repeated = finding.times > 1 ? `shown in ${finding.seen} of ${finding.times} runs` : null;
  const unsure = finding.flaky || finding.unconfirmed;
  const early = finding.before_ready || finding.at_start;
  const reach = reachOf(entry, index);
  const kind = early ? 'is-early' : unsure ? 'is-flaky' : '';
  return h('li', { class: `card finding ${kind}`, id: `finding-${index}` },
    h('div', { class: `oracle ${early ? 'soft' : unsure ? 'warn' : 'bad'}` },
      icon(unsure ? 'flaky' : 'violated'), finding.oracle,
      finding.flaky ? h('span', { class: 'small' }, '· flaky') : null,
      finding.unconfirmed ? h('span', { class: 'small' }, '· unconfirmed, the session was interrupted') : null,
      finding.at_start ? h('span', { class: 'small' }, '· while the interpreter starts, not counted') : null,
      finding.before_ready ? h('span', { class: 'small' }, '· before the target was ready, not counted') : null),
    h('h3', {}, finding.text),
    where ? h('p', { class: 'small soft' }, where, h('code', {}, finding.first)) : null,
    finding.between ? around(finding.between) : null,
    reach ? h('p', { class: 'small soft' }, reach) : null,
    repeated ? h('p', { class: `small ${finding.flaky ? 'warn' : 'soft'}` }, repeated) : null,
    othersOf(entry, group, acts),
    mended(finding.oracle),
    finding.accept ? h('p', { class: 'small soft' }, 'accept: ', h('code', {}, finding.accept)) : null,
    h('div', { class: 'actions' },
      finding.points?.length ? h('button', { class: 'plain-button', type: 'button', onclick: () => acts.showOnMap(index) }, 'Show on the map') : null,
      finding.run !== undefined ? h('button', { class: 'plain-button', type: 'button', onclick: () => acts.showRun(finding.run) }, 'Show the run') : null),
    finding.replay ? command(finding.replay, 'the replay command') : null);
}

function findingsSection(entry, acts) {
  if (entry.findings.length === 0) return null;
  // What counts comes first; what is certain before what is flaky.
  const order = entry.findings.map((finding, index) => ({ finding, index }))
    .sort((a, b) => (a.finding.before_ready - b.finding.before_ready) || (a.finding.flaky - b.finding.flaky) || a.index - b.index);
  const groups = kinds(order);
  const list = h('ul', { class: 'findings' });
  let shown = 0;
  const more = h('button', { class: 'plain-button', type: 'button' });
  const show = () => {
    for (const group of groups.slice(shown, shown + MOST_CARDS)) list.append(findingCard(entry, group, acts));
    shown = Math.min(groups.length, shown + MOST_CARDS);
    more.hidden = shown === groups.length;
    more.textContent = `Show ${Math.min(MOST_CARDS, groups.length - shown)} more of ${(groups.length - shown).toLocaleString('en')}`;
  };
  more.addEventListener('click', show);
  show();
  const words = groups.length < order.length ? `${count(order.length, 'finding')} of ${count(groups.length, 'kind')}` : count(order.length, 'finding');
  return section('Findings', words, list, h('p', { class: 'actions' }, more));
}
