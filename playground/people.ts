import type { Guild, Person } from '../simulators/discord/model.ts';

/** Somebody to be on the playground. */
export type DemoPerson = Person & {
  readonly globalName: string;
  readonly key: 'alice' | 'bob' | 'carol';
  readonly role: 'trader' | 'server admin';
};

const ADMINISTRATOR = '8';

export const demoPeople = {
  alice: { key: 'alice', id: '210000000000000001', username: 'alice', globalName: 'Alice', role: 'trader' },
  bob: { key: 'bob', id: '210000000000000002', username: 'bob', globalName: 'Bob', role: 'trader' },
  carol: { key: 'carol', id: '210000000000000003', username: 'carol', globalName: 'Carol', role: 'server admin' },
} as const satisfies Readonly<Record<DemoPerson['key'], DemoPerson>>;

/** In the order of the switch. */
export const everybody: readonly DemoPerson[] = [demoPeople.alice, demoPeople.bob, demoPeople.carol];

export const applicationId = '900000000000000042';
export const tradeDeskId = '310000000000000001';
export const auditChannelId = '310000000000000002';

/** The server that everybody is in; its audit channel is for its admin. */
export const demoGuild: Guild = {
  id: '220000000000000001',
  name: 'Perp Desk',
  ownerId: demoPeople.carol.id,
  channels: [
    { id: tradeDeskId, name: 'trade-desk' },
    { id: auditChannelId, name: 'audit-log', memberIds: [demoPeople.carol.id] },
  ],
  members: [
    { userId: demoPeople.alice.id },
    { userId: demoPeople.bob.id },
    { userId: demoPeople.carol.id, permissions: ADMINISTRATOR },
  ],
};
