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

function findingCard(entry, finding, index, acts) {
  const found = entry.coverage?.found;
  const where = finding.points?.length
    ? `at ${finding.count.toLocaleString('en')} of ${count(found || finding.count, 'point')}, first at `
    : null;
  const repeated = finding.times > 1 ? `shown in ${finding.seen} of ${finding.times} runs` : null;
  const kind = finding.before_ready ? 'is-early' : finding.flaky ? 'is-flaky' : '';
  return h('li', { class: `card finding ${kind}`, id: `finding-${index}` },
    h('div', { class: `oracle ${finding.before_ready ? 'soft' : finding.flaky ? 'warn' : 'bad'}` },
      icon(finding.flaky ? 'flaky' : 'violated'), finding.oracle,
      finding.flaky ? h('span', { class: 'small' }, '· flaky') : null,
      finding.before_ready ? h('span', { class: 'small' }, '· before the target was ready, not counted') : null),
    h('h3', {}, finding.text),
    where ? h('p', { class: 'small soft' }, where, h('code', {}, finding.first)) : null,
    finding.between ? around(finding.between) : null,
    repeated ? h('p', { class: `small ${finding.flaky ? 'warn' : 'soft'}` }, repeated) : null,
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
  const list = h('ul', { class: 'findings' });
  let shown = 0;
  const more = h('button', { class: 'plain-button', type: 'button' });
  const show = () => {
    for (const { finding, index } of order.slice(shown, shown + MOST_CARDS)) list.append(findingCard(entry, finding, index, acts));
    shown = Math.min(order.length, shown + MOST_CARDS);
    more.hidden = shown === order.length;
    more.textContent = `Show ${Math.min(MOST_CARDS, order.length - shown)} more of ${(order.length - shown).toLocaleString('en')}`;
  };
  more.addEventListener('click', show);
  show();
  return section('Findings', count(order.length, 'finding'), list, h('p', { class: 'actions' }, more));
}
