/** Tells people `text`, programs everything else; without a text, programs only. */
export type Report = (event: string, revision: string, text: string | undefined, more?: object) => void;

/** Lines for people, or one JSON object per event. */
export function reporter(json: boolean, write: (line: string) => void): Report {
  return (event, revision, text, more = {}) => {
    if (json) write(JSON.stringify({ event, revision, ...more }));
    else if (text !== undefined) write(text);
  };
}

/** A revision as people see it. */
export function short(revision: string): string {
  return revision.slice(0, 12);
}
