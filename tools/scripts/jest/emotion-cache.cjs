// Emotion's cache, which inserts no styles. jsdom lays nothing out, so they change nothing that a test sees, and it compares
// every element with every rule whenever a role or a name is asked for: most of the time that the tests took. What styles
// do is tested in the browser (tests/workbench).
const path = require('node:path');

const real = require(path.join(__dirname, '../../../node_modules/@emotion/cache/dist/emotion-cache.cjs.js'));

/** Returns a cache as Emotion does, whose styles get names and are written nowhere. */
function createCache(options) {
  const cache = real.default(options);
  cache.insert = (selector, serialized, sheet, shouldCache) => {
    if (shouldCache) {
      cache.inserted[serialized.name] = true;
    }
  };
  return cache;
}

module.exports = { __esModule: true, default: createCache };
