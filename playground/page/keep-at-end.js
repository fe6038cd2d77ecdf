import { AsyncDirective } from 'lit/async-directive.js';
import { directive } from 'lit/directive.js';

const NEAR_PX = 60;

/** Keeps a scroller at its end while somebody reads there, and leaves it alone while they read further up. */
class KeepAtEnd extends AsyncDirective {
  key = undefined;
  isAtEnd = true;

  update({ element }, [key]) {
    if (this.observer === undefined) this.watch(element);
    if (key !== this.key) {
      this.key = key;
      this.isAtEnd = true;
      requestAnimationFrame(() => this.settle(element));
    }
  }

  watch(element) {
    element.addEventListener(
      'scroll',
      () => {
        this.isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
      },
      { passive: true },
    );
    this.observer = new ResizeObserver(() => this.settle(element));
    this.observer.observe(element);
    requestAnimationFrame(() => {
      for (const child of element.children) this.observer.observe(child);
    });
  }

  settle(element) {
    if (this.isAtEnd) element.scrollTop = element.scrollHeight;
  }

  render() {}

  disconnected() {
    this.observer?.disconnect();
    this.observer = undefined;
  }
}

export const keepAtEnd = directive(KeepAtEnd);
