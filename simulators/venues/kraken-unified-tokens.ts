import { randomBytes } from 'node:crypto';
import { isOver, type UnifiedAccount, type UnifiedKey } from './kraken-unified-state.ts';

/** For how long a token may be used for the first time, in seconds (docs.kraken.com, Get Websockets Token). */
export const TOKEN_SECONDS = 900;

const kept = 1000;

export type Token = {
  readonly text: string;
  readonly account: UnifiedAccount;
  readonly key: UnifiedKey;
  readonly issuedAt: number;
  /** Live subscriptions that were made with it: as long as there is one, it goes on being valid. */
  subscriptions: number;
  isRevoked: boolean;
};

type FoundToken =
  | { readonly kind: 'valid'; readonly token: Token }
  | { readonly kind: 'expired' | 'unknown'; readonly token: Token | undefined };

export type Tokens = ReturnType<typeof createTokens>;

export function createTokens() {
  const issued: Token[] = [];
  return {
    issue(account: UnifiedAccount, key: UnifiedKey, at: number): Token {
      const text = randomBytes(32).toString('base64url');
      const token: Token = { text, account, key, issuedAt: at, subscriptions: 0, isRevoked: false };
      issued.push(token);
      if (issued.length > kept) issued.shift();
      return token;
    },
    find(text: unknown, at: number): FoundToken {
      const token = issued.find((one) => one.text === text);
      if (token === undefined || token.isRevoked || isOver(token.key, at)) return { kind: 'unknown', token };
      const isFresh = at < token.issuedAt + TOKEN_SECONDS * 1000;
      return isFresh || token.subscriptions > 0 ? { kind: 'valid', token } : { kind: 'expired', token };
    },
    /** Ends every token of an account at once. */
    revoke(account: string): void {
      for (const token of issued) if (token.account.id === account) token.isRevoked = true;
    },
    texts: (): readonly string[] => issued.map(({ text }) => text),
  };
}
