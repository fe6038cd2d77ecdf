/** @returns the value of a cookie in a request's Cookie header. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/**
 * The name of a cookie: with https its prefix makes browsers refuse one that another host or plain http tries to set.
 *
 * @see RFC 6265bis, section 4.1.3.2, the `__Host-` prefix
 */
export function cookieName(name: string, isSecure: boolean): string {
  return isSecure ? `__Host-${name}` : name;
}

/** A Set-Cookie header that no script can read. Lax: it must come along when Discord sends the browser back. */
export function setCookie(name: string, value: string, options: { isSecure: boolean; maxAgeS: number }): string {
  const { isSecure, maxAgeS } = options;
  const secure = isSecure ? '; Secure' : '';
  return `${name}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Lax${secure}`;
}
