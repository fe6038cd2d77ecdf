import type { VisibleMessage } from '../../simulators/discord/view.ts';
import { plain } from './markup.ts';
import type { State } from './state.ts';

const LONGEST = 240;

/** What a screen reader is told: messages that are new or were edited in the channel that is open. */
export function createNews(page: State) {
  let place: string | undefined;
  let known: ReadonlyMap<string, string> = new Map();
  let news = '';

  return {
    words: () => news,
    look() {
      const { screen, viewerId, channelId } = page;
      const here = new Map((screen.messages[channelId] ?? []).map((one) => [one.id, sentenceOf(one)] as const));
      const isSamePlace = place === `${viewerId}/${channelId}`;
      const fresh = [...here].filter(([id, sentence]) => sentence !== '' && known.get(id) !== sentence);
      if (isSamePlace && fresh.length > 0) news = fresh.map(([, sentence]) => sentence).join(' ');
      place = `${viewerId}/${channelId}`;
      known = here;
    },
  };
}

function sentenceOf({ isThinking, content, embeds }: VisibleMessage): string {
  if (isThinking) return '';
  const texts = [content, ...embeds.flatMap(({ title, description }) => [title ?? '', description ?? ''])];
  // A countdown is no news.
  const words = texts.filter((text) => text !== '').map((text) => plain(text).replaceAll(/<t:\d+:\w>/g, ''));
  return words.join('. ').slice(0, LONGEST);
}
