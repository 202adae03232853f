// Runs before the first paint: light or dark as chosen, else as the system says.
(() => {
  const root = document.documentElement;
  const system = window.matchMedia('(prefers-color-scheme: dark)');

  const chosen = () => {
    const match = document.cookie.match(/(?:^|; )theme=(light|dark)/);
    return match ? match[1] : 'auto';
  };

  const apply = () => {
    const choice = chosen();
    root.dataset.themeChoice = choice;
    root.dataset.bsTheme = choice === 'auto' ? (system.matches ? 'dark' : 'light') : choice;
  };

  const mark = () => {
    for (const button of document.querySelectorAll('[data-theme-set]')) {
      button.setAttribute('aria-pressed', String(button.dataset.themeSet === root.dataset.themeChoice));
    }
  };

  apply();
  system.addEventListener('change', apply);
  document.addEventListener('DOMContentLoaded', mark);
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-theme-set]');
    if (!button) return;
    const choice = button.dataset.themeSet;
    const age = choice === 'auto' ? 0 : 31536000;
    const secure = window.location.protocol === 'https:' ? '; secure' : '';
    document.cookie = `theme=${choice}; path=/; max-age=${age}; samesite=lax${secure}`;
    apply();
    mark();
  });
})();
