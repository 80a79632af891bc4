export { openPersistentFolder } from './persistent-folder.ts';
export { SavedState, type SavedStateOptions } from './saved-state.ts';
