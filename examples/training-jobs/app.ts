import { jobsApp } from './jobs-app.ts';

jobsApp().synth();
