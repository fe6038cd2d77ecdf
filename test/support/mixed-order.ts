import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files with a browser or a bot under torture keep a processor busy. */
const busy = /\/test\/(playground\/page|torture)\//;

/**
 * Busy files and those that mostly wait side by side, long ones first: they fill each other's pauses. By itself Vitest
 * begins with the largest files, which leaves the browsers to the end, against each other.
 */
export class MixedOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const first = sorted.filter(({ moduleId }) => busy.test(moduleId));
    const others = sorted.filter(({ moduleId }) => !busy.test(moduleId));
    return [
      ...others.flatMap((file, index) => [...first.slice(index, index + 1), file]),
      ...first.slice(others.length),
    ];
  }
}
