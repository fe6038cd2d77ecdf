import { availableParallelism } from 'node:os';
import { type Options, readOptions, usage } from './options.ts';
import { plants } from './plants/plants.ts';
import { type Hunt, huntPlants, type Run, runTorture } from './run.ts';

const options = readOptions(process.argv.slice(2));
if (typeof options === 'string') {
  console.error(`${options}\n${usage}`);
  process.exit(2);
}
process.exit((await run(options)) ? 0 : 1);

async function run(wanted: Options): Promise<boolean> {
  console.log(`seed ${wanted.seed}, ${wanted.users} traders, ${availableParallelism()} cores`);
  if (wanted.planted.length > 0) return hunt(wanted.planted, wanted);
  const isSound = await torture(wanted);
  return (await hunt(wanted.picked, wanted)) && isSound;
}

async function torture(wanted: Options): Promise<boolean> {
  const result = await runTorture({ ...wanted, say: (line) => console.log(line) });
  report(result);
  return result.violations.length === 0;
}

async function hunt(names: Options['planted'], wanted: Options): Promise<boolean> {
  let isAll = true;
  const onEnd = ({ name, caught, ops, seconds }: Hunt): void => {
    isAll &&= caught !== undefined;
    const verdict = caught === undefined ? 'NOT CAUGHT' : `caught by ${caught}`;
    console.log(`${name} (${plants[name].bug}): ${verdict} after ${ops} operations, ${seconds} s`);
  };
  await huntPlants(names, { ...wanted, onEnd });
  return isAll;
}

function report({ ops, seconds, violations, rerun, trace, counts, results, disks }: Run): void {
  console.log(`\n${ops} operations in ${seconds} s, ${violations.length} violations`);
  console.log(`  ${list(counts)}`);
  console.log(`  last words: ${list(results)}`);
  console.log(`  disks: ${disks.join(', ')}`);
  for (const { rule, what } of violations) console.log(`VIOLATION of ${rule}: ${what}`);
  if (rerun !== undefined) console.log(`again: ${rerun}\ndecisions and events: ${trace}`);
}

function list(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
