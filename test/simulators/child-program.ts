import { serveParent } from '../../simulators/child.ts';

// A program for the tests of `openChild`.
console.log('it runs');
let isDeaf = false;
process.on('SIGTERM', () => isDeaf || process.exit(3));

serveParent({
  double: (data) => Number(data) * 2,
  environment: () => process.env.LABEL,
  fail: () => {
    throw new Error('it went wrong');
  },
  wait: () => new Promise(() => {}),
  stopListening: () => {
    isDeaf = true;
  },
});
