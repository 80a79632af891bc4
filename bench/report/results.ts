import type { BundleFigures } from '../bundle/measure-bundle.ts';
import type { CopyRow } from '../copies/measure-copies.ts';
import type { EmulatorFigures } from '../emulators/measure-emulators.ts';
import type { InvocationFigures } from '../local/measure-invocations.ts';
import type { TransferFigures } from '../local/measure-transfers.ts';
import type { IdleFigures } from '../patterns/measure-idle.ts';
import type { PatternRow } from '../patterns/summary.ts';
import type { RevisionRow } from '../revision/measure-revision.ts';
import type { RollbackFigures } from '../rollback/measure-rollback.ts';
import type { StorageRow } from '../storage/measure-storage.ts';
import type { Machine } from '../support/machine.ts';

/** All that one run measured: what `bench/results.json` holds. */
export interface Results {
  readonly machine: Machine;
  readonly patterns: readonly PatternRow[];
  readonly idle: IdleFigures;
  readonly bundle: BundleFigures;
  readonly revision: readonly RevisionRow[];
  readonly copies: readonly CopyRow[];
  readonly storage: readonly StorageRow[];
  readonly rollback: RollbackFigures;
  readonly transfers: TransferFigures;
  readonly invocations: InvocationFigures;
  readonly emulators: EmulatorFigures;
}
