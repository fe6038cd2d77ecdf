import type { FastifyReply } from 'fastify';
import { type Html, html, toText, verbatim } from './html.ts';
import { stylesheet } from './stylesheet.ts';

/** A finished page with its status. */
export type Page = { readonly status: number; readonly title: string; readonly body: Html };

/** The whole document around a page's body. No script, no image, no address of anything outside. */
function documentOf({ title, body }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
<title>${title} · Levergate</title>
<style>${verbatim(stylesheet)}</style>
</head>
<body>
<header>Levergate</header>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
}

export function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  return reply
    .code(page.status)
    .type('text/html; charset=utf-8')
    .send(toText(documentOf(page)));
}

/** A page of plain sentences. */
export function notePage(status: number, title: string, sentences: readonly string[]): Page {
  return { status, title, body: html`${sentences.map((sentence) => html`<p>${sentence}</p>`)}` };
}
