/** The only stylesheet; the Content-Security-Policy allows it by its hash. */
export const stylesheet = `
:root {
  color-scheme: light dark;
  --page: #f3f4f7; --card: #ffffff; --line: #d5d9e2; --text: #1b1e25; --muted: #4b5363;
  --accent: #4752c4; --accent-text: #ffffff; --focus: #1f5fbf;
  --warn: #fff4d6; --warn-text: #5a3c00; --bad: #fdecee; --bad-text: #9b1c28; --good: #e3f5ea; --good-text: #14562f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14161b; --card: #1d2027; --line: #3a404d; --text: #eceef3; --muted: #b5bccb;
    --accent: #5460d8; --accent-text: #ffffff; --focus: #9cc2ff;
    --warn: #33290f; --warn-text: #ffe0a3; --bad: #3a1a1f; --bad-text: #ffb8be; --good: #12301f; --good-text: #a8e6c0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; padding: 1.5rem 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main {
  max-width: 34rem; margin: 0 auto; padding: 1.5rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px;
}
header { max-width: 34rem; margin: 0 auto 0.75rem; color: var(--muted); font-weight: 600; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 1.5rem 0 0.25rem; font-size: 1.0625rem; }
p { margin: 0.5rem 0; overflow-wrap: anywhere; }
ul { margin: 0.5rem 0; padding-left: 1.25rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; margin: 0 0 1rem; }
dt { color: var(--muted); }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
code { font: 0.9375em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.notice { margin: 1rem 0; padding: 0.75rem 1rem; border-radius: 8px; border-left: 4px solid currentColor; }
.notice p { margin: 0.25rem 0; }
.warn { background: var(--warn); color: var(--warn-text); }
.bad { background: var(--bad); color: var(--bad-text); }
.good { background: var(--good); color: var(--good-text); }
.owner { margin: 0 0 1rem; padding: 0.75rem 1rem; border: 2px solid var(--accent); border-radius: 8px; }
.owner .name { margin: 0; font-size: 1.5rem; line-height: 1.3; font-weight: 700; }
.owner .number { margin: 0; font-size: 1.25rem; line-height: 1.3; font-weight: 700; }
label { display: block; margin: 1rem 0 0.25rem; font-weight: 600; }
.hint, .small { color: var(--muted); font-size: 0.9375rem; }
.hint { margin: 0 0 0.375rem; }
.wrong { margin: 0.25rem 0 0; color: var(--bad-text); font-weight: 600; }
input {
  width: 100%; padding: 0.625rem 0.75rem; border: 1px solid var(--muted); border-radius: 8px;
  background: var(--page); color: var(--text); font: 1rem/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
input[aria-invalid="true"] { border: 2px solid var(--bad-text); }
button, .button {
  display: inline-block; margin: 1.25rem 0 0.5rem; padding: 0.75rem 1.25rem; border: 0; border-radius: 8px;
  background: var(--accent); color: var(--accent-text); font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
}
button.risk { display: block; background: var(--bad); color: var(--bad-text); border: 2px solid currentColor; }
button:hover, .button:hover { filter: brightness(1.08); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
@media (max-width: 30rem) {
  body { padding: 0.75rem; }
  main { padding: 1.125rem; }
  button, .button { width: 100%; text-align: center; }
}
`;
