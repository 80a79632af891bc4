export { openPersistentFolder } from './persistent-folder.ts';
export { type SavedState, type SavedStateOptions, savedState } from './saved-state.ts';
