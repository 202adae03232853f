// <div data-diagram data-xml="URL" [data-state-url="URL"]> with an optional <script type="application/json"> inside:
// {"state": {...}, "names": {"element_id": "name"}}. See templates/_macros/diagram.html for the state's shape.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import zeebe from 'zeebe-bpmn-moddle/resources/zeebe.json';
import { addControls } from './controls.js';
import { translated } from './names.js';
import { linkSteps } from './steps.js';
import { showState } from './state.js';

const FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

async function load(url, as) {
  const response = await fetch(url, { headers: { Accept: as === 'json' ? 'application/json' : 'application/xml' } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response[as]();
}

function createViewer(canvas) {
  return new NavigatedViewer({
    container: canvas,
    moddleExtensions: { zeebe },
    zoomScroll: { enabled: false },
    overlays: { defaults: { show: {}, scale: { min: 0.75, max: 1.25 } } },
    bpmnRenderer: {
      defaultFillColor: 'var(--diagram-fill)',
      defaultStrokeColor: 'var(--diagram-stroke)',
      defaultLabelColor: 'var(--diagram-label)',
    },
    textRenderer: {
      defaultStyle: { fontFamily: FONT, fontSize: 12 },
      externalStyle: { fontFamily: FONT, fontSize: 11 },
    },
  });
}

async function start(box) {
  const canvas = box.querySelector('[data-diagram-canvas]');
  const inline = JSON.parse(box.querySelector('script[type="application/json"]')?.textContent ?? '{}');
  const [xml, fetched] = await Promise.all([
    load(box.dataset.xml, 'text'),
    box.dataset.stateUrl ? load(box.dataset.stateUrl, 'json') : {},
  ]);
  const state = fetched.elements ? fetched : inline.state ?? {};
  const viewer = createViewer(canvas);
  await viewer.importXML(translated(xml, { ...inline.names, ...fetched.names }));
  showState(viewer, state);
  addControls(box, viewer, state);
  linkSteps(box, viewer, state);
  box.dataset.diagram = 'ready';
}

function fail(box, error) {
  console.warn(error);
  box.dataset.diagram = 'failed';
  const message = box.querySelector('[data-diagram-failed]');
  if (message) message.hidden = false;
}

// A diagram is loaded when it is first seen: hidden tabs cost nothing, and fitting needs a real size.
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    start(target).catch((error) => fail(target, error));
  }
});

function watch(root) {
  const boxes = [...root.querySelectorAll('[data-diagram=""]')];
  if (root.matches?.('[data-diagram=""]')) boxes.push(root);
  for (const box of boxes) {
    box.dataset.diagram = 'loading';
    seen.observe(box);
  }
}

export function startDiagrams() {
  document.addEventListener('htmx:load', (event) => watch(event.detail.elt));
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', () => watch(document.body));
  } else {
    watch(document.body);
  }
}
