// Building elements. No text ever becomes markup: everything goes through text nodes.

function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(4)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

function svg(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  append(element, children);
  return element;
}

const ICONS = {
  holds: 'M3.5 8.5l3 3 6-7',
  violated: 'M4 4l8 8M12 4l-8 8',
  flaky: 'M2 9.5c2-4.5 4-4.5 6-1.5s4 3 6-1.5',
  unknown: 'M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M8 12.6v.2',
  error: 'M8 3v6.5M8 12.6v.2',
  none: 'M4 8h8',
  signal: 'M9 2L4 9h4l-1 5 5-7H8z',
};

/** Drawn, not taken from a font: the same everywhere. */
function icon(name, tone) {
  const path = svg('path', {
    d: ICONS[name], fill: 'none', stroke: 'currentColor', 'stroke-width': 2.2, 'stroke-linecap': 'round', 'stroke-linejoin': 'round',
  });
  return svg('svg', { viewBox: '0 0 16 16', class: `icon ${tone || ''}`, 'aria-hidden': 'true' }, path);
}

function verdictIcon(verdict) {
  const { icon: name, tone } = VERDICTS[verdict];
  return icon(name, tone);
}

function say(text) {
  const said = document.getElementById('said');
  said.textContent = '';
  // A change within one turn is not announced.
  requestAnimationFrame(() => { said.textContent = text; });
}

async function copy(text, button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No clipboard for pages from a file in this browser: the older way.
    const field = h('textarea', { 'aria-hidden': 'true', readonly: true });
    field.value = text;
    document.body.append(field);
    field.select();
    done = document.execCommand('copy');
    field.remove();
    button.focus();
  }
  button.textContent = done ? 'Copied' : 'Select it by hand';
  say(done ? 'Copied' : 'It could not be copied');
  setTimeout(() => { button.textContent = 'Copy'; }, 1600);
}

/** A command with a button that copies it. */
function command(text, label) {
  return h('div', { class: 'command' },
    h('code', {}, text),
    h('button', { class: 'copy', type: 'button', 'aria-label': `Copy ${label}`, onclick: (event) => copy(text, event.currentTarget) }, 'Copy'));
}

/** Shows a text at a place of the window, wholly inside it. */
function tip(text, x, y) {
  const box = document.getElementById('tip');
  if (text === null) {
    box.hidden = true;
    return;
  }
  box.textContent = text;
  box.hidden = false;
  const { width, height } = box.getBoundingClientRect();
  const room = document.documentElement.clientWidth;
  const left = Math.min(Math.max(8, x - width / 2), Math.max(8, room - width - 8));
  const above = y - height - 12;
  const top = above > 8 ? above : y + 20;
  box.style.transform = `translate(${left + window.scrollX}px, ${top + window.scrollY}px)`;
}

function section(title, aside, ...children) {
  return h('section', { class: 'gap', 'aria-label': title },
    h('div', { class: 'section-head' }, h('h2', {}, title), aside ? h('div', { class: 'soft small' }, aside) : null),
    ...children);
}

/** A table in a box that scrolls, which the keyboard reaches too. */
function scrolled(label, kind, ...parts) {
  return h('div', { class: 'card scroll', tabindex: '0', role: 'region', 'aria-label': label }, h('table', { class: kind }, ...parts));
}
