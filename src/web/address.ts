import { localUrl } from './local.ts';

/** Where links point to. `isLocal`: they work only in a browser on this machine. */
export type LinkBase = { readonly url: string; readonly isLocal: boolean };

/** Where people reach the pages: known once the server listens, which may choose its port itself. */
export type WebAddress = {
  /** Undefined where the pages cannot be reached (yet). */
  readonly base: () => LinkBase | undefined;
  readonly listensOn: (port: number) => void;
  readonly isGone: () => void;
};

/** @param publicUrl - The origin at which everybody reaches the pages; without it only browsers on this machine do. */
export function createWebAddress(host: string, publicUrl: string | undefined): WebAddress {
  let port: number | undefined;
  return {
    base: () => {
      if (port === undefined) return undefined;
      const url = publicUrl ?? localUrl(host, port);
      return url === undefined ? undefined : { url, isLocal: publicUrl === undefined };
    },
    listensOn: (bound) => {
      port = bound;
    },
    isGone: () => {
      port = undefined;
    },
  };
}
