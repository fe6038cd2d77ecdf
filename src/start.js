// Plain JavaScript without a static import of the sources: an older Node can still read it and say what is wrong.
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `Levergate needs Node 24 or newer, this is ${process.version}: run it with "npm start" after "npm ci".`,
  );
  process.exit(1);
}
await import('./main.ts');
