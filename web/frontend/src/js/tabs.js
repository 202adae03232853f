// <div data-tabs> holds role=tablist, role=tab and role=tabpanel. Without script all panels are shown.
import { all, onContent } from './page.js';

function select(tabs, chosen) {
  for (const tab of tabs) {
    const on = tab === chosen;
    tab.setAttribute('aria-selected', String(on));
    tab.tabIndex = on ? 0 : -1;
    const panel = document.getElementById(tab.getAttribute('aria-controls'));
    if (panel) panel.hidden = !on;
  }
  chosen.dispatchEvent(new CustomEvent('tab:shown', { bubbles: true }));
}

onContent((root) => {
  for (const box of all(root, '[data-tabs]')) {
    const tabs = [...box.querySelectorAll('[role="tab"]')];
    if (!tabs.length || box.dataset.ready) continue;
    box.dataset.ready = 'yes';
    const named = tabs.find((tab) => `#${tab.getAttribute('aria-controls')}` === window.location.hash);
    select(tabs, named ?? tabs.find((tab) => tab.getAttribute('aria-selected') === 'true') ?? tabs[0]);
    box.addEventListener('click', (event) => {
      const tab = event.target.closest('[role="tab"]');
      if (tabs.includes(tab)) select(tabs, tab);
    });
    box.addEventListener('keydown', (event) => {
      const at = tabs.indexOf(event.target);
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const target = { Home: 0, End: tabs.length - 1 }[event.key] ?? (step && (at + step + tabs.length) % tabs.length);
      if (at < 0 || target === undefined) return;
      event.preventDefault();
      select(tabs, tabs[target]);
      tabs[target].focus();
    });
  }
});
