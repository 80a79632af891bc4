import { irisApp } from './iris-app.ts';

irisApp().synth();
