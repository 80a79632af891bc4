import { releaseApp } from './release-app.ts';

releaseApp().synth();
