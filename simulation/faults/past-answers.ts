import type { EndpointDescription } from '../worlds/answers.ts';

/** How long after a swap DescribeEndpoint may still answer as before it, in ms. */
const OUTDATED_MS = 120_000;

interface Dated<T> {
  readonly at: number;
  readonly value: T;
}

/** An SSM parameter as GetParameters returns it. */
interface ParameterValue {
  readonly Name: string;
  readonly Type: 'String';
  readonly Value: string;
  readonly Version: number;
}

/** Answers of DescribeEndpoint and values of SSM parameters over time, for reads that are stale. */
export class PastAnswers {
  readonly #descriptions: Dated<EndpointDescription>[] = [];
  readonly #parameters = new Map<string, Dated<ParameterValue>[]>();

  addDescription(at: number, value: EndpointDescription): void {
    this.#descriptions.push({ at, value });
  }

  addParameter(at: number, value: ParameterValue): void {
    const values = this.#parameters.get(value.Name) ?? [];
    this.#parameters.set(value.Name, [...values, { at, value }]);
  }

  /** The answer at that time; undefined where it isn't known or was the same as now. */
  descriptionAt(at: number): EndpointDescription | undefined {
    const index = this.#descriptions.findLastIndex((entry) => entry.at <= at);
    return index === this.#descriptions.length - 1 ? undefined : this.#descriptions[index]?.value;
  }

  /** The answer in service before the last swap, if that ended a short time ago. */
  beforeLastSwap(now: number): EndpointDescription | undefined {
    const inService = this.#descriptions.filter(({ value }) => value.EndpointStatus === 'InService');
    const [before, after] = inService.slice(-2);
    const isSwap = after && after === this.#descriptions.at(-1) && now - after.at <= OUTDATED_MS;
    if (!before || !isSwap || before.value.EndpointConfigName === after.value.EndpointConfigName) return undefined;
    return before.value;
  }

  /** The answer of GetParameters at that time; undefined where it isn't known or was the same as now. */
  parametersAt(at: number, names: readonly string[]): object | undefined {
    const Parameters: ParameterValue[] = [];
    let isStale = false;
    for (const name of names) {
      const values = this.#parameters.get(name);
      const found = values?.findLast((entry) => entry.at <= at);
      if (!found) return undefined;
      if (found !== values?.at(-1)) isStale = true;
      Parameters.push(found.value);
    }
    return isStale ? { Parameters, InvalidParameters: [] } : undefined;
  }
}
