import type { Journal } from '../journal.ts';
import type { EndpointLayout } from '../worlds/layout.ts';
import type { World } from '../worlds/world.ts';
import { AccountView } from './account-view.ts';
import { Ledger } from './ledger.ts';
import { SourceHistory } from './source-history.ts';

/** The dependencies and records that all checks share. */
export class OracleParts {
  readonly world: World;
  readonly layout: EndpointLayout;
  readonly journal: Journal;
  readonly view: AccountView;
  readonly sources: SourceHistory;
  readonly ledger = new Ledger();

  constructor(world: World, layout: EndpointLayout, journal: Journal) {
    this.world = world;
    this.layout = layout;
    this.journal = journal;
    this.view = new AccountView(world, layout);
    this.sources = new SourceHistory(world, layout);
  }

  /** Whether a fleet that loads these bytes is refused. */
  isBroken(etag: string): boolean {
    const bad = this.layout.isTested ? ['broken', 'junk', 'wrong'] : ['broken', 'junk'];
    return bad.includes(this.ledger.quality.get(etag) ?? '');
  }

  /** Revisions that have served, oldest first; the first is the one the endpoint was created with. */
  servedRevisions(): string[] {
    const first = this.sources.first.revision;
    const served = this.ledger.servedRevisions();
    return first === undefined ? served : [first, ...served];
  }
}
