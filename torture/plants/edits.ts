import { readFileSync } from 'node:fs';

/** One place of the product's source, as it stands and as a bug would have it. */
export type Edit = { readonly file: string; readonly stands: string; readonly bug: string };

/**
 * Bugs that no port of the bot lets in: its source is changed while its process loads it. Nothing is written.
 *
 * Each bug lived through every test once, so each keeps a test in its folder honest as well.
 */
export const edits = {
  'cross-at-maximum': [
    {
      file: 'src/venues/kraken-futures.ts',
      stands: "setting.mode === 'isolated' ? isolatedQuery(",
      bug: "setting.mode === 'isolated' && setting.leverage !== market.bounds.max ? isolatedQuery(",
    },
  ],
  'renewal-shows-exposure': [
    {
      file: 'src/confirm/cards.ts',
      stands: '{ ...proposed, market: fresh.market',
      bug: '{ ...proposed, isShared: false, market: fresh.market',
    },
  ],
  'early-release': [
    {
      file: 'src/confirm/proposals.ts',
      stands: "return advance(context, found, 'sending', {",
      bug: `setTimeout(() => {
        context.guard.release(keyHash, id);
        void context.store.commit({ writes: [{ key: lease.key, remove: true }] });
      }, 250);
      return advance(context, found, 'sending', {`,
    },
  ],
  'no-row-check': [
    {
      file: 'src/confirm/proposals.ts',
      stands: 'checks: [rowCheck(found), ...(more.checks ?? [])],',
      bug: 'checks: [...(more.checks ?? [])],',
    },
    {
      // No bug, but a slow disk: it makes close what is close once in a thousand times.
      file: 'src/confirm/proposals.ts',
      stands: 'const next = { ...found, stage };',
      bug: `const next = { ...found, stage };
      if (stage === 'done') await new Promise((resolve) => setTimeout(resolve, 20));`,
    },
  ],
  'read-back-without-currency': [
    {
      file: 'src/confirm/execute.ts',
      stands: 'venue.readSetting(credentials, marketAndCurrencyOf(proposal))',
      bug: 'venue.readSetting(credentials, { market: proposal.market })',
    },
  ],
  'unshown-agrees': [
    {
      file: 'src/confirm/execute.ts',
      stands: "if (holds.mode === 'unknown') return { kind: 'hidden' };",
      bug: "if (holds.mode === 'unknown') return { kind: 'agrees', asOf };",
    },
  ],
  'hasty-verdict': [
    {
      file: 'src/confirm/settling.ts',
      stands: 'passed.readAge >= READ_AGAIN_MS',
      bug: 'passed.readAge >= 0',
    },
  ],
  'strangers-cancel': [
    {
      file: 'src/confirm/handle-press.ts',
      stands:
        'async function cancel(context: PressContext, press: Press): Promise<PressReply> {\n  const found = await pressedCard(context, press);',
      bug: 'async function cancel(context: PressContext, press: Press): Promise<PressReply> {\n  const found = await context.proposals.require(press.id);',
    },
  ],
  'trusting-clock': [
    {
      file: 'src/clock.ts',
      stands: 'offset = Math.max(offset, found);',
      bug: 'offset = found;',
    },
  ],
  'no-fence': [
    {
      file: 'src/venues/http.ts',
      stands: 'if (!aborted && one.isInTime?.() === false) aborted = true;',
      bug: '',
    },
  ],
  'no-socket-fence': [
    {
      file: 'src/venues/socket.ts',
      stands: 'connection.hasWritten = frame.isInTime();',
      bug: 'connection.hasWritten = true;',
    },
  ],
  'hasty-takeover': [
    // No bug, but what other processes would do: they see a row that is due, and not what runs here.
    { file: 'src/confirm/caretaker.ts', stands: 'if (isRunning(idIn(entry))) return;', bug: '' },
    { file: 'src/confirm/proposals.ts', stands: 'return LEASE_MS + AFTER_LEASE_MS;', bug: 'return 0;' },
    {
      file: 'src/confirm/proposals.ts',
      stands: 'if ((await ownLease(context, found)) !== undefined) return undefined;',
      bug: '',
    },
  ],
  'hasty-check': [
    // No bug, but a press that comes to another process, and a little later.
    {
      file: 'src/confirm/handle-press.ts',
      stands: `const current = await context.caretaker.afterOwner(found);
  const underWay = await context.running.resultOf(found.proposal.id);`,
      bug: `const underWay = undefined;
      await new Promise((resolve) => setTimeout(resolve, 200));
      const current = await context.caretaker.check(await context.proposals.require(found.proposal.id));`,
    },
    { file: 'src/confirm/caretaker.ts', stands: 'if (isRunning(id)) return found;', bug: '' },
    {
      file: 'src/confirm/caretaker.ts',
      stands: 'const current = await afterOwner(context, found);\n  if (isOwners(current)) return',
      bug: 'const current = found;\n  if (isOwners(current)) return settle(context, current) ??',
    },
  ],
  'audit-afterwards': [
    {
      file: 'src/confirm/proposals.ts',
      stands: "return [{ key: rowKeys.audit(by, id), value: '', ttlMs: DAY_MS, dueMs: ANNOUNCE_MS }];",
      bug: 'return [];',
    },
  ],
  'hasty-drain': [
    {
      file: 'src/app.ts',
      stands: 'discord.drain(drainMs)',
      bug: 'Promise.resolve()',
    },
  ],
} satisfies Readonly<Record<string, readonly Edit[]>>;

const root = new URL('../../', import.meta.url);

/** @throws Error when the place is not there exactly once: the bug has to be planted anew. */
export function withBug(source: string, { file, stands, bug }: Edit): string {
  const count = source.split(stands).length - 1;
  if (count !== 1) throw new Error(`${file} has ${count} places for a planted bug: ${stands}`);
  return source.replace(stands, () => bug);
}

export function addressOf({ file }: Edit): string {
  return new URL(file, root).href;
}

export function sourceOf({ file }: Edit): string {
  return readFileSync(new URL(file, root), 'utf8');
}
