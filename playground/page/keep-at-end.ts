import { nothing } from 'lit';
import { AsyncDirective } from 'lit/async-directive.js';
import { directive, type ElementPart } from 'lit/directive.js';

const NEAR_PX = 60;

/**
 * Keeps a scroller at its end while somebody reads there, and leaves it alone while they read further up. Another place
 * or news of one's own goes to the end in any case. Its content has to be its only child.
 */
class KeepAtEnd extends AsyncDirective {
  private isAtEnd = true;
  private lastTop = 0;
  private lastHeight = 0;
  private place: string | undefined;
  private ownNews: string | undefined;
  private observer: ResizeObserver | undefined;

  /** @param ownNews - The newest thing that answers the reader. */
  render(_place: string, _ownNews: string | undefined) {
    return nothing;
  }

  override update({ element }: ElementPart, [place, ownNews]: Parameters<this['render']>) {
    if (!(element instanceof HTMLElement)) return;
    if (this.observer === undefined) this.watch(element);
    if (place === this.place && ownNews === this.ownNews) return;
    this.place = place;
    this.ownNews = ownNews;
    this.remember(element, true);
    requestAnimationFrame(() => this.settle(element));
  }

  private watch(element: HTMLElement) {
    element.addEventListener('scroll', () => this.look(element), { passive: true });
    this.observer = new ResizeObserver(() => this.settle(element));
    this.observer.observe(element);
    requestAnimationFrame(() => element.firstElementChild && this.observer?.observe(element.firstElementChild));
  }

  /** The end moves away when something grows: only who goes up has left it. */
  private look(element: HTMLElement) {
    const { scrollTop, scrollHeight, clientHeight } = element;
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    const wentUp = scrollTop < this.lastTop && scrollHeight >= this.lastHeight;
    if (isNear) this.remember(element, true);
    else if (wentUp) this.remember(element, false);
  }

  private remember(element: HTMLElement, isAtEnd: boolean) {
    this.isAtEnd = isAtEnd;
    this.lastTop = element.scrollTop;
    this.lastHeight = element.scrollHeight;
    // The browser would hold on to what is in sight, and push what is new below the edge.
    element.style.overflowAnchor = isAtEnd ? 'none' : 'auto';
  }

  private settle(element: HTMLElement) {
    if (this.isAtEnd) element.scrollTop = element.scrollHeight;
    this.remember(element, this.isAtEnd);
  }

  protected override disconnected() {
    this.observer?.disconnect();
    this.observer = undefined;
  }
}

export const keepAtEnd = directive(KeepAtEnd);
