import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files in a browser keep a processor busy, most others wait: side by side, and long ones first, they fill each other's
 * pauses. By itself Vitest begins with the largest files, which leaves all browsers to the end, against each other.
 */
export class MixedOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const inBrowser = sorted.filter(isInBrowser);
    const others = sorted.filter((file) => !isInBrowser(file));
    return [
      ...others.flatMap((file, index) => [...inBrowser.slice(index, index + 1), file]),
      ...inBrowser.slice(others.length),
    ];
  }
}

function isInBrowser({ moduleId }: TestSpecification): boolean {
  return moduleId.includes('/test/playground/page/');
}
