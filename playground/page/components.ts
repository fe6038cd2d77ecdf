import './avatars.ts';
import '@skyra/discord-components-core/discord-messages.js';
import '@skyra/discord-components-core/discord-message.js';
import '@skyra/discord-components-core/discord-command.js';
import '@skyra/discord-components-core/discord-embed.js';
import '@skyra/discord-components-core/discord-embed-description.js';
import '@skyra/discord-components-core/discord-embed-fields.js';
import '@skyra/discord-components-core/discord-embed-field.js';
import '@skyra/discord-components-core/discord-embed-footer.js';
import '@skyra/discord-components-core/discord-action-row.js';
import '@skyra/discord-components-core/discord-button.js';
import '@skyra/discord-components-core/discord-code.js';
import '@skyra/discord-components-core/discord-time.js';
import { css } from 'lit';

// The components' colours are of an older Discord, and some are too faint to read (WCAG AA).
const tuned = {
  'discord-messages': css`
    :host { background: none !important; border: 0 !important; display: block !important; color: #dbdee1; }
  `,
  'discord-message': css`
    :host { color: #dbdee1; padding: 2px 48px 2px 16px; margin: 0; }
    :host(:hover) { background-color: rgb(2 2 2 / 6%); }
    :host([ephemeral]) { background-color: rgb(88 101 242 / 5%); padding-right: 48px; }
    :host([ephemeral]:hover) { background-color: rgb(88 101 242 / 8%); }
    .discord-message-timestamp { color: #a8adb6; margin-left: 4px; }
    .discord-message-edited { display: none; }
    .discord-author-avatar img { cursor: default; }
    .discord-message-ephemeral { display: none; }
    .discord-message-content { min-width: 0; }
    @media (max-width: 480px) {
      :host, :host([ephemeral]) { padding: 2px 12px; }
      .discord-author-avatar { margin-right: 10px; min-width: 32px; }
      .discord-author-avatar img { width: 32px; height: 32px; }
    }
  `,
  'discord-command': css`
    :host { color: #b5bac1; }
    .discord-replied-message-username { opacity: 1; color: #c9cdd3; }
    :host .discord-slash-command-name, :host .discord-slash-command-name:hover {
      color: #c9cdfb !important; background-color: #3c4270;
    }
    .discord-replied-message-content { overflow: hidden; }
    @media (max-width: 480px) { :host { margin-left: 42px; } }
  `,
  'discord-author-info': css`
    .discord-author-username { color: #f2f3f5; }
    .discord-author-username:hover { text-decoration: none; cursor: default; }
  `,
  'discord-embed': css`
    :host { color: #dbdee1; margin: 4px 0; }
    .discord-embed-wrapper { background-color: #2b2d31; border: 0; }
    .discord-embed-title { color: #f2f3f5; line-height: 1.375rem; }
    .discord-embed-root { width: min(520px, 100%); }
    .discord-embed-wrapper { width: 100%; max-width: none; }
    .discord-embed-grid { width: 100%; box-sizing: border-box; }
  `,
  'discord-embed-field': css`
    :host { color: #dbdee1; line-height: 1.25rem; }
    .discord-field-title { color: #f2f3f5; }
  `,
  'discord-embed-fields': css`
    :host { grid-template-columns: repeat(12, minmax(0, 1fr)); }
    @media (max-width: 480px) {
      ::slotted([inline-index]) { grid-column: auto / span 6 !important; }
    }
  `,
  'discord-embed-footer': css`
    :host { color: #b5bac1; }
  `,
  'discord-action-row': css`
    :host { gap: 8px; padding: 4px 0; }
  `,
  'discord-button': css`
    :host > *:first-child {
      margin: 0; border-radius: 4px; min-height: 32px; height: auto; padding: 2px 16px; text-align: center;
      box-sizing: border-box;
    }
    button:focus-visible, a:focus-visible { outline: 3px solid #a8c7ff; outline-offset: 2px; }
    .destructive { background-color: #d22d39; }
    .destructive.hoverable:hover { background-color: #b3242f; }
    .secondary { background-color: #4e5058; }
    .secondary.hoverable:hover, a.secondary:hover { background-color: #6d6f78; }
    .disabled { opacity: .6; }
    a svg { margin-left: 8px; }
  `,
  'discord-code': css`
    :host { background: #1e1f22; }
    code { margin: 0; font-family: ui-monospace, 'SF Mono', Consolas, 'DejaVu Sans Mono', monospace; }
  `,
};

for (const [name, style] of Object.entries(tuned)) {
  const element = customElements.get(name);
  if (element !== undefined && 'elementStyles' in element && Array.isArray(element.elementStyles)) {
    element.elementStyles.push(style);
  }
}
