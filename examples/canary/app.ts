import { canaryApp } from './canary-app.ts';

canaryApp().synth();
