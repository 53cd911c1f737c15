// One run: its timeline beside the undisturbed one, its events, its screens, what it changed.

function eventRow({ at_ns: at, what }) {
  const kind = Object.keys(what)[0];
  const data = what[kind];
  const asked = [1, 2, 3, 15, 18, 20];
  const row = (word, text, tone, strong) => h('div', { class: `event${strong ? ' is-strong' : ''}`, 'data-at': at, 'data-text': `${word}: ${text.slice(0, 120)}` },
    h('span', { class: 'at' }, milliseconds(at)), h('span', { class: tone || 'soft' }, word), h('pre', { class: tone || '' }, text));
  switch (kind) {
    case 'started': return row('start', `pid ${data.pid}`);
    case 'output': return row({ stdout: 'out', stderr: 'err', terminal: 'term' }[data.stream], visible(data.bytes));
    case 'flooded': return row('flood', `more output on ${data.stream} than is kept`, 'warn');
    case 'child': return row('child', `pid ${data.pid} of ${data.parent}`);
    case 'exec': return row('exec', `pid ${data.pid}: ${data.command}`);
    // What a runtime installs for its own faults is no news.
    case 'handler': return asked.includes(data.signal) ? row('handler', `pid ${data.pid} handles ${signalName(data.signal)}`) : null;
    case 'handler_returned': return row('handler', `pid ${data.pid}: ${handled(data)}`);
    case 'file': return row('call', `pid ${data.pid}: ${data.call}`);
    case 'fault': return row('signal', `#${data.step + 1}: ${data.fault}, at ${data.met}`, 'bad', true);
    case 'delivered': return row('deliver', `${signalName(data.signal)} to pid ${data.pid}${data.pid === data.tid ? '' : `, thread ${data.tid}`}${data.times > 1 ? `, ${data.times} times in a row` : ''}`, 'bad');
    case 'child_exited': return row('ended', `pid ${data.pid}: ${statusWords(data.status)}`);
    case 'exited': return row('exit', statusWords(data.status), null, true);
    case 'deadline': return row('hangs', `nothing ended it within ${data.limit_ms} ms; killed`, 'bad', true);
    case 'spins': return row('hangs', `pid ${data.pid} sent itself ${signalName(data.signal)} ${data.times} times and did nothing else; killed`, 'bad', true);
    case 'ready': return row('ready', `it can be used: ${data.seen}`, 'good', true);
    case 'client': return row('client', `client ${data.client + 1} ${data.what}`);
    case 'stop': return row('stop', `all clients are done: it is told to stop by ${signalName(data.signal)}`, null, true);
    case 'failpoint': return row('point', `comes to the failpoint ${data.name}, time ${data.nth}`);
    default: return row(kind.replaceAll('_', ' '), Object.entries(data || {}).map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`).join(', '));
  }
}

// Black and grey are lighter than terminals have them: a report is for reading.
const PALETTE = ['#8b909d', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d9dbe0', '#8f949f', '#ef8d95', '#b5d99c', '#f0d399', '#8cc8ff', '#dda0ef', '#7fd1da', '#ffffff'];

function colour(name) {
  if (name.startsWith('#')) return name;
  const index = Number(name);
  if (index < 16) return PALETTE[index];
  if (index >= 232) { const grey = 8 + (index - 232) * 10; return `rgb(${grey},${grey},${grey})`; }
  const level = (digit) => (digit === 0 ? 0 : 55 + digit * 40);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))},${level(Math.floor(cube / 6) % 6)},${level(cube % 6)})`;
}

function screen(shot, of) {
  const inverse = { foreground: '#1d2027', background: '#d9dbe0' };
  const rows = shot.lines.map((line, row) => {
    const cells = line.map((span) => {
      const style = span.style || '';
      const piece = h('span', { class: style.replace('v', '').split('').join(' ') }, span.text);
      const turned = style.includes('v');
      if (span.foreground || turned) piece.style.color = span.foreground ? colour(span.foreground) : inverse.foreground;
      if (span.background || turned) piece.style.background = span.background ? colour(span.background) : inverse.background;
      return piece;
    });
    return [cells, cursorAt(shot, row, line), '\n'];
  });
  for (let row = shot.lines.length; shot.cursor && row <= shot.cursor[0]; row += 1) rows.push([cursorAt(shot, row, []), '\n']);
  const state = [shot.cursor ? null : 'cursor hidden', ...(shot.modes || []).map((mode) => `${mode} on`)].filter(Boolean).join(', ');
  return h('figure', { class: 'screen' },
    h('figcaption', {}, h('span', {}, `Screen of ${of}, ${shot.title}`), state ? h('span', { class: 'warn' }, state) : null),
    h('pre', { class: 'terminal', tabindex: '0', role: 'region', 'aria-label': `Screen of ${of}` }, rows));
}

/** The cursor is drawn where it stands behind the text of its line; inside of text it would hide a letter. */
function cursorAt(shot, row, line) {
  if (!shot.cursor || shot.cursor[0] !== row) return null;
  const width = line.reduce((sum, span) => sum + [...span.text].length, 0);
  if (shot.cursor[1] < width) return null;
  return [' '.repeat(shot.cursor[1] - width), h('span', { class: 'cursor' }, ' ')];
}

/** Whether a text names a path, and not one that begins or ends like it. */
function names(text, path) {
  for (let at = text.indexOf(path); at >= 0; at = text.indexOf(path, at + 1)) {
    const around = (text[at - 1] || ' ') + (text[at + path.length] || ' ') + (text[at + path.length + 1] || ' ');
    if (!/[\w/-]/.test(around[0]) && !/[\w/-]/.test(around[1]) && !/^\.\w/.test(around.slice(1))) return true;
  }
  return false;
}

function changesTable(record, baseline) {
  const usual = new Map((baseline?.changes || []).map((change) => [change.path, change.after]));
  const paths = new Map((record.changes || []).map((change) => [change.path, change]));
  const all = [...new Set([...paths.keys(), ...usual.keys()])].sort();
  if (!all.length) return h('p', { class: 'soft small' }, 'Nothing in the work tree was changed.');
  const rows = all.slice(0, 200).map((path) => {
    const change = paths.get(path);
    const finished = usual.has(path) ? usual.get(path) ?? 'gone' : 'unchanged';
    const here = change ? change.after ?? 'gone' : 'unchanged';
    const compared = baseline && baseline !== record;
    const blamed = (record.evidence || []).some((text) => text.subject === path || names(text.text, path));
    // Old and new are both right; only what is neither is remarkable.
    const word = !compared ? '' : here === finished ? ' · as finished' : here === 'unchanged' ? ' · as before' : finished === 'unchanged' ? ' · not left by a finished run' : ' · neither';
    return h('tr', { class: blamed ? 'differs' : '' },
      h('td', {}, h('code', {}, path)), h('td', { class: 'small' }, change ? change.before ?? 'not there' : '–'),
      h('td', { class: 'small' }, here, blamed ? h('b', {}, word) : h('span', { class: 'soft' }, word)),
      baseline && baseline !== record ? h('td', { class: 'small' }, finished) : null);
  });
  const titles = ['path', 'before', 'after this run', ...(baseline && baseline !== record ? ['after a finished run'] : [])];
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Changes in the work tree' }, h('table', { class: 'table' },
    h('thead', {}, h('tr', {}, titles.map((title) => h('th', { scope: 'col' }, title)))), h('tbody', {}, rows)),
  all.length > 200 ? h('p', { class: 'soft small' }, `${all.length - 200} more paths are not shown.`) : null);
}

function runTitle(entry, place) {
  if (place === entry.baseline) return 'Undisturbed';
  const findings = entry.findings.filter((finding) => finding.run === place);
  const record = entry.runs[place];
  const point = record.point !== undefined ? pointName(entry.points[record.point]) : record.title;
  return findings.length ? `${[...new Set(findings.map((finding) => finding.oracle))].join(', ')}: ${point}` : point;
}

function runsSection(entry, acts) {
  if (!entry.runs.length) return null;
  const body = h('div', {});
  const order = entry.runs.map((_, place) => place).sort((a, b) => (a === entry.baseline) - (b === entry.baseline) || a - b);
  const choice = (label, options, act) => h('label', { class: 'run-choice' }, h('span', { class: 'soft small' }, label), h('select', { onchange: (event) => act(Number(event.currentTarget.value)) },
    options.map(([place, title]) => h('option', { value: place }, title))));
  const titles = order.map((place) => [place, runTitle(entry, place)]);
  const which = choice('Run', titles, (place) => acts.showRun(place, true));
  const beside = choice('beside', [...titles.map(([place, title]) => [place, title]).reverse(), [-1, 'nothing']], (place) => acts.compareWith(place));
  const runs = {
    node: section(entry.runs.length > 1 ? 'Runs' : 'The run', null, order.length > 1 ? h('div', { class: 'run-choices' }, which, beside) : null, body),
    show(place, wanted) {
      const record = entry.runs[place];
      const other = wanted === -1 ? undefined : wanted ?? entry.baseline;
      const compared = other === undefined || other === place ? null : entry.runs[other];
      which.lastChild.value = String(place);
      beside.lastChild.value = String(compared ? other : -1);
      const [program] = entry.command;
      const shown = [{ title: runTitle(entry, place), record, program }];
      if (compared) shown.push({ title: runTitle(entry, other), record: compared, program });
      body.replaceChildren(...oneRun(entry, shown));
    },
  };
  return runs;
}

/** A run, and the one that it is compared with, on one scale of time and under one slider. */
function oneRun(entry, shown) {
  const [{ record }, compared] = shown;
  const rows = record.events.map(eventRow).filter(Boolean);
  const list = h('div', { class: 'events', tabindex: '0', role: 'region', 'aria-label': 'Events of the run', onclick: (event) => {
    const row = event.target.closest('.event');
    if (row) moment.at(Number(row.dataset.at));
  } }, rows);
  const then = h('div', { class: 'moments' });
  const lines = timelines(shown, (at) => moment.at(at));
  const moment = slider(momentsOf(record), (at) => {
    lines.mark(at);
    let current = null;
    for (const row of rows) {
      const done = Number(row.dataset.at) <= at;
      row.classList.toggle('is-later', !done);
      row.classList.remove('is-current');
      if (done) current = row;
    }
    if (current) {
      current.classList.add('is-current');
      // In its box alone: the page stays where it is.
      list.scrollTop = current.offsetTop - list.offsetTop - list.clientHeight / 2;
    }
    then.replaceChildren(...shown.map((it) => momentOf(it, at)));
  });
  moment.last();
  const baseline = entry.baseline === undefined ? null : entry.runs[entry.baseline];
  return [
    h('div', { class: 'card' },
      h('p', { class: 'small soft' }, `${statusWords(record.status)} after ${duration(record.end_ns)}`, compared ? `; ${compared.title}: ${statusWords(compared.record.status)} after ${duration(compared.record.end_ns)}` : null,
        (record.steps || []).map((step) => [h('br'), step])),
      h('div', { class: 'gap-small' }, lines.node), moment.node, then,
      h('details', { class: 'gap-small', open: true }, h('summary', {}, `Events of ${shown[0].title}`), list),
      (record.dropped || []).map(([stream, bytes]) => h('p', { class: 'small soft' }, `${count(bytes, 'byte')} of ${stream} are not kept.`))),
    h('div', { class: 'columns gap-card' },
      h('div', { class: 'card' }, h('h3', {}, 'Work tree at the end'), changesTable(record, compared?.record ?? baseline)),
      (record.oracles || []).length ? h('div', { class: 'card' }, h('h3', {}, 'Verdicts of this run'), h('ul', { class: 'notes' }, record.oracles.map((oracle) => verdictLine(oracle, record)))) : null,
      leftAlive(record)),
    (record.limits || []).length ? h('ul', { class: 'notes small soft' }, record.limits.map((limit) => h('li', {}, icon('unknown'), limit))) : '',
  ];
}

function verdictLine(oracle, record) {
  const evidence = (record.evidence || []).filter((text) => text.oracle === oracle.name);
  return h('li', {}, verdictIcon(oracle.verdict), h('span', {}, h('b', {}, oracle.name), ' ',
    evidence.length ? evidence.map((text) => h('span', {}, text.text, ' ')) : h('span', { class: 'soft' }, oracle.reason || '')));
}

function leftAlive(record) {
  const processes = [
    ...(record.orphans || []).map((it) => `pid ${it.pid}, ${it.command}: outlived the target`),
    ...(record.stuck || []).map((it) => `pid ${it.pid}, ${it.command}: still running at the deadline${it.call ? `, in ${it.call}` : ''}`),
  ];
  return processes.length ? h('div', { class: 'card' }, h('h3', {}, 'Processes left'), h('ul', { class: 'notes' }, processes.map((text) => h('li', {}, icon('violated', 'bad'), text)))) : null;
}
