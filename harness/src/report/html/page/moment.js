// One moment of a run, chosen by a slider: the screen, the output and the work tree as they were then.

/** The moments at which something happens, the last event of each. */
function momentsOf(record) {
  const moments = [{ at: 0, text: 'the program begins' }];
  for (const event of record.events) {
    const row = eventRow(event);
    if (row) moments.push({ at: event.at_ns, text: row.dataset.text, fault: event.what.fault !== undefined });
  }
  if (moments.at(-1).at < record.end_ns) moments.push({ at: record.end_ns, text: statusWords(record.status) });
  return moments;
}

/** A slider that goes from one thing that happens to the next, and buttons for the moments that most people want. */
function slider(moments, chosen) {
  let place = moments.length - 1;
  const words = h('output', { class: 'small moment-words' });
  const input = h('input', { type: 'range', min: 0, max: moments.length - 1, step: 1, 'aria-label': 'Moment of the run', oninput: () => set(Number(input.value)) });
  const set = (wanted) => {
    place = Math.min(moments.length - 1, Math.max(0, wanted));
    const { at, text } = moments[place];
    input.value = String(place);
    input.setAttribute('aria-valuetext', `${milliseconds(at)}: ${text}`);
    words.replaceChildren(h('b', {}, milliseconds(at)), ` ${text}`);
    chosen(at);
  };
  const jump = (name, to) => h('button', { class: 'plain-button', type: 'button', onclick: () => set(to) }, name);
  const faults = moments.map((moment, index) => ({ moment, index })).filter(({ moment }) => moment.fault).slice(0, 3);
  const node = h('div', { class: 'moment' },
    h('div', { class: 'moment-bar' }, jump('Start', 0),
      // Just before the signal is what the person at the keyboard saw.
      faults.map(({ index }, nth) => [jump(faults.length > 1 ? `Before #${nth + 1}` : 'Before the signal', index - 1), jump(faults.length > 1 ? `#${nth + 1}` : 'Signal', index)]),
      jump('End', moments.length - 1), input),
    words);
  return {
    node,
    set,
    /** The last moment that is not after this time. */
    at(time) {
      let last = 0;
      moments.forEach((moment, index) => { if (moment.at <= time) last = index; });
      set(last);
    },
    last: () => set(moments.length - 1),
  };
}

/** What a program on pipes had written by then, both streams as they came. */
function outputAt(record, at) {
  const pieces = [];
  for (const { at_ns: when, what } of record.events) {
    if (when > at) break;
    const { output } = what;
    if (!output) continue;
    pieces.push(h('span', { class: output.stream === 'stderr' ? 'err' : '' }, visible(output.bytes) + (/\n$/.test(output.bytes) ? '\n' : '')));
  }
  return pieces;
}

/** The terminal as it was then: each frame says which lines are others than in the frame before. */
function screenAt(record, at) {
  const shot = { lines: [], cursor: [0, 0], modes: [] };
  for (const frame of record.frames || []) {
    if (frame.at_ns > at) break;
    for (const [row, line] of frame.lines) shot.lines[row] = line;
    shot.lines.length = frame.rows;
    shot.cursor = frame.cursor ?? null;
    shot.modes = frame.modes || [];
  }
  shot.lines = Array.from(shot.lines, (line) => line || []);
  return shot;
}

/** Calls whose argument is a path; a signal that is sent changes the world, too, but no file. */
const CHANGES = /^(open|creat|p?write|sendfile|splice|copy_file_range|rename|link|symlink|unlink|rmdir|mkdir|f?truncate|fallocate|mknod|bind|f?chmod|l?f?chown|f?utime|f?l?setxattr)/;

/** The changes of files, in order: `[when, call, path, new path, text of a link]`. */
function fileCalls(record) {
  return record.events.flatMap(({ at_ns: at, what }) => {
    const [, call, argument] = /^([a-z0-9_]+)\((.*)\)$/s.exec(what.file?.call || '') || [];
    if (!call || !CHANGES.test(call)) return [];
    const [from, to] = /^(rename|link|symlink)/.test(call) ? argument.split(' -> ') : [argument];
    // What a symbolic link says is text, and no file that anything happens to.
    return [call.startsWith('symlink') ? [at, call, to, undefined, from] : [at, call, from, to]];
  });
}

/** What had become of each path by then, from the calls that change files. */
function treeAt(record, at) {
  const calls = fileCalls(record);
  const known = new Map((record.changes || []).map((change) => [change.path, change]));
  // What is no change in the end was there before, unless the program has taken it away again.
  const taken = new Map();
  for (const [, call, from, to] of calls) { taken.set(from, /^(rename|unlink|rmdir)/.test(call)); if (to) taken.set(to, false); }
  const there = (path) => (known.has(path) ? known.get(path).before : !taken.get(path));
  const paths = new Map();
  const of = (path) => {
    if (!paths.has(path)) paths.set(path, { words: there(path) ? 'as before' : 'not there', writes: 0, touched: false });
    return paths.get(path);
  };
  const set = (path, words) => Object.assign(of(path), { words, writes: 0, touched: true });
  // A path that is used later only is shown from the beginning on: it is part of the story.
  [...known.keys(), ...taken.keys()].forEach(of);
  for (const [when, call, from, to, text] of calls) {
    if (when > at) break;
    if (to && call.startsWith('rename')) { set(to, `was ${from}`); set(from, 'gone'); }
    else if (to) set(to, `the same file as ${from}`);
    else if (text) set(from, `a link to ${text}`);
    else if (/^(unlink|rmdir)/.test(call)) set(from, 'gone');
    else if (call.startsWith('mkdir')) set(from, 'a new directory');
    else if (/^(open|creat)/.test(call)) set(from, there(from) ? 'opened anew' : 'made');
    else if (/write|sendfile|splice|copy_file_range/.test(call)) { const it = of(from); it.writes += 1; it.touched = true; }
    else set(from, `after ${call}`);
  }
  return [...paths].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, it]) => {
    const writes = it.writes ? count(it.writes, 'write') : '';
    const words = writes && !/^(made|opened|was)/.test(it.words) ? writes : [it.words, writes].filter(Boolean).join(', ');
    return { path, touched: it.touched, gone: it.words === 'gone', words };
  });
}

function treeList(record, at, title) {
  const rows = treeAt(record, at);
  if (!rows.length) return null;
  return h('div', { class: 'tree-at', tabindex: '0', role: 'region', 'aria-label': `Files of ${title}` }, h('p', { class: 'small soft' }, 'Files by then'),
    h('ul', {}, rows.slice(0, 60).map((row) => h('li', { class: row.touched ? '' : 'is-untouched' },
      h('code', { class: row.gone ? 'is-gone' : '' }, row.path), h('span', { class: 'small soft' }, row.words)))),
    rows.length > 60 ? h('p', { class: 'small soft' }, `${rows.length - 60} more paths`) : null);
}

/** One run at a moment: what a person saw, and what the files were like. */
function momentOf({ title, record }, at) {
  const end = at >= record.end_ns ? `, ${statusWords(record.status)}` : '';
  const seen = record.terminal || (record.frames || []).length
    ? screen({ ...screenAt(record, at), title: `at ${milliseconds(at)}${end}` }, title)
    : h('figure', { class: 'screen' }, h('figcaption', {}, h('span', {}, `Output of ${title}, by ${milliseconds(at)}${end}`)),
      h('pre', { class: 'terminal', tabindex: '0', role: 'region', 'aria-label': `Output of ${title}` }, outputAt(record, at)));
  return h('div', { class: 'moment-of' }, seen, treeList(record, at, title));
}
