import type { FastifyRequest } from 'fastify';

const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

/**
 * Whether a request comes from this machine itself: its peer is loopback, it names a loopback host (another name would
 * be DNS rebinding), and no proxy says that it forwards for somebody else.
 */
export function isLocalRequest(request: FastifyRequest): boolean {
  const isForwarded = forwardingHeaders.some((name) => request.headers[name] !== undefined);
  return !isForwarded && isLoopbackAddress(request.raw.socket.remoteAddress) && isLoopbackHost(request.headers.host);
}

function isLoopbackAddress(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address ?? '');
}

function isLoopbackHost(host: string | undefined): boolean {
  return /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?$/i.test(host ?? '');
}

/** @returns the address at which a browser on this machine reaches a server, or undefined where none does. */
export function localUrl(host: string, port: number): string | undefined {
  if (['127.0.0.1', '0.0.0.0', '::'].includes(host)) return `http://127.0.0.1:${port}`;
  if (host === 'localhost') return `http://localhost:${port}`;
  return host === '::1' ? `http://[::1]:${port}` : undefined;
}
