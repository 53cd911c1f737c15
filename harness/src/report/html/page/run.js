// One run: its timeline beside the undisturbed one, its events, its screens, what it changed.

function eventRow({ at_ns: at, what }) {
  const kind = Object.keys(what)[0];
  const data = what[kind];
  const asked = [1, 2, 3, 15, 18, 20];
  const row = (word, text, tone, strong) => h('div', { class: `event${strong ? ' is-strong' : ''}` },
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
    case 'file': return row('file', `pid ${data.pid}: ${data.call}`);
    case 'fault': return row('signal', `#${data.step + 1}: ${data.fault}, at ${data.met}`, 'bad', true);
    case 'delivered': return row('deliver', `${signalName(data.signal)} to pid ${data.pid}${data.pid === data.tid ? '' : `, thread ${data.tid}`}${data.times > 1 ? `, ${data.times} times in a row` : ''}`, 'bad');
    case 'child_exited': return row('ended', `pid ${data.pid}: ${statusWords(data.status)}`);
    case 'exited': return row('exit', statusWords(data.status), null, true);
    case 'deadline': return row('hangs', `nothing ended it within ${data.limit_ms} ms; killed`, 'bad', true);
    case 'spins': return row('hangs', `pid ${data.pid} sent itself ${signalName(data.signal)} ${data.times} times and did nothing else; killed`, 'bad', true);
    default: return row(kind.replaceAll('_', ' '), Object.entries(data || {}).map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`).join(', '));
  }
}

const PALETTE = ['#3a3f4b', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d9dbe0', '#7f848e', '#ef8d95', '#b5d99c', '#f0d399', '#8cc8ff', '#dda0ef', '#7fd1da', '#ffffff'];

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
    h('figcaption', {}, h('span', {}, `${of}, ${shot.title}`), h('span', {}, milliseconds(shot.at_ns)), state ? h('span', { class: 'warn' }, state) : null),
    h('pre', { class: 'terminal', tabindex: '0', 'aria-label': `screen of ${of}, ${shot.title}` }, rows));
}

/** The cursor is drawn where it stands behind the text of its line; inside of text it would hide a letter. */
function cursorAt(shot, row, line) {
  if (!shot.cursor || shot.cursor[0] !== row) return null;
  const width = line.reduce((sum, span) => sum + [...span.text].length, 0);
  if (shot.cursor[1] < width) return null;
  return [' '.repeat(shot.cursor[1] - width), h('span', { class: 'cursor' }, ' ')];
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
    const blamed = (record.evidence || []).some((text) => text.text.includes(path) || text.subject === path);
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
  const baseline = entry.baseline === undefined ? null : entry.runs[entry.baseline];
  const body = h('div', {});
  const order = entry.runs.map((_, place) => place).sort((a, b) => (a === entry.baseline) - (b === entry.baseline) || a - b);
  const choice = h('select', { class: 'run-choice', 'aria-label': 'Which run', onchange: (event) => acts.showRun(Number(event.currentTarget.value), true) },
    order.map((place) => h('option', { value: place }, runTitle(entry, place))));
  const runs = {
    node: section(entry.runs.length > 1 ? 'Runs' : 'The run', null, order.length > 1 ? h('p', {}, choice) : null, body),
    show(place) {
      const record = entry.runs[place];
      choice.value = String(place);
      const pair = [{ title: runTitle(entry, place), record, program: entry.command[0] }];
      if (baseline && baseline !== record) pair.push({ title: 'Undisturbed, on the same scale', record: baseline, program: entry.command[0] });
      const lines = timelines(pair);
      const shots = [...(record.screens || []).map((shot) => [shot, 'this run']), ...(baseline !== record ? (baseline?.screens || []).slice(-1).map((shot) => [shot, 'undisturbed']) : [])];
      const list = h('div', { class: 'events', tabindex: '0', role: 'region', 'aria-label': 'Events of the run', onclick: (event) => {
        const row = event.target.closest('.event');
        if (row) lines.look(Number(row.dataset.at));
      } });
      for (const event of record.events) {
        const row = eventRow(event);
        if (!row) continue;
        row.dataset.at = event.at_ns;
        list.append(row);
      }
      body.replaceChildren(
        h('div', { class: 'card' },
          h('p', { class: 'small soft' }, `${statusWords(record.status)} after ${duration(record.end_ns)}`, (record.steps || []).map((step) => [h('br'), step])),
          h('div', { class: 'gap-small' }, lines.node), list,
          (record.dropped || []).map(([stream, bytes]) => h('p', { class: 'small soft' }, `${count(bytes, 'byte')} of ${stream} are not kept.`))),
        shots.length ? h('div', { class: 'screens card gap-card' }, shots.map(([shot, of]) => screen(shot, of))) : '',
        h('div', { class: 'columns gap-card' },
          h('div', { class: 'card' }, h('h3', {}, 'Work tree'), changesTable(record, baseline)),
          (record.oracles || []).length ? h('div', { class: 'card' }, h('h3', {}, 'Verdicts of this run'), h('ul', { class: 'notes' }, record.oracles.map((oracle) => verdictLine(oracle, record)))) : null,
          leftAlive(record)),
        (record.limits || []).length ? h('ul', { class: 'notes small soft' }, record.limits.map((limit) => h('li', {}, icon('unknown'), limit))) : '');
    },
  };
  return runs;
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
