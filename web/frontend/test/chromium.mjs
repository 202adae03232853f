// Prints the path of a headless Chromium from the npm package, for machines without one. Used by the browser tests only.
import chromium from '@sparticuz/chromium';

console.log(JSON.stringify({ path: await chromium.executablePath(), args: chromium.args }));
