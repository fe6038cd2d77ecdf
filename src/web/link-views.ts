import { type FailureData, unreachable } from '../errors.ts';
import type { NewKey } from '../keys.ts';
import { fullLabelOf } from '../leverage/retirement.ts';
import type { CredentialField, VenueFacts } from '../leverage/venue.ts';
import { explain } from '../messages.ts';
import { type Html, html } from './html.ts';
import type { Link } from './links.ts';
import { notePage, type Page } from './page.ts';
import type { Submission, Typed } from './submission.ts';

/** Why the form is shown again. */
type FormProblem = Exclude<Submission, { kind: 'saved' | 'gone' }>;

/** What the form says besides its fields when it is sent with the second button, which names the risk. */
export const riskButton = { name: 'save', value: 'although-it-may-withdraw' } as const;

/** Before the sign-in the page does not say whose link it is: whoever found it need not know. */
export function signInPage(venue: VenueFacts, signInPath: string): Page {
  const body = html`
<p>This link is for one Discord user. Sign in with Discord, so that only this user can go on.</p>
<p><a class="button" href="${signInPath}">Continue with Discord</a></p>
<p class="small">The bot learns your Discord id and name, nothing else, and keeps no access.</p>
<div class="notice warn"><p>Did somebody else send you this link? Do not go on. Make your own with /keys add.</p></div>`;
  return { status: 200, title: `Add a ${venue.label} key`, body };
}

export function strangerPage(signedInAs: string, signInPath: string): Page {
  const body = html`
<div class="notice bad" role="alert"><p>You are signed in to Discord as <bdi>@${signedInAs}</bdi>. Only the user
who asked for this link can use it.</p></div>
<p>Nothing was saved, and the link still works for its owner. The bot tells them that somebody else opened it.</p>
<p>If this is your link, sign in to Discord with the account that you used for /keys add, then
<a href="${signInPath}">continue with Discord</a> again. If somebody sent it to you, make your own with /keys add.</p>`;
  return { status: 403, title: 'This link is for another Discord user', body };
}

/** The form in which a key is entered. Masked fields are always empty when it is shown again. */
export function formPage(options: {
  readonly link: Link;
  readonly venue: VenueFacts;
  readonly csrf: string;
  readonly isLocal: boolean;
  /** What is to be known of the end of what the key is for, a paragraph each. */
  readonly moves: readonly string[];
  readonly typed?: Typed;
  readonly problem?: FormProblem;
}): Page {
  const { link, venue, csrf, isLocal, moves, typed = {}, problem } = options;
  const body = html`
${problem && problemNotice(problem)}
${ownerHtml(link)}
<dl>
<dt>Exchange</dt><dd>${fullLabelOf(venue)}</dd>
<dt>Label</dt><dd><bdi>${link.account.label}</bdi></dd>
</dl>
${moves.length > 0 ? html`<div class="notice warn">${moves.map((step) => html`<p>${step}</p>`)}</div>` : undefined}
<div class="notice warn">
<p>Whoever holds the Discord account <bdi>@${link.userName}</bdi> can change leverage with this key.</p>
<p>${venue.keyWarning}</p>
</div>
<h2>How to make a key</h2>
<p>${venue.keyAdvice}</p>
<form method="post" autocomplete="off">
<input type="hidden" name="csrf" value="${csrf}">
${venue.credentialFields.map((field) => fieldHtml({ field, typed, problem }))}
<button type="submit">${problem?.kind === 'undecided' ? 'Try again' : 'Check and save this key'}</button>
${problem?.kind === 'undecided' ? riskHtml(venue) : undefined}
</form>
<p class="small">The key is checked at ${venue.label} and stored encrypted. It is not used until you press
“Use this key” in Discord.</p>
${isLocal ? html`<p class="small">This page works in a browser on this machine only.</p>` : undefined}`;
  return { status: statusOf(problem), title: `Add your ${venue.label} key`, body };
}

/** The exchange's API ends: whatever link leads here, no key of it is taken. */
export function noNewKeysPage(failure: FailureData): Page {
  const { what, next } = explain(failure);
  return notePage(410, 'This link no longer works', [`${what}.`, 'Nothing was checked or saved.', next]);
}

/** Whose key it will be, before anything can be typed: somebody may have been sent another person's link. */
function ownerHtml({ userName, account }: Link): Html {
  return html`
<div class="owner">
<p>The key that you enter here goes to this Discord user:</p>
<p class="name"><bdi>@${userName}</bdi></p>
<p class="number">${account.user}</p>
<p>Is this not you? Then close this page: this user could change leverage with your key.</p>
</div>`;
}

function statusOf(problem: FormProblem | undefined): number {
  if (problem === undefined) return 200;
  return problem.kind === 'unchecked' ? 503 : 422;
}

/** The second button: never the one that Enter presses, and it says what may go wrong. */
function riskHtml(venue: VenueFacts): Html {
  const { name, value } = riskButton;
  return html`
<p class="hint" id="risk">${venue.label} is asked again first. Press this only if you made the key yourself, without
withdrawals and transfers.</p>
<button class="risk" type="submit" name="${name}" value="${value}" aria-describedby="risk">Save it although it may be able to withdraw</button>`;
}

function fieldHtml(options: {
  readonly field: CredentialField;
  readonly typed: Typed;
  readonly problem: FormProblem | undefined;
}): Html {
  const { field, typed, problem } = options;
  const { name, label, hint, masked } = field;
  const isWrong = problem?.kind === 'malformed' && problem.fields.includes(name);
  const type = masked ? 'password' : 'text';
  const value = masked ? '' : (typed[name] ?? '');
  const described = isWrong ? `${name}-hint ${name}-wrong` : `${name}-hint`;
  return html`
<label for="${name}">${label}</label>
<p class="hint" id="${name}-hint">${hint}</p>
<input id="${name}" name="${name}" type="${type}" value="${value}" required maxlength="512" autocomplete="off"
 autocapitalize="none" autocorrect="off" spellcheck="false" aria-describedby="${described}"${isWrong ? html` aria-invalid="true"` : undefined}>
${isWrong ? html`<p class="wrong" id="${name}-wrong">This does not look right. ${hint}</p>` : undefined}`;
}

function problemNotice(problem: FormProblem): Html {
  if (problem.kind === 'malformed') {
    return notice('The key was not checked yet: a field does not look right.', 'No try was used.');
  }
  const { what, next } = explain(problem.failure);
  return notice(`${what}.`, next, `Nothing was saved. ${triesText(problem.triesLeft)} ${againText(problem.kind)}`);
}

function againText(kind: Exclude<FormProblem['kind'], 'malformed'>): string {
  switch (kind) {
    case 'refused':
      return '';
    case 'unchecked':
      return 'Enter the masked fields again.';
    case 'undecided':
      return 'Enter the masked fields again and try again, or save the key all the same with the second button.';
    default:
      return unreachable(kind);
  }
}

function notice(...sentences: readonly string[]): Html {
  return html`<div class="notice bad" role="alert">${sentences.map((sentence) => html`<p>${sentence}</p>`)}</div>`;
}

function triesText(triesLeft: number): string {
  return triesLeft === 1 ? 'One try is left.' : `${triesLeft} tries are left.`;
}

/** After the last try; the link is gone. */
export function spentPage(failure: FailureData): Page {
  const { what, next } = explain(failure);
  const body = html`
${notice(`${what}.`, next)}
<p>Nothing was saved. That was the last try: this link no longer works. Ask for a new one with /keys add.</p>`;
  return { status: 410, title: 'Too many tries', body };
}

export function savedPage(saved: NewKey, venue: VenueFacts): Page {
  const body = html`
<div class="notice good" role="status"><p><strong>Go back to Discord and press “Use this key”: until then it is not
used.</strong></p></div>
<dl>
<dt>Exchange</dt><dd>${venue.label}</dd>
<dt>Label</dt><dd><bdi>${saved.account.label}</bdi></dd>
<dt>Fingerprint</dt><dd><code>${saved.fingerprint}</code></dd>
${saved.replaces === undefined ? undefined : html`<dt>Replaces</dt><dd><code>${saved.replaces}</code></dd>`}
</dl>
${saved.isUndecided ? notice(`${venue.label} did not say what this key may do: it may be able to withdraw.`) : undefined}
${saved.notes.length === 0 ? undefined : html`<ul>${saved.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
<p>Discord shows the same fingerprint beside the button. You can close this page.</p>`;
  return { status: 200, title: 'Key saved, not used yet', body };
}
