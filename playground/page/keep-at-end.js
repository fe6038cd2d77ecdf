import { AsyncDirective } from 'lit/async-directive.js';
import { directive } from 'lit/directive.js';

const NEAR_PX = 60;

/**
 * Keeps a scroller at its end while somebody reads there, and leaves it alone while they read further up. Another place
 * or news of one's own goes to the end in any case. Its content has to be its only child.
 */
class KeepAtEnd extends AsyncDirective {
  isAtEnd = true;
  lastTop = 0;
  lastHeight = 0;

  update({ element }, [place, ownNews]) {
    if (this.observer === undefined) this.watch(element);
    if (place === this.place && ownNews === this.ownNews) return;
    Object.assign(this, { place, ownNews });
    this.remember(element, true);
    requestAnimationFrame(() => this.settle(element));
  }

  watch(element) {
    element.addEventListener('scroll', () => this.look(element), { passive: true });
    this.observer = new ResizeObserver(() => this.settle(element));
    this.observer.observe(element);
    requestAnimationFrame(() => this.observer?.observe(element.firstElementChild));
  }

  /** The end moves away when something grows: only who goes up has left it. */
  look(element) {
    const { scrollTop, scrollHeight, clientHeight } = element;
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    const wentUp = scrollTop < this.lastTop && scrollHeight >= this.lastHeight;
    if (isNear) this.remember(element, true);
    else if (wentUp) this.remember(element, false);
  }

  remember(element, isAtEnd) {
    this.isAtEnd = isAtEnd;
    this.lastTop = element.scrollTop;
    this.lastHeight = element.scrollHeight;
    // The browser would hold on to what is in sight, and push what is new below the edge.
    element.style.overflowAnchor = isAtEnd ? 'none' : 'auto';
  }

  settle(element) {
    if (this.isAtEnd) element.scrollTop = element.scrollHeight;
    this.remember(element, this.isAtEnd);
  }

  render() {}

  disconnected() {
    this.observer?.disconnect();
    this.observer = undefined;
  }
}

export const keepAtEnd = directive(KeepAtEnd);
