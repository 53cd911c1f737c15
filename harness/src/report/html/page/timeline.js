// The timeline of a run: signals, processes, handlers, output, the end. Zoom and pan; what is under the pointer is told.

const LANE = 26;
const LABEL = 74;
/** Lanes of one kind that are drawn: a picture of thousands tells nobody anything. */
const MOST_LANES = 24;

/** Events as what is drawn: bars for processes, marks on them, ticks of output, signals, clients, the end. */
function plot(record, program) {
  const processes = new Map();
  const drawn = { processes, signals: [], taken: [], output: new Map(), marks: [], windows: [], moments: [], clients: clientLanes(record), end: record.end_ns, deadline: null };
  const born = (pid, at, name) => {
    if (!processes.has(pid)) processes.set(pid, { pid, from: at, to: null, name: name || '', status: null });
    return processes.get(pid);
  };
  for (const { at_ns: at, what } of record.events) {
    const kind = typeof what === 'string' ? what : Object.keys(what)[0];
    const data = what[kind] || {};
    if (kind === 'started') born(data.pid, at, program);
    else if (kind === 'child') born(data.pid, at, processes.get(data.parent)?.name);
    else if (kind === 'exec') born(data.pid, at).name = data.command;
    else if (kind === 'child_exited') { const child = born(data.pid, at); child.to = at; child.status = data.status; }
    else if (kind === 'exited' && processes.size) { const [target] = processes.values(); target.to = at; target.status = data.status; }
    else if (kind === 'deadline') drawn.deadline = { at, text: 'ran on past its deadline, killed' };
    else if (kind === 'spins') drawn.deadline = { at, text: `sent itself ${signalName(data.signal)} for ever, killed` };
    else if (kind === 'fault') drawn.signals.push({ at, step: data.step, text: `#${data.step + 1}: ${data.fault}, at ${data.met}` });
    else if (kind === 'delivered') {
      drawn.taken.push({ at, pid: data.pid, text: `${signalName(data.signal)} delivered to pid ${data.pid}${data.times > 1 ? `, ${data.times} times in a row` : ''}` });
    } else if (kind === 'handler_returned') {
      drawn.windows.push({ from: at - data.took_ns, to: at, pid: data.pid, text: `pid ${data.pid}: ${handled(data)}` });
    } else if (kind === 'handler') drawn.marks.push({ at, pid: data.pid, kind: 'handler', text: `pid ${data.pid} handles ${signalName(data.signal)}` });
    else if (kind === 'file') drawn.marks.push({ at, pid: data.pid, kind: 'effect', text: data.call });
    else if (kind === 'ready') drawn.moments.push({ at, name: 'ready', text: `it can be used: ${data.seen}` });
    else if (kind === 'stop') drawn.moments.push({ at, name: 'stop', text: `all clients are done: it is told to stop by ${signalName(data.signal)}` });
    else if (kind === 'client') drawn.clients.said(data.client, at, data.what);
    else if (kind === 'output') {
      if (!drawn.output.has(data.stream)) drawn.output.set(data.stream, []);
      drawn.output.get(data.stream).push({ at, text: visible(data.bytes).slice(0, 300) });
    }
  }
  return drawn;
}

/** A lane for each connection of a client: its requests are bars, from the connection to the last byte of the answer. */
function clientLanes(record) {
  const lanes = new Map();
  const lane = (client, connection) => {
    const key = connection ? `${client} ${connection}` : String(client);
    if (!lanes.has(key)) lanes.set(key, { place: [client, connection || 0], name: connection ? `cl. ${client + 1}/${connection + 1}` : `client ${client + 1}`, requests: [], said: [] });
    return lanes.get(key);
  };
  for (const request of record.requests || []) lane(request.client, request.connection).requests.push(request);
  return { said: (client, at, text) => lane(client, 0).said.push({ at, text: `client ${client + 1} ${text}` }), all: () => [...lanes.values()].sort(({ place: [a, b] }, { place: [c, d] }) => a - c || b - d) };
}

function timeAxis(from, to) {
  const raw = (to - from) / 6;
  const power = 10 ** Math.floor(Math.log10(raw || 1));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw) || raw;
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return { ticks, words: (ns) => (step >= 1e9 ? `${(ns / 1e9).toFixed(0)} s` : step >= 1e6 ? `${Math.round(ns / 1e6)} ms` : `${(ns / 1e6).toFixed(step >= 1e5 ? 1 : step >= 1e4 ? 2 : 3)} ms`) };
}

function drawTimeline({ record, program }, view, width, label) {
  const drawn = plot(record, program);
  const lanes = [];
  if (drawn.signals.length || drawn.moments.length) lanes.push({ kind: 'signals', name: drawn.signals.length ? 'signals' : 'script' });
  for (const client of drawn.clients.all().slice(0, MOST_LANES)) lanes.push({ kind: 'client', name: client.name, client });
  const all = [...drawn.processes.values()];
  for (const process of all.slice(0, MOST_LANES)) lanes.push({ kind: 'process', name: `pid ${process.pid}`, process });
  for (const stream of ['terminal', 'stdout', 'stderr']) if (drawn.output.has(stream)) lanes.push({ kind: 'output', name: stream, stream });
  const height = lanes.length * LANE + 26;
  const x = (ns) => LABEL + ((ns - view.from) / (view.to - view.from)) * (width - LABEL - 8);
  const inside = (ns) => ns >= view.from && ns <= view.to;
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img', 'aria-label': label });
  const layer = svg('g', {});
  const hit = [];
  const point = (ns, y, text) => { if (inside(ns)) hit.push({ x: x(ns), y, text }); };
  const { ticks, words } = timeAxis(view.from, view.to);
  for (const at of ticks) {
    picture.append(svg('line', { class: 'grid', x1: x(at), x2: x(at), y1: 0, y2: height - 22 }));
    if (x(at) < width - 30) picture.append(svg('text', { x: x(at), y: height - 6, 'text-anchor': 'middle' }, words(at)));
  }
  lanes.forEach((lane, row) => {
    const top = row * LANE + 3;
    const middle = top + (LANE - 6) / 2;
    lane.middle = middle;
    picture.append(svg('rect', { class: 'lane', x: LABEL, y: top, width: Math.max(0, width - LABEL - 8), height: LANE - 6, rx: 4 }));
    picture.append(svg('text', { class: 'lane-name', x: LABEL - 8, y: middle + 4, 'text-anchor': 'end' }, lane.name));
    if (lane.kind === 'process') {
      const { process } = lane;
      const from = Math.max(x(process.from), LABEL);
      const to = Math.min(x(process.to ?? drawn.end), width - 8);
      if (to > LABEL && from < width - 8) {
        layer.append(svg('rect', { class: 'process', x: from, y: top, width: Math.max(2, to - from), height: LANE - 6, rx: 4 }));
        const room = Math.floor((to - from - 10) / 6.8);
        if (process.name && room > 3) layer.append(svg('text', { class: 'process-name', x: from + 6, y: middle + 4 }, process.name.length > room ? `${process.name.slice(0, room - 1)}…` : process.name));
        hit.push({ x0: from, x1: to, y: middle, text: `pid ${process.pid} ${process.name}\n${duration((process.to ?? drawn.end) - process.from)}${process.to ? `, ${statusWords(process.status)}` : ', still alive at the end'}`, weak: true });
      }
    }
  });
  for (const { kind, client, middle } of lanes) {
    if (kind !== 'client') continue;
    for (const request of client.requests) {
      const from = request.connected_ns ?? request.sent_ns;
      if (from === null || from === undefined) continue;
      const to = request.ended_ns ?? drawn.end;
      if (to < view.from || from > view.to) continue;
      const [left, right] = [Math.max(x(from), LABEL), Math.min(x(to), width - 8)];
      layer.append(svg('rect', { class: request.whole ? 'request' : 'request is-broken', x: left, y: middle - 7, width: Math.max(3, right - left), height: 14, rx: 3 }));
      hit.push({ x0: left, x1: right, y: middle, text: `${request.title}\n${request.came}${request.ended_ns ? ` after ${duration(request.ended_ns - from)}` : ''}\nwhen the signal came: ${request.at_fault}` });
    }
    for (const said of client.said) {
      if (!inside(said.at)) continue;
      layer.append(svg('rect', { class: 'said', x: x(said.at) - 1, y: middle - 9, width: 2, height: 18 }));
      point(said.at, middle, said.text);
    }
  }
  const lane = (test) => lanes.find(test)?.middle;
  for (const window of drawn.windows) {
    const y = lane((it) => it.process?.pid === window.pid);
    if (y === undefined || window.to < view.from || window.from > view.to) continue;
    const from = Math.max(x(window.from), LABEL);
    layer.append(svg('rect', { class: 'window', x: from, y: y - 10, width: Math.max(2, Math.min(x(window.to), width - 8) - from), height: 20, rx: 3 }));
    hit.push({ x0: from, x1: x(window.to), y, text: window.text });
  }
  for (const mark of drawn.marks) {
    const y = lane((it) => it.process?.pid === mark.pid);
    if (y === undefined || !inside(mark.at)) continue;
    layer.append(mark.kind === 'handler'
      ? svg('path', { class: 'handler', d: `M${x(mark.at) - 4} ${y + 9}l4 -6l4 6z` })
      : svg('rect', { class: 'effect', x: x(mark.at) - 1, y: y + 4, width: 2, height: 6 }));
    point(mark.at, y, mark.text);
  }
  for (const [stream, chunks] of drawn.output) {
    const y = lane((it) => it.stream === stream);
    for (const chunk of chunks) {
      if (!inside(chunk.at)) continue;
      layer.append(svg('rect', { class: stream === 'stderr' ? 'error-output' : 'output', x: x(chunk.at) - 1.5, y: y - 7, width: 3, height: 14, rx: 1.5 }));
      point(chunk.at, y, `${stream}: ${chunk.text || '(blank)'}`);
    }
  }
  const bottom = height - 22;
  for (const moment of drawn.moments) {
    if (!inside(moment.at)) continue;
    const at = x(moment.at);
    layer.append(svg('line', { class: 'moment-line', x1: at, x2: at, y1: 3, y2: bottom }));
    layer.append(svg('text', { class: 'moment-name', x: at > width - 60 ? at - 5 : at + 5, y: 17, 'text-anchor': at > width - 60 ? 'end' : 'start' }, moment.name));
    point(moment.at, 13, moment.text);
  }
  for (const signal of drawn.signals) {
    if (!inside(signal.at)) continue;
    const at = x(signal.at);
    layer.append(svg('line', { class: 'signal-line', x1: at, x2: at, y1: 16, y2: bottom }));
    layer.append(svg('path', { class: 'signal', d: `M${at - 6} 6h12l-6 11z` }));
    layer.append(svg('text', { class: 'signal-name', x: at > width - 60 ? at - 10 : at + 10, y: 17, 'text-anchor': at > width - 60 ? 'end' : 'start' }, `#${signal.step + 1}`));
    point(signal.at, 13, signal.text);
  }
  for (const taken of drawn.taken) {
    const y = lane((it) => it.process?.pid === taken.pid);
    if (y === undefined || !inside(taken.at)) continue;
    layer.append(svg('circle', { class: 'taken', cx: x(taken.at), cy: y, r: 5 }));
    point(taken.at, y, taken.text);
  }
  const end = drawn.deadline?.at ?? drawn.end;
  if (inside(end)) {
    layer.append(svg('line', { class: 'end-line', x1: x(end), x2: x(end), y1: 0, y2: bottom }));
    point(end, bottom - 4, drawn.deadline?.text ?? statusWords(record.status));
  }
  if (view.at !== null && inside(view.at)) {
    layer.append(svg('line', { class: 'cursor-line', x1: x(view.at), x2: x(view.at), y1: 0, y2: bottom }));
    layer.append(svg('path', { class: 'cursor-grip', d: `M${x(view.at) - 5} ${bottom + 7}h10l-5 -7z` }));
  }
  picture.append(layer, svg('line', { class: 'axis', x1: LABEL, x2: width - 8, y1: bottom, y2: bottom }));
  return { picture, hit, time: (px) => view.from + ((px - LABEL) / (width - LABEL - 8)) * (view.to - view.from) };
}

/** Timelines on one scale, which move together. A click chooses a moment. */
function timelines(records, choose) {
  const whole = { from: 0, to: Math.max(1, ...records.map(({ record }) => record.end_ns)) * 1.02 };
  const view = { ...whole, at: null };
  // A service is long in coming: what is of interest begins when it is ready.
  const ready = records.map(({ record }) => record.events.find(({ what }) => what.ready)?.at_ns ?? 0);
  view.from = Math.max(0, Math.min(...ready) - (whole.to - Math.min(...ready)) * 0.1);
  const rows = records.map((it) => ({ ...it, box: h('div', { class: 'timeline' }), drawn: null }));
  const draw = () => {
    for (const row of rows) {
      const width = Math.max(260, Math.floor(row.box.clientWidth));
      row.drawn = drawTimeline(row, view, width, `${row.title}: ${row.record.events.length} events in ${duration(row.record.end_ns)}; the list below tells them`);
      row.box.replaceChildren(row.drawn.picture);
    }
  };
  const clamp = () => {
    const span = Math.min(view.to - view.from, whole.to);
    view.from = Math.min(Math.max(0, view.from), whole.to - span);
    view.to = view.from + span;
  };
  const zoom = (factor, centre) => {
    const middle = centre ?? (view.from + view.to) / 2;
    const span = Math.min(whole.to, Math.max(2000, (view.to - view.from) * factor));
    const share = (middle - view.from) / (view.to - view.from);
    view.from = middle - share * span;
    view.to = view.from + span;
    clamp();
    draw();
  };
  const pan = (share) => {
    const by = (view.to - view.from) * share;
    view.from += by;
    view.to += by;
    clamp();
    draw();
  };
  const fit = () => { Object.assign(view, whole); draw(); };
  const near = (row, event) => {
    const box = row.box.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    for (const it of row.drawn.hit) {
      const dx = it.x === undefined ? Math.max(it.x0 - px, px - it.x1, 0) : Math.abs(it.x - px);
      const distance = Math.hypot(dx, (it.y - py) * 0.8) + (it.weak ? 9 : 0);
      if (distance < 18 && (best === null || distance < best.distance)) best = { distance, it };
    }
    return best?.it;
  };
  for (const row of rows) {
    let drag = null;
    row.box.addEventListener('pointerdown', (event) => {
      drag = { x: event.clientX, from: view.from, to: view.to, moved: false };
      row.box.classList.add('is-dragging');
    });
    row.box.addEventListener('pointermove', (event) => {
      if (drag && event.buttons) {
        // A hand that clicks trembles.
        if (!drag.moved && Math.abs(event.clientX - drag.x) < 4) return;
        drag.moved = true;
        const by = ((drag.x - event.clientX) / (row.box.clientWidth - LABEL)) * (drag.to - drag.from);
        view.from = drag.from + by;
        view.to = drag.to + by;
        clamp();
        draw();
        return;
      }
      const it = near(row, event);
      tip(it ? it.text : null, event.clientX, event.clientY);
    });
    const release = () => { drag = null; row.box.classList.remove('is-dragging'); };
    row.box.addEventListener('pointerup', (event) => {
      if (drag && !drag.moved) choose(row.drawn.time(event.clientX - row.box.getBoundingClientRect().left));
      release();
    });
    row.box.addEventListener('pointerleave', () => { release(); tip(null); });
    // The wheel alone scrolls the page; with Ctrl (or a pinch) it zooms.
    row.box.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.25 : 0.8, row.drawn.time(event.clientX - row.box.getBoundingClientRect().left));
    }, { passive: false });
  }
  const tool = (name, label, act) => h('button', { class: 'plain-button', type: 'button', 'aria-label': label, onclick: act }, name);
  const node = h('div', {
    tabindex: '0', role: 'group', 'aria-label': 'Timeline; plus and minus zoom, the arrow keys move, 0 shows all', class: 'timelines',
    onkeydown: (event) => {
      if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
      const act = { '+': () => zoom(0.7), '=': () => zoom(0.7), '-': () => zoom(1.4), ArrowLeft: () => pan(-0.15), ArrowRight: () => pan(0.15), 0: fit, Home: fit }[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    },
  },
    h('div', { class: 'timeline-tools' }, tool('+', 'Zoom in', () => zoom(0.6)), tool('−', 'Zoom out', () => zoom(1.6)), tool('Fit', 'Show all of it', fit),
      h('span', { class: 'soft small keys' }, h('kbd', {}, 'Ctrl'), ' + wheel zooms, drag moves, a click chooses the moment')),
    rows.map((row) => [rows.length > 1 ? h('p', { class: 'timeline-name' }, row.title) : null, row.box]));
  // Drawn when it has a width, and again when that changes.
  const seen = new ResizeObserver(() => draw());
  seen.observe(node);
  return {
    node,
    /** Draws the chosen moment, and brings it into view where it is out of it. */
    mark(at) {
      view.at = at;
      if (at < view.from || at > view.to) {
        const span = view.to - view.from;
        view.from = at - span / 2;
        view.to = at + span / 2;
        clamp();
      }
      draw();
    },
  };
}
