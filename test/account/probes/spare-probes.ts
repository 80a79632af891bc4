import { BROKEN, namedModel, symlinkModel, type UnusualArchive, unusualModel } from '../model-archive.ts';
import { ask } from '../traffic-log.ts';
import {
  type Extraction,
  judgeClearedReason,
  judgeConfigInUse,
  judgeExtraction,
  judgeSymlink,
} from './judge-updates.ts';
import type { AskedProbe, ProbeContext } from './probe.ts';
import { endOf } from './refused-call.ts';

/** Updates the spare endpoint to a model, and asks it for its files. */
async function extractionOf(context: ProbeContext, label: string, archive: UnusualArchive): Promise<Extraction> {
  const spare = await context.spare();
  const update = await spare.update(await spare.addConfig(label, archive.bytes));
  if (!update.succeeded) return { update };
  const { digests } = await ask(context.session.clients, spare.name, { digestsOf: Object.keys(archive.digests) });
  return { update, digests };
}

/** Probes that update the endpoint of the probes. */
export const SPARE_PROBES: readonly AskedProbe[] = [
  {
    id: 'config-in-use',
    lane: 'spare',
    async ask({ spare }) {
      const endpoint = await spare();
      const { config } = await endpoint.describe();
      const end = await endOf(endpoint.call(config));
      if (end.accepted) await endpoint.ended(config);
      return judgeConfigInUse(end);
    },
  },
  {
    id: 'unusual-archives',
    lane: 'spare',
    async ask(context) {
      const archive = unusualModel('unusual');
      return judgeExtraction(await extractionOf(context, 'unusual', archive), archive.digests);
    },
  },
  {
    id: 'symbolic-links',
    lane: 'spare',
    async ask(context) {
      const archive = symlinkModel('symlink');
      return judgeSymlink(await extractionOf(context, 'symlink', archive), archive.digests);
    },
  },
  {
    id: 'cleared-reason',
    lane: 'spare',
    async ask({ spare }) {
      const endpoint = await spare();
      const failed = await endpoint.update(await endpoint.addConfig(BROKEN, namedModel(BROKEN)));
      const next = await endpoint.update(await endpoint.nextGoodConfig());
      return judgeClearedReason(failed, next);
    },
  },
];
