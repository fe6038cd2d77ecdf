// Plain JavaScript without a static import of the sources: an older Node can still read it and say what is wrong.
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `Levergate needs Node 24 or newer, this is ${process.version}: run it with "npm start" after "npm ci".`,
  );
  process.exit(1);
}
// Taking the types out of the sources at every start takes a quarter of a second and 20 MiB. Kept beside the packages:
// what lies in a folder that others can write to must not be run.
const { enableCompileCache } = await import('node:module');
enableCompileCache(`${import.meta.dirname}/../node_modules/.cache/levergate`);
await import('./main.ts');
