// The messages of one change, as long as the bot's own.

const noMentions = { parse: [] };
const field = (name: string, value: string) => ({ name, value, inline: true });

export function card(market: string, leverage: string, customId: string) {
  const label = `Set ${market} to ${leverage}x isolated`;
  const fields = [
    ...[field('Now', '5x isolated'), field('New', `**${leverage}x isolated**`)],
    ...[field('Allowed here', '1x to 100x, steps of 0.5'), field('Position', 'none'), field('Open orders', 'none')],
    ...[field('Margin', 'USDT'), field('Account', 'main'), field('Expires', '<t:1795228000:R>')],
  ];
  const button = (style: number, text: string, id: string) => ({ type: 2, style, label: text, custom_id: id });
  return {
    embeds: [
      {
        color: 0x0072b2,
        title: `❔ ${label} on the venue?`,
        description:
          'Applies to new orders. Open positions keep their leverage. An order that names its own leverage overrides it.',
        fields,
        footer: { text: 'Nothing is sent before you press. Only you can.' },
      },
    ],
    components: [{ type: 1, components: [button(1, label, customId), button(2, 'Cancel', `${customId}-cancel`)] }],
    allowed_mentions: noMentions,
  };
}

export function working(market: string) {
  const description = 'Confirmed. The bot checks once more, sends it once and reads it back.';
  const embed = { color: 0x99aab5, title: `Setting ${market} to a leverage on the venue …`, description };
  return { embeds: [embed], components: [], allowed_mentions: noMentions };
}

export function receipt(market: string, leverage: string) {
  const description = 'The venue holds it as of <t:1795228000:T>. It was 5x isolated before.';
  const footer = { text: 'The venue, account main' };
  const title = `✅ Done: ${market} is at ${leverage}x isolated`;
  const back = { type: 2, style: 2, label: 'Back to 5x isolated', custom_id: 'back-0123456789012345678901' };
  return {
    embeds: [{ color: 0x009e73, title, description, footer }],
    components: [{ type: 1, components: [back] }],
    allowed_mentions: noMentions,
  };
}
